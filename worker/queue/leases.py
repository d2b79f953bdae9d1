"""A worker's lease on a job: only who holds it may report how far the job is and record how it ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis
from rq.executions import Execution
from rq.queue import Queue
from rq.registry import StartedJobRegistry
from rq.utils import current_timestamp

from likeness.contract.jobs import Event, JobOrder, JobStatus, Progress
from likeness.queue import keys
from likeness.storage.pictures import PictureStore
from worker.queue.job import LikenessJob
from worker.queue.scripts import HOLD, PROGRESS


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

    @property
    def registry(self) -> StartedJobRegistry:
        """RQ's registry of running jobs, in which the lease stands."""
        return cast(StartedJobRegistry, self.job.started_job_registry)

    def renew(self) -> int:
        """Renew the lease if it still stands: 0 it is lost, 1 it holds, 2 it holds and the job is to be cancelled."""
        deadline = current_timestamp() + keys.LEASE_SECONDS
        redis_keys = [self.registry.key, self.job.key]
        return int(self.job.connection.eval(HOLD, len(redis_keys), *redis_keys, self.execution.composite_key, deadline))


def erase_deleted(lost: Lease, store: PictureStore) -> None:
    """Erase what is left of a job that is no longer held, if it was deleted."""
    if not lost.job.connection.exists(lost.job.key):
        lost.job.connection.delete(lost.execution.key)
        asyncio.run(store.erase(lost.job.id))


def report_progress(jobs: Sequence[Lease], progress: Progress, connection: Redis) -> None:
    """Report how far these jobs are, and mark those that nobody wants any more. Raises RedisError."""
    event = Event(type="progress", status=JobStatus.RUNNING, progress=progress).model_dump_json(exclude_none=True)
    with connection.pipeline(transaction=False) as pipeline:
        for one in jobs:
            redis_keys = [one.job.key, keys.EVENTS_KEY.format(id=one.job.id), one.registry.key]
            args = [one.execution.composite_key, progress.model_dump_json(), event, keys.EVENTS_LENGTH]
            pipeline.eval(PROGRESS, len(redis_keys), *redis_keys, *args)
        for one, unwanted in zip(jobs, pipeline.execute(), strict=True):
            one.steps_done += progress.stage == "denoising" and progress.step > 0
            one.wanted = not unwanted
