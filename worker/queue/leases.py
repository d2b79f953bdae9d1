"""A worker's lease on a job: only who holds it may report how far the job is and record how it ends."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, cast

from redis import Redis
from redis.client import Pipeline
from rq.executions import Execution
from rq.job import JobStatus as RqStatus
from rq.queue import Queue
from rq.utils import current_timestamp, utcformat

from likeness.contract.events import Event
from likeness.contract.jobs import JobOrder, JobStatus, Progress
from likeness.queue import keys
from likeness.storage.pictures import PictureStore
from worker.queue.connection import eval_each
from worker.queue.job import LikenessJob
from worker.queue.scripts import PROGRESS
from worker.queue.steps import WHILE_HELD, words_of

PROGRESS_SECONDS: Final = 0.25
"""How often progress is written, and so how soon a cancellation is heard."""


class Held(IntEnum):
    """How a lease stands."""

    LOST = 0
    """The job was deleted, is another worker's, or has ended."""
    HELD = 1
    UNWANTED = 2
    """It is held, and the job is to be cancelled."""


@dataclass
class Lease:
    """A job this worker holds."""

    job: LikenessJob
    queue: Queue
    order: JobOrder
    execution: Execution
    wanted: bool = True
    """False once it was cancelled, deleted, or lost to another worker."""
    steps_done: int = 0
    told: Progress | None = None
    """What was last reported, and when (monotonic seconds)."""
    told_at: float = -math.inf

    def is_due(self, progress: Progress | None) -> bool:
        """Take note of how far the job is; return whether to report it now."""
        if progress is None:
            return True
        self.steps_done += progress.stage == "denoising" and progress.step > 0
        now, told = time.monotonic(), self.told
        same = told is not None and (told.stage, told.attempt, told.run) == (
            progress.stage,
            progress.attempt,
            progress.run,
        )
        if same and not 0 < progress.step == progress.steps and now - self.told_at < PROGRESS_SECONDS:
            return False
        self.told, self.told_at = progress, now
        return True

    def progress_keys(self) -> list[str]:
        """Return the keys of what progress is written to."""
        return [self.job.key, keys.EVENTS_KEY.format(id=self.job.id), self.job.started_job_registry.key]


def while_held(
    connection: Redis, job: LikenessJob, execution: Execution, write: Callable[[Pipeline, Held], None]
) -> bool:
    """Do what `write` puts into a pipeline, once, as one step with checking the lease; False where it was lost.

    `write` is asked again where the lease stands otherwise than it was told. Where the answer gets lost, the lease is
    then found lost, because the step itself ended it.
    """
    thought = Held.HELD
    while True:
        steps = connection.pipeline()
        write(steps, thought)
        held = _written(connection, job, execution, thought, steps)
        if held is thought:
            return True
        if held is Held.LOST:
            return _wrote(connection, job)
        thought = held


def _written(connection: Redis, job: LikenessJob, execution: Execution, thought: Held, steps: Pipeline) -> Held:
    """Do the steps if the lease stands as it is thought to; return how it stands."""
    redis_keys = [job.started_job_registry.key, job.key]
    args = [execution.composite_key, current_timestamp() + keys.LEASE_SECONDS, thought.value, *words_of(steps)]
    return Held(cast(int, connection.eval(WHILE_HELD, len(redis_keys), *redis_keys, *args)))


def _wrote(connection: Redis, job: LikenessJob) -> bool:
    """Return whether steps whose answer was lost were done: the job is as they left it."""
    found = cast(list[bytes | None], connection.hmget(job.key, "status", "ended_at"))
    ended_at = utcformat(job.ended_at) if job.ended_at else ""
    return found == [RqStatus(job.get_status(refresh=False)).value.encode(), ended_at.encode()]


def erase_deleted(lost: Lease, connection: Redis, store: PictureStore) -> None:
    """Erase what is left of a job that is no longer held, if it was deleted."""
    if not connection.exists(lost.job.key):
        connection.delete(lost.execution.key)
        asyncio.run(store.erase(lost.job.id))


def report_progress(jobs: Sequence[Lease], progress: Progress | None, connection: Redis) -> None:
    """Report how far these jobs are, and mark those that nobody wants any more; None only asks. Raises RedisError.

    It is written at most every PROGRESS_SECONDS, beside each change of stage and each last step.
    """
    due, told = [one for one in jobs if one.is_due(progress)], _told(progress)
    answers = eval_each(
        connection, PROGRESS, [(one.progress_keys(), [one.execution.composite_key, *told]) for one in due]
    )
    for one, unwanted in zip(due, answers, strict=True):
        one.wanted = not unwanted


def _told(progress: Progress | None) -> list[str | int]:
    """Return what is written of progress: it, the event that tells it, and how many events are kept."""
    if progress is None:
        return []
    event = Event(type="progress", status=JobStatus.RUNNING, progress=progress)
    return [progress.model_dump_json(), event.model_dump_json(exclude_none=True), keys.EVENTS_LENGTH]
