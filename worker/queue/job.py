"""RQ's job and queue, narrowed to what Likeness allows: the only function is ours, and no data names code."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, cast

from redis import Redis
from redis.client import Pipeline
from rq.exceptions import DequeueTimeout, DeserializationError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.queue import Queue
from rq.registry import CanceledJobRegistry
from rq.utils import as_text, now

from likeness.contract.errors import JobError, JobTimeout, LikenessError, WorkerDied
from likeness.contract.events import Event
from likeness.contract.jobs import JobFailure, JobOrder, Result, first_job_id
from likeness.contract.jobs import JobStatus as Status
from likeness.queue import keys
from worker.observability.telemetry import Ending, ending_of
from worker.queue.scheduling import Scheduler
from worker.queue.scripts import END, ENDED, FRONT, LOOK_AHEAD, TAKE
from worker.runs.context import Outcome

WRITTEN: Final = frozenset(
    {
        "status",
        "origin",
        "worker_name",
        "enqueued_at",
        "started_at",
        "ended_at",
        "last_heartbeat",
        "retries_left",
        "number_of_retries",
        "exc_info",
        "result",
    }
)
"""RQ's fields of a job that change after it was accepted."""
LOOK_SECONDS = 0.01
"""Seconds until a worker with no room for another run looks again."""
PAUSE = 0.1
"""Seconds until a worker that left jobs to others looks again."""


class NotAllowed(ValueError):
    """The job names a function that is not ours."""


