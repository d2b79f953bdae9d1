"""RQ's worker, extended to keep engines resident and to run jobs in batches.

RQ's own semantics stay: registries, executions, retries, results and dashboards are RQ's. What is ours:

- a run takes the head of a queue and its batch mates, computes all of them, then lets RQ's `perform_job` record each;
- a lease on a job expires after LEASE_SECONDS unless a thread renews it, and only who holds the lease may record;
- a job whose lease expired runs again, alone; after its last retry it fails as `worker_died`.
"""

import os
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from types import FrameType
from typing import Any, NoReturn, cast

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.executions import Execution
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.utils import now
from rq.worker import SimpleWorker
from rq.worker.base import WorkerStatus

from likeness.contract.catalogue import Catalogue
from likeness.contract.errors import EngineFailed, JobError
from likeness.contract.jobs import Event, JobOrder, Progress
from likeness.contract.jobs import JobStatus as Status
from likeness.queue import keys
from likeness.storage.pictures import PictureStore
from worker.config import Settings
from worker.engine import DeviceLost, Draining, OutOfTime
from worker.metrics.installed import InstalledMetrics
from worker.observability.telemetry import Telemetry
from worker.queue.job import LikenessJob, LikenessQueue, fetch, hung
from worker.queue.leases import Lease, erase_deleted, notify
from worker.queue.recovery import look_after
from worker.queue.registry import WorkerRegistry
from worker.queue.scheduling import Scheduler
from worker.queue.scripts import LOOK_AHEAD, MATES, MEAN_SERVICE_TIME
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.dispatch import outcomes_of
from worker.runs.safeguards import Safeguards

log = structlog.get_logger()

DIED = 70
"""How the process ends when only another one can go on: EX_SOFTWARE of sysexits.h."""


