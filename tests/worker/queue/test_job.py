"""How a job ends in Redis, against a real server."""

from collections.abc import Callable

import pytest
import redis
from redis.client import Pipeline
from rq.serializers import JSONSerializer

from likeness.contract.errors import EngineFailed
from likeness.contract.jobs import JobStatus
from likeness.queue import keys
from tests.worker.drill import OWNER, Drill
from worker.queue.job import LikenessJob, LikenessQueue, fetch


def failed(job: LikenessJob, pipeline: Pipeline) -> None:
    job.outcome = EngineFailed("it broke")
    job.set_status("failed", pipeline=pipeline)
    job._handle_failure("", pipeline)


def cancelled(job: LikenessJob, pipeline: Pipeline) -> None:
    job.record_cancelled(3, pipeline)


@pytest.mark.parametrize(("end", "status"), [(failed, JobStatus.FAILED), (cancelled, JobStatus.CANCELLED)])
@pytest.mark.parametrize("deleted", [False, True])
def test_a_job_that_was_deleted_before_its_end_is_recorded_stays_deleted(
    drill: Drill, end: Callable[[LikenessJob, Pipeline], None], status: JobStatus, deleted: bool
) -> None:
    job_id = drill.submit()
    with redis.Redis.from_url(drill.redis_url) as client:
        origin = client.hget(keys.JOB_KEY.format(id=job_id), "origin").decode()
        job = fetch(LikenessQueue(origin, connection=client, serializer=JSONSerializer), job_id)
        with client.pipeline() as pipeline:
            job.prepare_for_execution("worker", pipeline)
            pipeline.execute()
        if deleted:
            drill.call(lambda queue: queue.forget(job_id, OWNER))
        with client.pipeline() as pipeline:
            end(job, pipeline)
            pipeline.execute()
        held = [key for key in client.scan_iter() if job_id.encode() in key and b"expired" not in key]
        registries = [key for key in client.scan_iter(_type="zset") if client.zscore(key, job_id) is not None]
        if deleted:
            assert held == registries == []
        else:
            assert drill.status(job_id) is status
