"""Whose turn it is among the queues that a worker serves, beyond the order within each."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from likeness.contract.scheduling import Priority
from likeness.queue import keys


def is_batch(queue: str) -> bool:
    """Return whether jobs of the priority `batch` wait in a queue."""
    return queue.rpartition("-")[2] == Priority.BATCH


class Scheduler:
    """Keeps a worker with a pool for a while, but not for ever, and lets batch jobs in when they have long waited.

    Changing pools may mean changing engines, so a worker does not change with every job. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pool, self._pool_since = "", clock()
        self._batch_at = deque([clock()], maxlen=8)
        """When batch jobs were taken last whose runs did not give way."""

    @property
    def batch_due(self) -> bool:
        """Whether no batch job was taken for so long that one goes before interactive ones, if it waited as long."""
        return self._clock() - self._batch_at[-1] >= keys.BATCH_TURN_SECONDS

    def took(self, queue: str) -> None:
        """Remember that a job of this queue was taken."""
        pool = queue.rpartition("-")[0]
        if pool != self._pool:
            self._pool, self._pool_since = pool, self._clock()
        if is_batch(queue):
            self._batch_at.append(self._clock())

    def gave_way(self) -> None:
        """Forget that a batch job was taken, since its run gave way: it still waits for its turn."""
        if len(self._batch_at) > 1:
            self._batch_at.pop()

    def order(self, queues: Sequence[str]) -> list[str]:
        """Return the queues, those of interactive jobs first; among equals this worker's pool, until its turn is over.

        Then the pool comes last, and the one after it first, so that each of several gets its turn.
        """
        over = self._clock() - self._pool_since >= keys.POOL_TURN_SECONDS
        pools = list(dict.fromkeys(queue.rpartition("-")[0] for queue in queues))
        if self._pool in pools:
            place = pools.index(self._pool) + over
            pools = pools[place:] + pools[:place]
        given = set(queues)
        return [queue for queue in keys.queue_names(pools) if queue in given]
