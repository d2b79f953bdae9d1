"""What workers tell each other of the engines they hold, so that a job goes where its engine is."""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import cast

from redis import Redis
from redis.client import Pipeline

from likeness.contract.catalogue import Catalogue
from likeness.contract.residency import Residency
from likeness.queue import keys
from worker.queue.scripts import RESIDENTS
from worker.residency.engines import Residents


class WorkerRegistry:
    """One worker among those on the same Redis."""

    def __init__(
        self,
        worker: str,
        pools: list[str],
        catalogue: Catalogue,
        residents: Residents,
        connection: Redis,
        alive_file: Path | None = None,
    ) -> None:
        self._worker, self._pools, self._residents, self._connection = worker, pools, residents, connection
        self._pool_of = {spec.name: spec.pool for spec in catalogue.engines}
        self._installed = [spec.name for spec in catalogue.engines if residents.has(spec)]
        self._elsewhere: set[str] = set()
        self._said: dict[str, str] = {}
        """When this worker last said of an engine that it holds it, by Redis's clock."""
        self._alive_file = alive_file

    def announce(self, pipeline: Pipeline) -> None:
        """Announce what this worker holds and could load."""
        record = Residency(
            worker=self._worker,
            device=self._residents.device,
            engines=self._residents.names(),
            pools=self._pools,
            memory=self._residents.budget,
        )
        pipeline.set(self._key(self._worker), record.model_dump_json(), ex=keys.RESIDENT_SECONDS)
        if self._installed:
            pipeline.zadd(keys.INSTALLED_KEY, dict.fromkeys(self._installed, time.time()))

    def look(self) -> None:
        """Say which engines it holds and learn which others do; touch the file that probes look at. Raises RedisError.

        What it takes does not depend on how many workers there are.
        """
        held = [name for name in self._residents.names() if self._pool_of.get(name) in self._pools]
        said = [word for pair in self._said.items() for word in pair]
        answer = self._connection.eval(RESIDENTS, 1, keys.HELD_KEY, keys.HELD_SECONDS, *said, "held", *held)
        moment, others = cast(tuple[bytes, list[bytes]], answer)
        self._elsewhere = {name.decode() for name in others}
        self._said |= dict.fromkeys(held, moment.decode())
        self.touch()

    def touch(self) -> None:
        """Touch the file that probes look at, if there is one: the worker lives and Redis answers."""
        if self._alive_file is not None:
            with suppress(OSError):  # a probe that finds no file does what is to be done
                self._alive_file.touch()

    def elsewhere(self) -> Collection[str]:
        """Return the engines that another worker of their pool held when last seen, and this one does not hold now."""
        return self._elsewhere.difference(self._residents.names())

    @staticmethod
    def _key(worker: str) -> str:
        return keys.RESIDENT_KEY.format(worker=worker)
