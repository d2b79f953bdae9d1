"""Whose turn it is on the device: one run generates at a time, while others are prepared and finished beside it."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

MOST_PIXELS: Final = 60_000_000
"""Pixels in the pictures of all runs of a worker from which on no other is begun, however much memory there is."""
PIXEL_BYTES: Final = 150
"""What a pixel of a run's picture takes at most: the picture, its canvas, what is made of it, and its report."""
SHARE: Final = 0.25
"""Of the machine's memory that runs may have when another is begun."""


def pixels_within(memory: int) -> int:
    """Return how many pixels the pictures of runs may have where there are so many bytes of memory."""
    return min(MOST_PIXELS, int(SHARE * memory / PIXEL_BYTES))


LOOK_SECONDS: Final = 0.25
"""How often a run that waits for its turn looks whether it is still wanted."""
LEAD_SECONDS: Final = 0.1
"""How much earlier than needed the next run is begun, beside half as long again as preparing took lately."""
FIRST_LEAD_SECONDS: Final = 1.0
"""How much earlier than the device is free the next run is begun while nothing is known of preparing."""
MOST_KINDS: Final = 1000
"""Kinds of turns that are remembered."""
WINDOW_SECONDS: Final = 60.0
"""The time of which `busy_ratio` is a share."""


class Turns:
    """The turns that a worker's runs take on its device, in the order in which they asked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_pixels: int = MOST_PIXELS) -> None:
        self._clock, self._began, self._most_pixels = clock, clock(), most_pixels
        self._changed = threading.Condition()
        self._places: deque[object] = deque()
        """Who has the turn, and behind it who waits."""
        self._until = 0.0
        """When the turn that goes on is expected to be over; infinity while nothing is known of it."""
        self._took: dict[str, float] = {}
        """Seconds that the last turn of each kind took."""
        self._prepared: deque[float] = deque(maxlen=8)
        self._pixels = 0
        self._busy: deque[tuple[float, float]] = deque()
        self._busy_since: float | None = None
        self.busy_seconds = 0.0
        """Seconds that engines worked, since the start."""

    @classmethod
    def within(cls, memory: int) -> "Turns":
        """Return the turns of a worker whose machine, or container, has so many bytes of memory."""
        return cls(most_pixels=pixels_within(memory))

    @contextmanager
    def turn(self, kind: str, look: Callable[[], None]) -> Iterator[None]:
        """Have the device; until then call `look` now and then, which may raise to give the place up.

        Turns of one kind are expected to take equally long.
        """
        place = object()
        with self._changed:
            self._places.append(place)
        try:
            self._wait(place, look)
            began = self._clock()
            self._until = began + self._took.get(kind, math.inf)
            yield
            self._learn(kind, self._clock() - began)
        finally:
            with self._changed:
                self._places.remove(place)
                self._changed.notify_all()

    def _learn(self, kind: str, seconds: float) -> None:
        if len(self._took) >= MOST_KINDS:
            self._took.clear()
        self._took[kind] = seconds

    def _wait(self, place: object, look: Callable[[], None]) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._places[0] is place, LOOK_SECONDS):
                    return
            look()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count what is done meanwhile as work of the device."""
        began = self._busy_since = self._clock()
        try:
            yield
        finally:
            with self._changed:
                ended, self._busy_since = self._clock(), None
                self._busy.append((began, ended))
                self._forget_before(ended - WINDOW_SECONDS)
            self.busy_seconds += ended - began

    def _forget_before(self, moment: float) -> None:
        while self._busy and self._busy[0][1] < moment:
            self._busy.popleft()

    def stepped(self, step: int, steps: int) -> None:
        """Take note of how far the call of the engine is that goes on."""
        now = self._clock()
        if self._busy_since is not None and 0 < step <= steps:
            self._until = now + (now - self._busy_since) / step * (steps - step)

    @contextmanager
    def carrying(self, pixels: int) -> Iterator[None]:
        """Count the pixels of a run's pictures, until it is over."""
        with self._changed:
            self._pixels += pixels
        try:
            yield
        finally:
            with self._changed:
                self._pixels -= pixels

    def prepared_in(self, seconds: float) -> None:
        """Take note of how long it took to prepare a run."""
        self._prepared.append(seconds)

    def has_memory(self) -> bool:
        """Return whether the pictures of the runs under way leave memory for another one."""
        return self._pixels < self._most_pixels

    def next_is_due(self) -> bool:
        """Return whether another run is to be prepared: nobody waits, and the device is about to be free."""
        with self._changed:
            waiting, free = len(self._places) > 1, not self._places
        if waiting or not self.has_memory():
            return False
        return free or self._until - self._clock() <= self._lead()

    def _lead(self) -> float:
        longest = max(list(self._prepared), default=None)
        return FIRST_LEAD_SECONDS if longest is None else LEAD_SECONDS + 1.5 * longest

    def busy_ratio(self) -> float:
        """Return the share of the last WINDOW_SECONDS, or since the start, in which an engine worked: 0..1."""
        with self._changed:
            now, since = self._clock(), self._busy_since
            start = max(self._began, now - WINDOW_SECONDS)
            self._forget_before(start)
            spans = [*self._busy, *([(since, now)] if since is not None else [])]
        worked = sum(end - max(begin, start) for begin, end in spans)
        return min(1.0, worked / (now - start)) if now > start else 0.0
