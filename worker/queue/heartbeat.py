"""A thread of the worker's own that keeps its leases alive, and ends the process when a run never returns."""

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

import structlog
from redis.exceptions import RedisError

from likeness.queue import keys
from worker.queue.connection import Refused
from worker.queue.leased_run import STOP_SECONDS, LeasedRun
from worker.queue.recording import RecordingWorker
from worker.queue.registry import WorkerRegistry

DIED: Final = 70
"""How the process ends when only another one can go on: EX_SOFTWARE of sysexits.h."""

log = structlog.get_logger()


class Heartbeat:
    """Renews the leases of a worker and announces what it holds, every HEARTBEAT_SECONDS."""

    def __init__(
        self, worker: RecordingWorker, registry: WorkerRegistry, underway: Sequence[LeasedRun], hang_seconds: float
    ) -> None:
        self._worker, self._registry, self._hang_seconds = worker, registry, hang_seconds
        self._underway = underway

    def start(self) -> None:
        """Beat until the process ends."""
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()

    def _beat(self) -> None:
        while True:
            try:
                self._renew()
            except Refused as error:  # Redis is there: to start another worker would help nothing
                self._registry.touch()
                log.warning("heartbeat refused", error=str(error))
            except RedisError as error:
                log.warning("heartbeat failed", error=str(error))
            except Exception:  # without another beat every job of this worker would be lost to it
                log.exception("heartbeat failed")
            for run in list(self._underway):
                if run.deadline.passed(by=self._hang_seconds):
                    self._die_of_hang(run)
            time.sleep(keys.HEARTBEAT_SECONDS)

    def _renew(self) -> None:
        worker = self._worker
        with worker.brief.pipeline(transaction=False) as pipeline:
            self._registry.announce(pipeline)
            if worker.birth_date is not None:  # before that RQ would take us for another worker of the same name
                worker.heartbeat(pipeline=pipeline)
            for lease in list(worker.leases.values()):
                lease.execution.heartbeat(lease.job.started_job_registry, keys.LEASE_SECONDS, pipeline=pipeline)
            pipeline.execute()
        self._registry.look()

    def _die_of_hang(self, run: LeasedRun) -> NoReturn:
        """End the process, since nothing else ends a call that never returns. A job that hung alone fails for it."""
        self._worker.hurry()
        with suppress(RedisError):  # the lease expires, and the job runs again alone
            self._worker.record_hang(run.leases)
        give_up(self._worker, run, self._underway, "a run hangs; this worker ends")


def give_up(
    worker: RecordingWorker, run: LeasedRun, underway: Sequence[LeasedRun], why: str, error: BaseException | None = None
) -> NoReturn:
    """End the process: the leases of this run expire, and each of its jobs runs again alone; others go back."""
    log.error(why, jobs=[lease.job.id for lease in run.leases], error=str(error))
    worker.hurry(STOP_SECONDS)
    with suppress(RedisError):
        for other in list(underway):
            if other is not run:
                worker.hand_back(other.leases)
    exit_now(worker, DIED)


def exit_now(worker: RecordingWorker, code: int) -> NoReturn:
    """End the process here and now."""
    worker.telemetry.close()
    os._exit(code)
