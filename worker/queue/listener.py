"""A thread of the worker's own that hears of interactive jobs while runs of batch jobs keep the worker busy.

A worker with nothing to do waits on the same wake-up keys, and Redis gives an entry to who has waited for longest. This
one waits only for a moment at a time, so that the idle worker nearly always gets it and no run is stopped needlessly.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from likeness.queue import keys
from worker.queue.job import PAUSE
from worker.queue.scripts import LOOK_AHEAD, WAITS

WAIT_SECONDS: Final = 0.1
"""How long it waits for a wake-up at a time."""
LOOK_SECONDS: Final = 0.02
"""How often it looks whether the worker would make way, while it would not."""
AWAY_SECONDS: Final = 1.0
"""How long it leaves a Redis alone that is away."""

log = structlog.get_logger()


class Listener:
    """Calls `heard` when an interactive job waits that this worker would take, if `would` says that it could."""

    def __init__(
        self,
        connection: Redis,
        queues: Sequence[str],
        left_to_others: Callable[[], Collection[str]],
        would: Callable[[], bool],
        heard: Callable[[], None],
    ) -> None:
        self._connection, self._left_to_others, self._would, self._heard = connection, left_to_others, would, heard
        self._wake_up_keys = [keys.WAKE_UP_KEY.format(queue=queue) for queue in queues]
        self._keys = [*(keys.QUEUE_KEY.format(queue=queue) for queue in queues), *self._wake_up_keys]

    def start(self) -> None:
        """Listen until the process ends."""
        threading.Thread(target=self._listen, daemon=True, name="listener").start()

    def _listen(self) -> None:
        while True:
            try:
                time.sleep(self.listen() if self._would() else LOOK_SECONDS)
            except RedisError as error:
                log.warning("interactive jobs cannot be heard of", error=str(error))
                time.sleep(AWAY_SECONDS)

    def listen(self) -> float:
        """Wait a moment for an interactive job; return after how many seconds to listen again. Raises RedisError."""
        rung = self._connection.blpop(self._wake_up_keys, timeout=WAIT_SECONDS)
        if not rung:
            return 0.0
        if not self._would():  # the worker has become free, and waits for it itself
            self._connection.lpush(rung[0], rung[1])
            return LOOK_SECONDS
        args: list[str | int] = [LOOK_AHEAD, keys.PREFER_SECONDS * 1000, -1, *self._left_to_others()]
        found = self._connection.eval(WAITS, len(self._keys), *self._keys, *args)
        if found == 1:
            self._heard()
        return PAUSE if found == -1 else 0.0