class BatchWorker(SimpleWorker):
    """A worker that holds engines and runs jobs in batches."""

    job_class = LikenessJob
    queue_class = LikenessQueue
    death_penalty_class = TimerDeathPenalty

    def __init__(
        self, name: str, settings: Settings, catalogue: Catalogue, pools: list[str], connection: Redis
    ) -> None:
        self.settings, self.catalogue, self.pools = settings, catalogue, pools
        self.store = PictureStore.open(settings.store_url)
        super().__init__(
            keys.queue_names(self.pools),
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            maintenance_interval=keys.MAINTENANCE_SECONDS,
            worker_ttl=keys.LEASE_SECONDS + 10,
            log_job_description=False,
        )
        self.held: dict[str, Lease] = {}
        self.deadline: float | None = None
        """When the current run must be over (monotonic seconds)."""
        self.drain_until: float | None = None
        self._seen_taken: dict[str, list[bytes]] = {}

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between looks at the maintenance clock."""
        return 2

    def serve(self, residents: Residents, safeguards: Safeguards, telemetry: Telemetry) -> None:
        """Work until told to stop."""
        self.residents = residents
        metrics = InstalledMetrics(self.settings.models, residents.device)
        self.telemetry = telemetry
        self.context = Context(residents, self.store, self.catalogue, metrics, safeguards, telemetry)
        alive, scheduler = self.settings.alive_file, Scheduler()
        self.registry = WorkerRegistry(self.name, self.pools, self.catalogue, residents, self.connection, alive)
        for queue in self.queues:
            queue.left_to_others, queue.scheduler = self.registry.elsewhere, scheduler
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        self.work(logging_level="WARNING")

    # A run, from taking jobs to recording how each ended.

    def execute_job(self, job: LikenessJob, queue: Queue) -> None:
        """Run `job` and the batch mates that wait behind it."""
        began = time.monotonic()
        held = [one for one in map(self._claim, *self._with_mates(job, queue)) if one]
        for one in held:
            one.job.together = len(held)
        try:
            with structlog.contextvars.bound_contextvars(jobs=[one.job.id for one in held]):
                outcomes = self._outcomes([one.order for one in held]) if held else {}
            for one in list(self.held.values()):
                self._record(one, outcomes.get(one.order.id))
        except Draining:
            self._hand_back()
        except DeviceLost as error:  # only a new process helps; the leases expire, and each job runs again alone
            log.error("the device is lost; this worker ends", jobs=list(self.held), error=str(error))  # noqa: TRY400
            self._exit(DIED)
        finally:
            self.deadline = None
            self.set_state(WorkerStatus.IDLE)
        if held:
            mean = (time.monotonic() - began) / sum(one.order.runs for one in held)
            key = keys.MEAN_SERVICE_TIME_KEY.format(queue=queue.name)
            self.connection.eval(MEAN_SERVICE_TIME, 1, key, mean, keys.MEAN_SERVICE_TIME_SECONDS)

    def _with_mates(self, job: LikenessJob, queue: Queue) -> tuple[list[LikenessJob], list[Queue]]:
        jobs = [job]
        key = self.connection.hget(job.key, keys.FIELD_BATCH_KEY)
        if key and job.retries_left == keys.RETRIES:
            most = self._most_together(key.decode().split(":")[0]) - 1
            ids = self.connection.eval(MATES, 1, queue.key, key, most, LOOK_AHEAD, keys.RETRIES)
            jobs += [mate for job_id in ids if (mate := fetch(queue, job_id.decode()))]
        return jobs, [queue] * len(jobs)

    def _most_together(self, engine: str) -> int:
        known = [spec.batch for spec in self.catalogue.engines if spec.name == engine]
        return min([*known, self.settings.max_batch]) if known else 1

    def _claim(self, job: LikenessJob, queue: Queue) -> Lease | None:
        """Start a job in RQ's books; one that is not ours to run is failed there and then."""
        self.prepare_execution(job)
        execution = cast(Execution, self.execution)
        with self.connection.pipeline() as pipeline:
            job.prepare_for_execution(self.name, pipeline=pipeline)
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            job.notify(Event(type="status", status=Status.RUNNING), pipeline)
            pipeline.hexists(job.key, "data")
            there = pipeline.execute()[-1]
        if not there:  # deleted since it was taken: what was just written of it goes too
            self._drop_ghost(job)
            return None
        try:
            order = job.order()
            self.catalogue.find(order.engine)
        except Exception as error:
            self._settle(job, queue, execution, EngineFailed(f"this worker cannot run the job: {error}"))
            return None
        held = Lease(job, queue, order, execution)
        self.held[job.id] = held
        self.telemetry.taken(order, queue.name, job.enqueued_at or order.created_at)
        return held

    def _drop_ghost(self, job: LikenessJob) -> None:
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline)
            pipeline.delete(job.key, keys.EVENTS_KEY.format(id=job.id))
            pipeline.execute()

    def _outcomes(self, orders: Sequence[JobOrder]) -> dict[str, Outcome]:
        bound = max(order.timeout for order in orders)
        self.deadline = time.monotonic() + bound
        try:
            return outcomes_of(orders, self.context, self)
        except OutOfTime:
            return {order.id: hung(order) for order in orders}

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Tell how far jobs are; return the ids nobody wants any more. Raises Stopped."""
        held = [self.held[job_id] for job_id in job_ids if job_id in self.held]
        try:
            notify(held, progress, self.connection)
        except RedisError as error:
            log.warning("progress could not be told", error=str(error))
        for one in held:
            if not one.wanted:  # its batch mates go on, but it ends now
                self._record(one, None)
        self._check_stop()
        return {job_id for job_id in job_ids if job_id not in self.held}

    def _check_stop(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise OutOfTime
        if self.drain_until is not None and time.monotonic() > self.drain_until:
            raise Draining

    # Recording: only who holds the lease may.

    def _record(self, held: Lease, outcome: Outcome | None) -> None:
        """Record how a job ended, once; drop the outcome if the job is no longer ours."""
        lease = held.renew()
        if lease == 0:
            log.warning("lease lost, outcome dropped", job=held.job.id)
            self.telemetry.lost(held.job.id)
            self.held.pop(held.job.id, None)
            erase_deleted(held, self.store)
            return
        if lease == 2 or outcome is None:
            self._record_cancelled(held)
        else:
            self._settle(held.job, held.queue, held.execution, outcome)
        self.held.pop(held.job.id, None)

    def _record_cancelled(self, held: Lease) -> None:
        self.execution = held.execution
        held.job.ended_at = now()
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(held.job, pipeline)
            held.job.record_cancelled(held.steps_done, pipeline)
            pipeline.execute()
        self.telemetry.ended(held.job.id, held.order.engine, None)

    def _settle(self, job: LikenessJob, queue: Queue, execution: Execution, outcome: Outcome) -> None:
        job.outcome = outcome
        if isinstance(outcome, JobError):
            job.retries_left = 0  # it would fail again: retries are for workers that died
        self.execution = execution
        self.perform_job(job, queue)
        self.telemetry.ended(job.id, job.engine, outcome)

    def prepare_job_execution(self, job: LikenessJob, remove_from_intermediate_queue: bool = False) -> None:
        """Do nothing: the job was started, with its own start time, when it was claimed."""

    def handle_exception(self, job: LikenessJob, *exc_info: Any) -> None:  # noqa: ANN401  as in RQ
        """Do nothing: RQ would log the job's order, prompt and all; the telemetry tells how it ended."""

    # Staying alive, being told to stop, and looking after what others lost.

    def _beat(self) -> None:
        """Renew every lease, say what is resident, and end the process when a run hangs past its bound."""
        while True:
            try:
                self._renew()
            except RedisError as error:
                log.warning("heartbeat failed", error=str(error))
            if self.deadline is not None and time.monotonic() > self.deadline + self.settings.hang_seconds:
                self._die_of_hang()
            time.sleep(keys.HEARTBEAT_SECONDS)

    def _renew(self) -> None:
        with self.connection.pipeline(transaction=False) as pipeline:
            self.registry.notify(pipeline)
            if self.birth_date is not None:  # before that RQ would take us for another worker of the same name
                self.heartbeat(pipeline=pipeline)
            for held in list(self.held.values()):
                held.execution.heartbeat(held.registry, keys.LEASE_SECONDS, pipeline=pipeline)
            pipeline.execute()
        self.registry.look()

    def _die_of_hang(self) -> None:
        """End the process, since nothing else ends a call that never returns. A job that hung alone fails for it."""
        held = list(self.held.values())
        log.error("a run hangs; this worker ends", jobs=[one.job.id for one in held])
        if len(held) == 1 and held[0].renew() == 1:
            self._settle(held[0].job, held[0].queue, held[0].execution, hung(held[0].order))
        self._exit(DIED)

    def _exit(self, code: int) -> NoReturn:
        """End the process here and now."""
        self.telemetry.close()
        os._exit(code)

    def get_heartbeat_ttl(self, job: LikenessJob) -> int:
        """Return how long a lease stands without being renewed, in seconds; RQ adds a minute, which is too long."""
        return keys.LEASE_SECONDS

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the run within `drain_seconds`, or hand its jobs back; a second signal hands them back at once."""
        self.drain_until = time.monotonic() + self.settings.drain_seconds
        super().request_stop(signum, frame)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """Hand everything back and end. A second signal within a second is the same one, sent to the whole group."""
        if (now() - cast(datetime, self._shutdown_requested_date)).total_seconds() < 1:
            return
        self._hand_back()
        self.register_death()
        self._exit(0)

    def _hand_back(self) -> None:
        """Put the jobs this worker holds back at the head of their queues; no retry is used up."""
        for held in reversed(list(self.held.values())):
            if held.renew() == 0:
                continue
            self.execution = held.execution
            with self.connection.pipeline() as pipeline:
                self.cleanup_execution(held.job, pipeline)
                held.queue._enqueue_job(held.job, pipeline=pipeline, at_front=True)
                held.job.notify(Event(type="status", status=Status.QUEUED), pipeline)
                pipeline.execute()
            self.telemetry.handed_back(held.job.id)
        self.held.clear()

    def clean_registries(self) -> None:
        """Look after each queue that no other worker is looking after."""
        for queue in self.queues:
            if queue.acquire_maintenance_lock():
                seen = self._seen_taken.get(queue.name, [])
                self._seen_taken[queue.name] = look_after(queue, self.name, seen, self.telemetry)
                queue.release_maintenance_lock()
        self.last_cleaned_at = now()
