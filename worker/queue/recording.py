"""RQ's worker, told from outside how each job ended: only who holds a job's lease may record it.

RQ's own semantics stay: registries, executions, retries, results and dashboards are RQ's. `perform_job` runs nothing
here; it hands RQ the outcome that was computed before.
"""

from typing import Any, cast

import structlog
from redis import Redis
from rq.executions import Execution
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.utils import now
from rq.worker import SimpleWorker

from likeness.contract.errors import EngineFailed, LikenessError
from likeness.contract.jobs import Event
from likeness.contract.jobs import JobStatus as Status
from likeness.queue import keys
from worker.queue.job import LikenessJob, LikenessQueue, hung
from worker.queue.leases import Lease, erase_deleted
from worker.runs.context import Context, Outcome

log = structlog.get_logger()


class RecordingWorker(SimpleWorker):
    """Takes leases on jobs and records how they ended."""

    job_class = LikenessJob
    queue_class = LikenessQueue
    death_penalty_class = TimerDeathPenalty

    def __init__(self, name: str, context: Context, pools: list[str], connection: Redis) -> None:
        super().__init__(
            keys.queue_names(pools),
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            maintenance_interval=keys.MAINTENANCE_SECONDS,
            worker_ttl=keys.LEASE_SECONDS + 10,
            log_job_description=False,
        )
        self.context, self.telemetry = context, context.telemetry
        self.leases: dict[str, Lease] = {}

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between looks at the maintenance clock."""
        return 2

    def lease(self, job: LikenessJob, queue: Queue) -> Lease | None:
        """Start a job in RQ's books; one that is not ours to run is failed there and then."""
        self.prepare_execution(job)
        execution = cast(Execution, self.execution)
        with self.connection.pipeline() as pipeline:
            job.prepare_for_execution(self.name, pipeline=pipeline)
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            job.publish(Event(type="status", status=Status.RUNNING), pipeline)
            pipeline.hexists(job.key, "data")
            there = pipeline.execute()[-1]
        if not there:  # deleted since it was taken: what was just written of it goes too
            self._drop_ghost(job)
            return None
        try:
            order = job.order()
            self.context.catalogue.find(order.engine)
        except Exception as error:
            self._settle(job, queue, execution, EngineFailed(f"this worker cannot run the job: {error}"))
            return None
        lease = self.leases[job.id] = Lease(job, queue, order, execution)
        self.telemetry.taken(order, queue.name, job.enqueued_at or order.created_at)
        return lease

    def _drop_ghost(self, job: LikenessJob) -> None:
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline)
            pipeline.delete(job.key, keys.EVENTS_KEY.format(id=job.id))
            pipeline.execute()

    def record(self, lease: Lease, outcome: Outcome | None) -> None:
        """Record how a job ended, once; drop the outcome if the job is no longer ours. None is cancelled."""
        state = lease.renew()
        if state == 0:
            log.warning("lease lost, outcome dropped", job=lease.job.id)
            self.telemetry.lost(lease.job.id)
            self.leases.pop(lease.job.id, None)
            erase_deleted(lease, self.context.store)
            return
        if state == 2 or outcome is None:
            self._record_cancelled(lease)
        else:
            self._settle(lease.job, lease.queue, lease.execution, outcome)
        self.leases.pop(lease.job.id, None)

    def record_hang(self) -> None:
        """Fail the job of a run that never returns, if it ran alone: of several nobody knows which it was."""
        leases = list(self.leases.values())
        if len(leases) == 1 and leases[0].renew() == 1:
            lease = leases[0]
            self._settle(lease.job, lease.queue, lease.execution, hung(lease.order))

    def _record_cancelled(self, lease: Lease) -> None:
        self.execution = lease.execution
        lease.job.ended_at = now()
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(lease.job, pipeline)
            lease.job.record_cancelled(lease.steps_done, pipeline)
            pipeline.execute()
        self.telemetry.ended(lease.job.id, lease.order.engine, None)

    def _settle(self, job: LikenessJob, queue: Queue, execution: Execution, outcome: Outcome) -> None:
        job.outcome = outcome
        if isinstance(outcome, LikenessError):
            job.retries_left = 0  # it would fail again: retries are for workers that died
        self.execution = execution
        self.perform_job(job, queue)
        self.telemetry.ended(job.id, job.engine, outcome)

    def hand_back(self) -> None:
        """Put the jobs this worker holds back at the head of their queues; no retry is used up."""
        for lease in reversed(list(self.leases.values())):
            if lease.renew() == 0:
                continue
            self.execution = lease.execution
            with self.connection.pipeline() as pipeline:
                self.cleanup_execution(lease.job, pipeline)
                lease.queue._enqueue_job(lease.job, pipeline=pipeline, at_front=True)
                lease.job.publish(Event(type="status", status=Status.QUEUED), pipeline)
                pipeline.execute()
            self.telemetry.handed_back(lease.job.id)
        self.leases.clear()

    def prepare_job_execution(self, job: LikenessJob, remove_from_intermediate_queue: bool = False) -> None:
        """Do nothing: the job was started, with its own start time, when its lease was taken."""

    def handle_exception(self, job: LikenessJob, *exc_info: Any) -> None:  # noqa: ANN401  as in RQ
        """Do nothing: RQ would log the job's order, prompt and all; the telemetry reports how it ended."""

    def get_heartbeat_ttl(self, job: LikenessJob) -> int:
        """Return how long a lease stands without being renewed, in seconds; RQ adds a minute, which is too long."""
        return keys.LEASE_SECONDS
