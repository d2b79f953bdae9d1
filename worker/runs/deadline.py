"""When a run must be over."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOADING_SECONDS = 1800.0
"""How long an engine may take to load: that is not the job's work, and a large one on a slow disk takes minutes."""
NOT_WORK = {"loading": LOADING_SECONDS, "waiting": math.inf}
"""Stages that are not the job's work, and how long each may take; who waits for the device waits for a run that has
its own bound."""


class Deadline:
    """The end of a run, in work: what is not counted, and for how long, stands in NOT_WORK."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = math.inf
        self._left: float | None = None
        """Seconds of work left when what is not work began; None during work."""
        self._stage = ""

    def set(self, seconds: float) -> None:
        """Let a run begin that may work for so many seconds."""
        self._at, self._left, self._stage = self._clock() + seconds, None, ""

    def clear(self) -> None:
        """Let there be no run."""
        self._at, self._left, self._stage = math.inf, None, ""

    def heed(self, stage: str) -> None:
        """Take note of what the run does now: a stage, or `waiting` for the device."""
        if stage == self._stage:
            return
        self._stage = stage
        left = self._at - self._clock() if self._left is None else self._left
        if stage in NOT_WORK:
            self._left, self._at = left, self._clock() + left + NOT_WORK[stage]
        elif self._left is not None:
            self._left, self._at = None, self._clock() + left

    def passed(self, by: float = 0.0) -> bool:
        """Return whether it passed, by so many seconds at least."""
        return self._clock() > self._at + by

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the time that the block takes not count."""
        at, began = self._at, self._clock()
        self._at = math.inf
        try:
            yield
        finally:
            self._at = at + self._clock() - began
