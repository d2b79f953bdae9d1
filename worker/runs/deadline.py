"""When a run must be over."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOADING_SECONDS = 1800.0
"""How long an engine may take to load: that is not the job's work, and a large one on a slow disk takes minutes."""


class Deadline:
    """The end of the current run, in work: loading an engine is not counted, up to LOADING_SECONDS each time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = math.inf
        self._left: float | None = None
        """Seconds of work left when loading began; None while nothing is loaded."""

    def set(self, seconds: float) -> None:
        """Let a run begin that may work for so many seconds."""
        self._at, self._left = self._clock() + seconds, None

    def clear(self) -> None:
        """Let there be no run."""
        self._at, self._left = math.inf, None

    def heed(self, stage: str) -> None:
        """Take note of what the run does now: loading, or any other stage."""
        if stage == "loading" and self._left is None:
            self._left = self._at - self._clock()
            self._at += LOADING_SECONDS
        elif stage != "loading" and self._left is not None:
            self._at, self._left = self._clock() + self._left, None

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
