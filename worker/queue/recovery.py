"""Looking after jobs that others lost: leases that expired, and jobs that were taken but never started."""

from functools import partial
from typing import Final, cast

import structlog
from redis.client import Pipeline
from rq import worker_registration
from rq.executions import Execution
from rq.job import JobStatus
from rq.queue import Queue
from rq.utils import current_timestamp, now, parse_composite_key

from likeness.queue import keys
from worker.observability.telemetry import Telemetry
from worker.queue.job import LikenessJob, fetch
from worker.queue.leases import Held, while_held
from worker.queue.scripts import STEAL, UNSTICK

MOST_FORGOTTEN: Final = 256
"""Cancelled jobs looked at in one go."""

log = structlog.get_logger()


def look_after(queue: Queue, worker: str, seen: list[bytes], telemetry: Telemetry) -> list[bytes]:
    """Look after a queue: expired leases, jobs taken but never started, results past their lifetime.

    `seen` is what the last look returned: the jobs that were taken and not started. RQ's own cleaning of running and
    taken jobs is left out: it costs a retry even for jobs that never ran, and does not exclude that their worker
    records them at the same moment.
    """
    recover(queue, worker, telemetry)
    taken = unstick(queue, seen)
    queue.finished_job_registry.cleanup()
    queue.failed_job_registry.cleanup()
    forget_cancelled(queue)
    worker_registration.clean_worker_registry(queue)
    return taken


def forget_cancelled(queue: Queue) -> None:
    """Drop the cancelled jobs that no longer exist from RQ's registry, which keeps them for ever; the oldest first."""
    key = queue.canceled_job_registry.key
    oldest = [entry.decode() for entry in queue.connection.zrange(key, 0, MOST_FORGOTTEN - 1)]
    with queue.connection.pipeline(transaction=False) as pipeline:
        for job_id in oldest:
            pipeline.exists(keys.JOB_KEY.format(id=job_id))
        there = pipeline.execute()
    if gone := [job_id for job_id, exists in zip(oldest, there, strict=True) if not exists]:
        queue.connection.zrem(key, *gone)


def recover(queue: Queue, worker: str, telemetry: Telemetry) -> None:
    """Run jobs again whose worker fell silent, or fail them when they have no retry left."""
    redis, registry = queue.connection, queue.started_job_registry
    for entry in cast(list[bytes], redis.zrangebyscore(registry.key, 0, current_timestamp())):
        job_id, _ = parse_composite_key(entry.decode())
        ours = f"{job_id}:{worker}"
        deadline = current_timestamp() + keys.LEASE_SECONDS
        if redis.eval(STEAL, 1, registry.key, entry, ours, current_timestamp(), deadline):
            _run_again(job_id, queue, worker, telemetry)


def _run_again(job_id: str, queue: Queue, worker: str, telemetry: Telemetry) -> None:
    """Queue a job again, or fail it; not if whoever held it has recorded how it ended at the last moment."""
    ours = Execution(worker, job_id, queue.connection)
    job = fetch(queue, job_id)
    tries = job.retries_left or 0 if job else 0
    if job is None or not while_held(queue.connection, job, ours, partial(_recover, job, queue, ours, tries)):
        queue.connection.zrem(queue.started_job_registry.key, ours.composite_key)
        return
    log.warning("running a lost job again" if tries else "a lost job has no try left", job=job_id)
    telemetry.recovered(queue.name, again=tries > 0)


def _recover(job: LikenessJob, queue: Queue, ours: Execution, tries: int, pipeline: Pipeline, _: Held) -> None:
    """Queue a job again that has so many tries left, or fail it where that is none."""
    job.ended_at, job.retries_left = now(), tries
    pipeline.zrem(queue.started_job_registry.key, ours.composite_key)
    if tries:
        job.retry(queue, pipeline)
    else:
        job.set_status(JobStatus.FAILED, pipeline=pipeline)
        job._handle_failure("its workers died", pipeline=pipeline)


def unstick(queue: Queue, seen: list[bytes]) -> list[bytes]:
    """Give back the taken jobs that were `seen` a look ago and still have not started; return those seen now."""
    taken = cast(list[bytes], queue.connection.lrange(queue.intermediate_queue_key, 0, -1))
    for job_id in taken:
        if job_id in seen:
            queue.connection.eval(UNSTICK, 2, queue.key, keys.JOB_KEY.format(id=job_id.decode()), job_id)
    return [job_id for job_id in taken if job_id not in seen]