class LikenessJob(Job):
    """A job whose work is done by ours alone: RQ only keeps its books.

    RQ imports whatever a job's hash names, so anyone who can write to Redis can run code in a stock worker; here every
    name is ignored but one (docs/decisions/0003-rq-with-batches.md).
    """

    outcome: Outcome | None = None
    owner = batch_key = ""
    together = 1
    """Jobs that share its run."""
    overdue = False
    """Whether it is a batch job that waited so long that it went before interactive ones."""

    @property
    def func(self) -> Any:  # noqa: ANN401  as in RQ
        """Raise NotAllowed: nothing is called by what a job's hash says."""
        raise NotAllowed(f"{self.func_name!r} is never called by name")

    success_callback = property(lambda self: None)
    failure_callback = property(lambda self: None)
    stopped_callback = property(lambda self: None)

    def restore(self, raw_data: Any) -> None:  # noqa: ANN401  as in RQ
        """Read the hash, without the parts that could name code or addresses."""
        super().restore(raw_data)
        self.owner = as_text(raw_data.get(keys.FIELD_OWNER.encode()) or b"")
        self.batch_key = as_text(raw_data.get(keys.FIELD_BATCH_KEY.encode()) or b"")
        self.webhooks = []
        self._instance = None

    def to_dict(self, include_meta: bool = True, include_result: bool = True) -> dict[str, Any]:
        """Return the fields that a worker writes: what else is in the hash was written with the job and stays."""
        fields = super().to_dict(include_meta, include_result)
        return {name: value for name, value in fields.items() if name in WRITTEN}

    def cleanup(self, ttl: int | None = None, pipeline: Pipeline | None = None, remove_from_queue: bool = True) -> None:
        """Let the hash expire `ttl` seconds from now, if that is more than 0; no job has others that depend on it."""
        if ttl and ttl > 0:
            (self.connection if pipeline is None else pipeline).expire(self.key, ttl)

    @property  # type: ignore[misc]  # RQ's can be set; nothing may set ours
    def instance(self) -> None:
        """Nothing: methods of stored objects are not run."""
        return

    def order(self) -> JobOrder:
        """Return what is to be done. Raises NotAllowed, or ValueError when the arguments are not ours."""
        if self.func_name != keys.JOB_FUNCTION:
            raise NotAllowed(f"{self.func_name!r} is not a function of Likeness")
        return JobOrder.model_validate(self.args[0])

    def record(self, outcome: Outcome | None, steps_done: int, pipeline: Pipeline) -> None:
        """Write how the job ended; None is cancelled. RQ's books and ours are one transaction."""
        self.outcome = outcome
        if outcome is None:
            self.record_cancelled(steps_done, pipeline)
        elif isinstance(outcome, LikenessError):
            self.retries_left = 0  # it would fail again: retries are for workers that died
            self.set_status(JobStatus.FAILED, pipeline=pipeline)
            self._handle_failure(f"{outcome.code}: {outcome.detail}", pipeline, worker_name=self.worker_name or "")
        else:
            self._result = outcome.model_dump(mode="json", include={"timings", "batch", "attempts"})
            self._handle_success(cast(int, self.result_ttl), pipeline, worker_name=self.worker_name or "")
            self.cleanup(self.result_ttl, pipeline=pipeline, remove_from_queue=False)

    def _handle_success(self, result_ttl: int, pipeline: Pipeline, **details: Any) -> None:  # noqa: ANN401
        """Record the result in the same transaction as RQ's status."""
        super()._handle_success(result_ttl, pipeline=pipeline, **details)
        result = cast(Result, self.outcome).model_dump_json()
        pipeline.hset(self.key, keys.FIELD_RESULT, result)
        self._count(cast(Result, self.outcome), pipeline)
        self._end(Event(type="status", status=Status.SUCCEEDED), pipeline, result_ttl)

    def _handle_failure(self, exc_string: str, pipeline: Pipeline, **details: Any) -> None:  # noqa: ANN401
        """Record why, in the same transaction as RQ's status."""
        super()._handle_failure(exc_string, pipeline=pipeline, **details)
        error = self.outcome if isinstance(self.outcome, LikenessError) else self._lost()
        failure = JobFailure(code=error.code, detail=error.detail, fault=error.fault)
        pipeline.hset(self.key, keys.FIELD_ERROR, failure.model_dump_json())
        self._count(error, pipeline)
        self._end(Event(type="status", status=Status.FAILED, error=failure), pipeline, self.failure_ttl)

    def _lost(self) -> JobError:
        return WorkerDied(
            f"each worker that ran the job died or fell silent; it was tried {self.number_of_tries()} times"
        )

    @property
    def engine(self) -> str:
        """The name of its engine, of several the first, where its arguments are ours."""
        try:
            return self.order().engine
        except (ValueError, LookupError, DeserializationError):
            return "unknown"

    def _count(self, outcome: Ending, pipeline: Pipeline) -> None:
        """Count the ending, in the transaction that records it."""
        status, code = ending_of(outcome)
        pipeline.hincrby(keys.ENDED_COUNTS_KEY, f"{self.engine}:{status.value}:{code}", 1)

    def number_of_tries(self) -> int:
        """Return how often the job was given to a worker, as far as its retries tell."""
        return 1 + max(0, keys.RETRIES - (self.retries_left or 0))

    def publish(self, event: Event, pipeline: Pipeline, lifetime: int | None = None) -> None:
        """Append to the job's event stream."""
        stream = keys.EVENTS_KEY.format(id=self.id)
        data = event.model_dump_json(exclude_none=True)
        pipeline.xadd(stream, {"data": data}, maxlen=keys.EVENTS_LENGTH, approximate=True)
        if lifetime:
            pipeline.expire(stream, lifetime)

    def _end(self, event: Event, pipeline: Pipeline, lifetime: int | None) -> None:
        """Append the last event and count it; a job that was deleted since its lease was renewed stays deleted."""
        self.publish(event, pipeline, lifetime)
        usage = keys.USAGE_KEY.format(owner=self.owner, day=now().date())
        images = len(self.outcome.images) if isinstance(self.outcome, Result) else 0
        lists, bounds = self._verdict_list(lifetime or 0)
        redis_keys = [usage, self.key, *lists]
        args = [self.owner, event.status.value, images, self._seconds(), keys.USAGE_SECONDS, *bounds]
        pipeline.eval(ENDED, len(redis_keys), *redis_keys, *args)
        redis_keys = [self.key, keys.EVENTS_KEY.format(id=self.id)]
        pipeline.eval(END, len(redis_keys), *redis_keys, self.id, keys.FIELD_OWNER)

    def _verdict_list(self, lifetime: int) -> tuple[list[str], list[str | int]]:
        """Return the list of the jobs with this verdict, its oldest id and for how long it is kept; of others none."""
        if not isinstance(self.outcome, Result):
            return [], []
        verdict = self.outcome.images[0].report.verdict
        seconds = lifetime + keys.EXPIRED_SECONDS
        return [keys.VERDICT_KEY.format(owner=self.owner, verdict=verdict.value)], [
            first_job_id(time.time() - seconds),
            seconds,
        ]

    def _seconds(self) -> float:
        """Return how long a worker had the job; of a run that several jobs share each counts its part."""
        if self.started_at is None or self.ended_at is None:
            return 0.0
        return max(0.0, (self.ended_at - self.started_at).total_seconds()) / self.together

    def retry(self, queue: Queue, pipeline: Pipeline) -> None:
        """Queue the job again after its worker died."""
        super().retry(queue, pipeline)
        self.publish(Event(type="status", status=Status.QUEUED), pipeline)

    def record_cancelled(self, steps_done: int, pipeline: Pipeline) -> None:
        """End a running job as cancelled."""
        self.set_status(JobStatus.CANCELED, pipeline=pipeline)
        self.save(pipeline=pipeline, include_meta=False, include_result=False)
        CanceledJobRegistry(self.origin, self.connection, job_class=LikenessJob).add(self, pipeline=pipeline)
        self.cleanup(self.result_ttl, pipeline=pipeline, remove_from_queue=False)
        self._count(None, pipeline)
        self._end(Event(type="status", status=Status.CANCELLED, steps_done=steps_done), pipeline, self.result_ttl)


