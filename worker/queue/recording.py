"""RQ's worker, told from outside how each job ended: only who holds a job's lease may record it.

RQ's own semantics stay: registries, executions, retries, results and dashboards are RQ's. RQ runs nothing here; what
was computed before is written into its books, in one step with checking the lease.
"""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq.executions import Execution
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.utils import now
from rq.worker import SimpleWorker
from rq.worker.base import WorkerStatus

from likeness.contract.errors import EngineFailed, JobError, LikenessError
from likeness.contract.events import Event
from likeness.contract.jobs import JobStatus as Status
from likeness.contract.jobs import Progress
from likeness.queue import keys
from worker.queue.connection import Patience, brief, connect
from worker.queue.job import LikenessJob, LikenessQueue, hung
from worker.queue.leases import Held, Lease, erase_deleted, while_held
from worker.queue.steps import START, words_of
from worker.runs.context import Context, Outcome

BEGUN: Final = Progress(step=0, steps=0, stage="preparing")
"""What is told of a job with its start."""
SUSPENSION_SECONDS: Final = 1.0
"""How often a worker looks whether RQ's workers are suspended."""

log = structlog.get_logger()


class RecordingWorker(SimpleWorker):
    """Takes leases on jobs and records how they ended."""

    job_class = LikenessJob
    queue_class = LikenessQueue
    death_penalty_class = TimerDeathPenalty

    def __init__(self, name: str, context: Context, pools: list[str], redis_url: str) -> None:
        self._patience = Patience()
        self._shown = ""
        """The state that was last said in Redis."""
        self._looked_at = -math.inf
        super().__init__(
            keys.queue_names(pools),
            name=name,
            connection=connect(redis_url, self._patience),
            serializer=JSONSerializer,
            maintenance_interval=keys.MAINTENANCE_SECONDS,
            worker_ttl=keys.LEASE_SECONDS + 10,
            log_job_description=False,
        )
        self.brief = brief(redis_url)
        """For what the worker can go on without: RQ's figures, progress, the renewal of leases."""
        self.context, self.telemetry = context, context.telemetry
        self.leases: dict[str, Lease] = {}

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between looks at the maintenance clock."""
        return 2

    def hurry(self, seconds: float = 0.0) -> None:
        """Wait for a Redis that is away no longer than so many seconds from now, since the worker is to end."""
        self._patience.until = time.monotonic() + seconds

    def lease(self, job: LikenessJob, queue: Queue, mate: str | None = None) -> Lease | None:
        """Start a job in RQ's books; one that is not ours to run is failed there and then. `mate` is of its run."""
        execution = self._started(job, queue)
        if execution is None:
            return None
        try:
            order = job.order()
            self.context.catalogue.find(order.engine)
        except Exception as error:
            self._fail(job, execution, EngineFailed(f"this worker cannot run the job: {error}"))
            return None
        lease = self.leases[job.id] = Lease(job, queue, order, execution, told=BEGUN, told_at=time.monotonic())
        self.telemetry.taken(order, queue.name, job.enqueued_at or order.created_at, mate)
        return lease

    def _started(self, job: LikenessJob, queue: Queue) -> Execution | None:
        """Start a job that was taken; None when it was given back meanwhile, since it was not started for so long."""
        steps = self.connection.pipeline()
        execution = self._start(job, queue, steps)
        redis_keys = [queue.intermediate_queue_key, job.started_job_registry.key, job.key]
        args = [job.id, execution.composite_key, *words_of(steps)]
        return execution if self.connection.eval(START, len(redis_keys), *redis_keys, *args) else None

    def _start(self, job: LikenessJob, queue: Queue, pipeline: Pipeline) -> Execution:
        execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline=pipeline, worker_name=self.name)
        self.set_state(WorkerStatus.BUSY, pipeline=pipeline)
        job.prepare_for_execution(self.name, pipeline=pipeline)
        pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
        job.publish(Event(type="status", status=Status.RUNNING), pipeline)
        pipeline.hset(job.key, keys.FIELD_PROGRESS, BEGUN.model_dump_json())
        job.publish(Event(type="progress", status=Status.RUNNING, progress=BEGUN), pipeline)
        return execution

    def _close(self, job: LikenessJob, execution: Execution, pipeline: Pipeline) -> None:
        """Take a job off RQ's list of those that this worker runs."""
        execution.delete(job=job, pipeline=pipeline)
        if not self.leases.keys() - {job.id}:
            self._show(WorkerStatus.IDLE, pipeline)

    def record(self, lease: Lease, outcome: Outcome | None) -> None:
        """Record how a job ended, once; drop the outcome if the job is no longer ours. None is cancelled."""
        recorded = self._record(lease.job, lease.execution, outcome, lease.steps_done)
        self.leases.pop(lease.job.id, None)
        if not recorded:
            log.warning("lease lost, outcome dropped", job=lease.job.id)
            self.telemetry.lost(lease.job.id)
            erase_deleted(lease, self.connection, self.context.store)

    def _record(self, job: LikenessJob, execution: Execution, outcome: Outcome | None, steps_done: int) -> bool:
        """Record an outcome, or that the job was cancelled where that was asked for; return whether it was ours."""
        job.ended_at = now()

        def write(pipeline: Pipeline, held: Held) -> None:
            self._close(job, execution, pipeline)
            job.record(None if held is Held.UNWANTED else outcome, steps_done, pipeline)
            self._count(job, pipeline)

        recorded = while_held(self.connection, job, execution, write)
        if recorded:
            self.telemetry.ended(job.id, job.engine, job.outcome)
        return recorded

    def _count(self, job: LikenessJob, pipeline: Pipeline) -> None:
        """Keep RQ's figures of this worker."""
        if job.outcome is None:
            return
        if isinstance(job.outcome, LikenessError):
            self.increment_failed_job_count(pipeline)
        else:
            self.increment_successful_job_count(pipeline)
        if job.started_at and job.ended_at:
            self.increment_total_working_time(job.ended_at - job.started_at, pipeline)

    def _fail(self, job: LikenessJob, execution: Execution, error: JobError) -> None:
        self._record(job, execution, error, steps_done=0)

    def record_hang(self, leases: Sequence[Lease]) -> None:
        """Fail the job of a run that never returns, if it ran alone: of several nobody knows which it was."""
        if len(leases) == 1:
            self._fail(leases[0].job, leases[0].execution, hung(leases[0].order))

    def hand_back(self, leases: Sequence[Lease]) -> None:
        """Put those of these jobs that this worker holds back at the head of their queues; no retry is used up."""
        for lease in reversed(leases):
            if self.leases.pop(lease.job.id, None) is None:
                continue
            if while_held(self.connection, lease.job, lease.execution, partial(self._hand_back, lease)):
                self.telemetry.handed_back(lease.job.id)

    def _hand_back(self, lease: Lease, pipeline: Pipeline, _: Held) -> None:
        self._close(lease.job, lease.execution, pipeline)
        lease.queue._enqueue_job(lease.job, pipeline=pipeline, at_front=True)
        lease.job.publish(Event(type="status", status=Status.QUEUED), pipeline)

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Say in Redis that the worker is busy while it holds jobs; for RQ's own loop it is idle while it waits."""
        self._state = state
        shown = WorkerStatus.BUSY if self.leases else state
        if pipeline is not None or shown != self._shown:
            self._show(shown, self.connection if pipeline is None else pipeline)

    def _show(self, state: str, connection: Redis | Pipeline) -> None:
        self._shown = state
        connection.hset(self.key, "state", state)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that the worker lives, with what else its heartbeat says: RQ's loop says it four times a job."""
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)

    def check_for_suspension(self, burst: bool) -> None:
        """Wait while RQ's workers are suspended; look whether they are no more than once a second."""
        if time.monotonic() - self._looked_at >= SUSPENSION_SECONDS:
            super().check_for_suspension(burst)
            self._looked_at = time.monotonic()

    def register_death(self) -> None:
        """Take the worker off RQ's list; its entry expires by itself where Redis takes no writes."""
        self.hurry()
        with suppress(RedisError):
            super().register_death()

    def set_shutdown_requested_date(self) -> None:
        """Do nothing: it would wait, in a signal's handler, for a Redis that is away."""

    def get_heartbeat_ttl(self, job: LikenessJob) -> int:
        """Return how long a lease stands without being renewed, in seconds; RQ adds a minute, which is too long."""
        return keys.LEASE_SECONDS
