"""How many workers KEDA and the autoscaler below it wish for, as the manifests set them (deploy/kubernetes/pools)."""

import math
from collections import deque
from typing import Final

POLL_SECONDS: Final = 15.0
STABILISE_SECONDS: Final = 300.0
"""Workers go away only when so long fewer were enough."""
SHRINK_SECONDS, SHRINK_SHARE = 60.0, 0.2
"""At most this share goes away in so many seconds."""
TOLERANCE: Final = 0.1
"""Within this of its target the autoscaler leaves the fleet as it is."""


class Autoscaler:
    """Wishes for one worker for each `target` jobs that wait or run, between one worker and the whole fleet."""

    def __init__(self, most: int, target: int) -> None:
        self._most, self._target = most, target
        self._wishes: deque[tuple[float, int]] = deque()
        self._shrunk = -math.inf

    def desired(self, jobs: int, workers: int, now: float) -> int:
        """Return how many workers there should be; in one step a fleet doubles, or grows by four, at most."""
        needed = max(1, min(self._most, math.ceil(jobs / self._target)))
        if workers and abs(jobs / (self._target * workers) - 1) <= TOLERANCE:
            needed = workers
        self._wishes.append((now, needed))
        while self._wishes[0][0] < now - STABILISE_SECONDS:
            self._wishes.popleft()
        if needed > workers:
            return min(needed, max(2 * workers, workers + 4))
        return self._smaller(max(desired for _, desired in self._wishes), workers, now)

    def _smaller(self, enough: int, workers: int, now: float) -> int:
        if enough >= workers or now - self._shrunk < SHRINK_SECONDS:
            return workers
        self._shrunk = now
        return max(enough, workers - max(1, int(SHRINK_SHARE * workers)))
