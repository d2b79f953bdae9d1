"""Become another program that ends with its parent: `python -m likeness.local.tied PARENT COMMAND...`.

A supervisor that is killed cannot stop its children. On Linux the kernel does it instead; elsewhere they stay.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then run the command in it."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the tie held
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606  the command line is the supervisor's
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
