"""The worker that keeps engines resident and runs jobs together.

- A run takes the head of a queue and its batch mates, computes all of them, then records how each ended;
- a lease on a job expires after LEASE_SECONDS unless a thread renews it (heartbeat.py), and only who holds the lease
  may record (recording.py);
- a job whose lease expired runs again, alone; after its last retry it fails as `worker_died` (recovery.py).
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from types import FrameType
from typing import Final, cast

import structlog
from redis.exceptions import RedisError
from rq.queue import Queue
from rq.utils import now
from rq.worker.base import WorkerStatus

from likeness.contract.jobs import JobOrder, Progress
from likeness.queue import keys
from worker.config import Settings
from worker.engine import DeviceLost, Draining, OutOfTime
from worker.queue.heartbeat import DIED, Heartbeat, exit_now
from worker.queue.job import LikenessJob, LikenessQueue, fetch, hung
from worker.queue.leases import Lease, report_progress
from worker.queue.recording import RecordingWorker
from worker.queue.recovery import look_after
from worker.queue.registry import WorkerRegistry
from worker.queue.scheduling import Scheduler
from worker.queue.scripts import LOOK_AHEAD, MATES, MEAN_SERVICE_TIME
from worker.runs.context import Context, Outcome
from worker.runs.deadline import Deadline
from worker.runs.dispatch import outcomes_of

STOP_SECONDS: Final = 5.0
"""How long a stopping worker waits for Redis to take its jobs back."""

log = structlog.get_logger()


class BatchWorker(RecordingWorker):
    """A worker that holds engines and runs jobs together."""

    def __init__(self, name: str, settings: Settings, context: Context, pools: list[str]) -> None:
        super().__init__(name, context, pools, settings.redis_url)
        self.settings = settings
        self._deadline = Deadline()
        self._drain_until: float | None = None
        self._seen_taken: dict[str, list[bytes]] = {}
        registry = WorkerRegistry(name, pools, context.catalogue, context.residents, self.brief, settings.alive_file)
        self._heartbeat = Heartbeat(self, registry, self._deadline, settings.hang_seconds)
        scheduler = Scheduler()
        for queue in cast(list[LikenessQueue], self.queues):
            queue.left_to_others, queue.scheduler = registry.elsewhere, scheduler

    def serve(self) -> None:
        """Work until told to stop."""
        self._heartbeat.start()
        self.work(logging_level="WARNING")

    # A run, from taking jobs to recording how each ended.

    def execute_job(self, job: LikenessJob, queue: Queue) -> None:
        """Run `job` and the others with its batch key that wait behind it."""
        began = time.monotonic()
        leases = [lease for one in self._with_mates(job, queue) if (lease := self.lease(one, queue))]
        for lease in leases:
            lease.job.together = len(leases)
        try:
            self._run(leases)
        except Draining:
            self.hurry(STOP_SECONDS)
            self.hand_back()
        except DeviceLost as error:  # only a new process helps; the leases expire, and each job runs again alone
            log.error("the device is lost; this worker ends", jobs=list(self.leases), error=str(error))  # noqa: TRY400
            exit_now(self, DIED)
        finally:
            self.set_state(WorkerStatus.IDLE)
        if leases:
            mean = (time.monotonic() - began) / sum(lease.order.runs for lease in leases)
            key = keys.MEAN_SERVICE_TIME_KEY.format(queue=queue.name)
            with suppress(RedisError):
                self.brief.eval(MEAN_SERVICE_TIME, 1, key, mean, keys.MEAN_SERVICE_TIME_SECONDS)

    def _with_mates(self, job: LikenessJob, queue: Queue) -> list[LikenessJob]:
        jobs = [job]
        key = self.connection.hget(job.key, keys.FIELD_BATCH_KEY)
        if key and job.retries_left == keys.RETRIES:
            most = self._most_together(cast(bytes, key).decode().split(":")[0]) - 1
            ids = self.connection.eval(MATES, 1, queue.key, key, most, LOOK_AHEAD, keys.RETRIES)
            jobs += [mate for job_id in cast(list[bytes], ids) if (mate := fetch(queue, job_id.decode()))]
        return jobs

    def _most_together(self, engine: str) -> int:
        known = [spec.batch for spec in self.context.catalogue.engines if spec.name == engine]
        return min([*known, self.settings.max_batch]) if known else 1

    def _run(self, leases: Sequence[Lease]) -> None:
        with structlog.contextvars.bound_contextvars(jobs=[lease.job.id for lease in leases]):
            outcomes = self._outcomes([lease.order for lease in leases]) if leases else {}
        for lease in list(self.leases.values()):
            self.record(lease, outcomes.get(lease.order.id))

    def _outcomes(self, orders: Sequence[JobOrder]) -> dict[str, Outcome]:
        """Run jobs together, for as long as each may work; those of a run that is out of time again, in two halves."""
        self._deadline.set(sum(order.timeout for order in orders))
        try:
            return outcomes_of(orders, self.context, self)
        except OutOfTime:
            if len(orders) == 1:
                return {orders[0].id: hung(orders[0])}
        finally:  # to record may take as long as Redis is away
            self._deadline.clear()
        half = len(orders) // 2
        log.warning("a batch ran out of time", size=len(orders))
        halves = [[order for order in part if order.id in self.leases] for part in (orders[:half], orders[half:])]
        return {id_: outcome for part in halves if part for id_, outcome in self._outcomes(part).items()}

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Report how far jobs are; return the ids nobody wants any more. Raises Stopped."""
        leases = [self.leases[job_id] for job_id in job_ids if job_id in self.leases]
        try:
            report_progress(leases, progress, self.brief)
        except RedisError as error:
            log.warning("progress could not be reported", error=str(error))
        for lease in leases:
            if not lease.wanted:  # the others of the run go on, but it ends now
                with self._deadline.paused():
                    self.record(lease, None)
        self._deadline.heed(progress.stage)
        self._check_stop()
        return {job_id for job_id in job_ids if job_id not in self.leases}

    def _check_stop(self) -> None:
        if self._deadline.passed():
            raise OutOfTime
        if self._drain_until is not None and time.monotonic() > self._drain_until:
            raise Draining

    # Being told to stop, and looking after what others lost.

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the run within `drain_seconds`, or hand its jobs back; a second signal hands them back at once."""
        self._drain_until = time.monotonic() + self.settings.drain_seconds
        self.hurry(self.settings.drain_seconds)
        super().request_stop(signum, frame)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """Hand everything back and end. A second signal within a second is the same one, sent to the whole group."""
        if (now() - cast(datetime, self._shutdown_requested_date)).total_seconds() < 1:
            return
        self.hurry()
        with suppress(RedisError):  # the leases expire, and the jobs run again
            self.hand_back()
        self.register_death()
        exit_now(self, 0)

    def clean_registries(self) -> None:
        """Look after each queue that no other worker is looking after."""
        for queue in self.queues:
            if queue.acquire_maintenance_lock():
                seen = self._seen_taken.get(queue.name, [])
                self._seen_taken[queue.name] = look_after(queue, self.name, seen, self.telemetry)
                queue.release_maintenance_lock()
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares it as None
