"""Child processes of the one-machine stack: how one is started, watched and stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from likeness.problems import LocalProblem

TAIL_LINES = 8
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Program:
    """A program to run: what it is called, its command line, and what it needs beside our own environment.

    Without a log its output is our own.
    """

    name: str
    command: Sequence[str]
    log: Path | None
    environment: Mapping[str, str] = field(default_factory=dict)
    keep_open: Sequence[int] = ()


@dataclass
class Child:
    """A running program."""

    program: Program
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, program: Program) -> "Child":
        """Start `program`, its output appended to its log.

        It gets its own session, so that Ctrl-C in the terminal reaches the supervisor alone, which stops things in
        order; and it is tied to us, so that it ends even when we are killed.
        """
        command = [sys.executable, "-P", "-m", "likeness.local.tied", str(os.getpid()), *program.command]
        try:
            with _open_log(program.log) as log:
                process = subprocess.Popen(  # noqa: S603  our own command lines
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=None if log is None else subprocess.STDOUT,
                    env={**os.environ, "PYTHONUNBUFFERED": "1", **program.environment},
                    start_new_session=True,
                    pass_fds=program.keep_open,
                )
        except OSError as error:
            raise LocalProblem(f"{program.name} cannot be started: {error}") from error
        return cls(program, process)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def end(self, seconds: float) -> bool:
        """Ask it to stop and wait up to `seconds`, then kill it. Return whether it stopped by itself."""
        self.ask()
        return self.wait(seconds)

    def ask(self) -> None:
        """Ask it to stop."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for it to stop, then kill it. Return whether it stopped by itself."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True

    def why(self) -> str:
        """Say how it ended, with the last lines of its log."""
        code = self.process.poll()
        ended = f"was ended by {signal.Signals(-code).name}" if code and code < 0 else f"ended with exit code {code}"
        return f"{self.program.name} {ended}; {last_words(self.program.log)}"


def last_words(log: Path | None) -> str:
    """Return the last lines of a log, introduced; without one they were written where ours are."""
    if log is None:
        return "it said why above, if at all"
    lines = [line for line in _tail(log).splitlines() if line.strip()][-TAIL_LINES:]
    if not lines:
        return f"its log {log} is empty"
    return f"the end of its log {log}:\n" + "\n".join(f"  | {line}" for line in lines)


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _open_log(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")
