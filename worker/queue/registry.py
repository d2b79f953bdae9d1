"""What workers tell each other of the engines they hold, so that a job goes where its engine is."""

import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.client import Pipeline

from likeness.contract.catalogue import Catalogue
from likeness.contract.residency import Residency
from likeness.queue import keys
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
        """Learn what the other workers of its pools hold; touch the file that probes look at. Raises RedisError."""
        found = self._connection.sunion([f"rq:workers:{queue}" for queue in keys.queue_names(self._pools)])
        workers = {key.decode().removeprefix("rq:worker:") for key in found}
        others = sorted(workers - {self._worker})
        records = self._connection.mget([self._key(worker) for worker in others]) if others else []
        self._elsewhere = self._held_by(filter(None, map(_read, records)))
        self.touch()

    def touch(self) -> None:
        """Touch the file that probes look at, if there is one: the worker lives and Redis answers."""
        if self._alive_file is not None:
            with suppress(OSError):  # a probe that finds no file does what is to be done
                self._alive_file.touch()

    def elsewhere(self) -> Collection[str]:
        """Return the engines that another worker of their pool held when last seen, and this one does not hold now."""
        return self._elsewhere.difference(self._residents.names())

    def _held_by(self, others: Iterable[Residency]) -> set[str]:
        return {name for other in others for name in other.engines if self._pool_of.get(name) in other.pools}

    @staticmethod
    def _key(worker: str) -> str:
        return keys.RESIDENT_KEY.format(worker=worker)


def _read(record: bytes | str | None) -> Residency | None:
    """Return a worker's record, or None: it died, or speaks a newer language than ours."""
    try:
        return None if record is None else Residency.model_validate_json(record, extra="ignore")
    except ValueError:
        return None
