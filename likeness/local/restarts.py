"""One program that is kept running: started again when it dies, each time later, and given up when it keeps failing."""

import time
from dataclasses import dataclass

from likeness.local.process import Child, Program
from likeness.problems import LocalProblem

LOOK_SECONDS = 0.1
"""How often the programs are looked at."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a dead program is started again: doubling from the first to the longest."""
MOST_DEATHS = 6
"""Deaths in a row after which a program that fails by itself is given up."""
HUNG_EXIT = 70
"""A worker ends with this code when a job hangs: the job's failure, not its own."""
STEADY_SECONDS = 60.0
"""A program that ran this long before it died starts its count anew."""


@dataclass
class Kept:
    """A program that is to run: its child, and how often it died in a row."""

    program: Program
    child: Child
    started: float
    deaths: int = 0
    start_at: float | None = None

    @classmethod
    def start(cls, program: Program) -> "Kept":
        """Start `program`."""
        return cls(program, Child.start(program), time.monotonic())

    def look(self, now: float) -> str | None:
        """Start it again when it died and its pause is over; return what there is to tell, if anything.

        Raises LocalProblem once it died too often.
        """
        if self.start_at is None:
            return None if self.child.alive else self._died(now)
        if now >= self.start_at:
            self.child, self.started, self.start_at = Child.start(self.program), now, None
        return None

    def _failed(self) -> bool:
        code = self.child.process.returncode
        return code >= 0 and code != HUNG_EXIT

    def _died(self, now: float) -> str:
        self.deaths = 1 if now - self.started > STEADY_SECONDS else self.deaths + 1
        if self.deaths >= MOST_DEATHS and self._failed():
            raise LocalProblem(
                f"{self.program.name} died {self.deaths} times in a row and is given up: {self.child.why()}"
            )
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.deaths - 1))
        self.start_at = now + pause
        return f"{self.child.why()}\n  starting it again in {pause:g} s"
