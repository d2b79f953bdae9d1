"""What a worker remembers of runs that memory was too short for, so that the next of their size does not fail first."""

import time
from collections.abc import Callable
from dataclasses import dataclass

REMEMBERED_SECONDS = 600.0
"""How long; then it is tried again, since what else took the memory may be gone."""


@dataclass(frozen=True)
class Shortage:
    """What fitted in the end: so many images together, after so many of the engine's measures."""

    together: int
    measures: int


class Shortages:
    """The shortages of one worker, by engine and canvas."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, int], tuple[Shortage, float]] = {}

    def note(self, engine: str, pixels: int, shortage: Shortage) -> None:
        """Remember what a canvas of so many pixels needed."""
        self._known[engine, pixels] = shortage, self._clock()

    def of(self, engine: str, pixels: int) -> Shortage | None:
        """Return what the largest canvas up to this size needed, as far as is known."""
        since = self._clock() - REMEMBERED_SECONDS
        self._known = {key: (known, at) for key, (known, at) in self._known.items() if at >= since}
        sizes = [size for name, size in self._known if name == engine and size <= pixels]
        return self._known[engine, max(sizes)][0] if sizes else None
