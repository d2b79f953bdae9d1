"""The one-machine stack as `likeness up` runs it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from likeness.local.supervisor import Settings, Stack


@contextmanager
def supervised(settings: Settings) -> Iterator[Stack]:
    """Run a stack that starts again whatever of it dies."""
    with Stack(settings, print) as stack:
        stack.wait_until_ready()
        keeping = threading.Thread(target=stack.keep_running, daemon=True)
        keeping.start()
        yield stack
        stack.ask_to_stop()
        keeping.join()


def killed(stack: Stack, name: str) -> None:
    """Kill the program `name` of the stack, and wait until the supervisor has another one running."""
    kept = next(kept for kept in stack.programs() if kept.program.name == name)
    before = kept.child
    os.kill(before.process.pid, signal.SIGKILL)
    limit = time.monotonic() + 30
    while kept.child is before and time.monotonic() < limit:
        time.sleep(0.05)
    assert kept.child is not before