def hung(order: JobOrder) -> JobTimeout:
    """Return the error of a job that ran past its bound."""
    return JobTimeout(f"the job ran longer than its bound of {order.timeout} s")


class LikenessQueue(Queue):
    """A queue whose jobs are never in nobody's hands, also when a worker serves several queues."""

    job_class = LikenessJob
    left_to_others: Callable[[], Collection[str]] = staticmethod(tuple)
    """Gives the engines whose jobs are left for a time to workers that hold them."""
    has_room: Callable[[], bool] = staticmethod(lambda: True)
    """Says whether the worker may begin another run now."""
    wait_for_room: Callable[[float], object] = staticmethod(time.sleep)
    """Waits so many seconds, or until there may be room for another run."""
    scheduler = Scheduler()
    """Says whose turn it is among the queues of a worker."""

    def push_job_id(self, job_id: str, pipeline: Pipeline | None = None, at_front: bool = False) -> None:
        """Queue a job's id; one that is put at the head gets the head's virtual start time too."""
        if not at_front:
            super().push_job_id(job_id, pipeline=pipeline)
            return
        (self.connection if pipeline is None else pipeline).eval(FRONT, 1, self.key, job_id)

    def acquire_maintenance_lock(self) -> bool:
        """Take the lock for a short time: RQ's 15 minutes would stop all recovery if its holder died."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=keys.LEASE_SECONDS))

    @classmethod
    def dequeue_any(
        cls, queues: Iterable[Queue], timeout: int | None, connection: Redis, **_: object
    ) -> tuple[LikenessJob, Queue] | None:
        """Take the first job of the queues in their order that is not to be left to another worker.

        Raises DequeueTimeout after `timeout` seconds.

        RQ pops from several queues with BLPOP, and a worker killed just then loses the job for good; a script moves it
        into its queue's intermediate list instead, and waiting is done on a wake-up key that may be lost without harm.
        """
        by_name = {queue.name: cast(LikenessQueue, queue) for queue in queues}
        first = next(iter(by_name.values()))
        until = time.monotonic() + (timeout or 0)
        while True:
            order = first.scheduler.order(list(by_name))
            wake_up_keys = [keys.WAKE_UP_KEY.format(queue=name) for name in order]
            if not first.has_room():
                if time.monotonic() >= until:
                    raise DequeueTimeout(timeout, list(by_name))
                first.wait_for_room(LOOK_SECONDS)
                continue
            aged = keys.BATCH_TURN_SECONDS * 1000 if first.scheduler.batch_due else -1
            args: list[str | int] = [LOOK_AHEAD, keys.PREFER_SECONDS * 1000, aged, *first.left_to_others()]
            redis_keys = [by_name[name].key for name in order]
            taken = connection.eval(TAKE, 2 * len(order), *redis_keys, *wake_up_keys, *args)
            if isinstance(taken, list):
                queue = by_name[taken[0].decode().removeprefix(Queue.redis_queue_namespace_prefix)]
                first.scheduler.took(queue.name)
                if job := fetch(queue, taken[1].decode(), taken[2]):
                    job.overdue = len(taken) > 3
                    return job, queue
                continue
            if timeout is None:
                return None
            if time.monotonic() >= until:
                raise DequeueTimeout(timeout, list(by_name))
            if taken:  # the wake-up key was pushed for others
                time.sleep(PAUSE)
            else:
                rung = connection.blpop(wake_up_keys, timeout=1)
                if rung and not first.has_room():  # its own runs want the time: it wakes somebody else
                    connection.lpush(rung[0], rung[1])


def fetch(queue: Queue, job_id: str, read: Sequence[bytes] | None = None) -> LikenessJob | None:
    """Return a job just taken from `queue`, or None, dropping its id, when it no longer exists.

    `read` is its hash, as field, value, field, value, ..., where that is known.
    """
    found = LikenessJob(job_id, connection=queue.connection, serializer=queue.serializer)
    try:
        if read is None:
            found.refresh()
        else:
            found.restore(dict(zip(read[::2], read[1::2], strict=True)))
    except NoSuchJobError:
        queue.connection.lrem(queue.intermediate_queue_key, 1, job_id)
        return None
    return found
