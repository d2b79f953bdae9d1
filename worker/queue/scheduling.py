"""Whose turn it is among the queues that a worker serves, beyond the order within each."""

import time
from collections.abc import Callable, Sequence

from likeness.contract.scheduling import Priority
from likeness.queue import keys


class Scheduler:
    """Keeps a worker with a pool for a while, but not for ever, and lets batch jobs in when they have long waited.

    Changing pools may mean changing engines, so a worker does not change with every job. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pool, self._pool_since = "", clock()
        self._batch_at = clock()

    @property
    def batch_due(self) -> bool:
        """Whether no batch job was taken for so long that one goes before interactive ones, if it waited as long."""
        return self._clock() - self._batch_at >= keys.BATCH_TURN_SECONDS

    def took(self, queue: str) -> None:
        """Remember that a job of this queue was taken."""
        pool, _, priority = queue.rpartition("-")
        if pool != self._pool:
            self._pool, self._pool_since = pool, self._clock()
        if priority == Priority.BATCH:
            self._batch_at = self._clock()

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
