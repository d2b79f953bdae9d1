"""Taking, recording and taking over a job are each one step with checking whose it is, against a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
import redis
from redis.client import Pipeline
from rq.executions import Execution
from rq.serializers import JSONSerializer

from likeness.contract.errors import EngineFailed
from likeness.contract.jobs import JobStatus, Progress
from likeness.queue import keys
from tests.conftest import Server
from tests.support.lossy import LossyRedis, lossy
from tests.worker.drill import OWNER, Drill
from worker.observability.telemetry import Telemetry
from worker.queue import recovery
from worker.queue.connection import Patience, connect
from worker.queue.job import LikenessJob, LikenessQueue, fetch
from worker.queue.leases import Held, Lease, report_progress, while_held
from worker.queue.recovery import recover

QUEUE = "drill-interactive"


@pytest.fixture
def proxy(server: Server) -> Iterator[LossyRedis]:
    with lossy(str(server.socket)) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: LossyRedis) -> Iterator[redis.Redis]:
    with connect(proxy.url, Patience()) as client:
        yield client


def queue_of(client: redis.Redis) -> LikenessQueue:
    return LikenessQueue(QUEUE, connection=client, serializer=JSONSerializer)


def started(client: redis.Redis, job_id: str) -> tuple[LikenessJob, Execution]:
    """Start a job as a worker does."""
    job = fetch(queue_of(client), job_id)
    with client.pipeline() as pipeline:
        execution = Execution.create(job, keys.LEASE_SECONDS, pipeline, "worker")
        job.prepare_for_execution("worker", pipeline)
        pipeline.lrem(keys.QUEUE_KEY.format(queue=QUEUE), 1, job_id)
        pipeline.execute()
    job.ended_at = datetime.now(UTC)
    return job, execution


def fail(job: LikenessJob, execution: Execution, pipeline: Pipeline) -> None:
    execution.delete(job=job, pipeline=pipeline)
    job.record(EngineFailed("it broke"), 0, pipeline)


def take_over(client: redis.Redis, execution: Execution) -> None:
    """Let the lease lapse, and have another worker look after the queue."""
    client.zadd(f"rq:wip:{QUEUE}", {execution.composite_key: 1})
    recover(queue_of(client), "other", Telemetry())


def test_a_worker_stopped_after_it_checked_its_lease_records_nothing_of_a_job_that_runs_elsewhere(
    drill: Drill, client: redis.Redis
) -> None:
    job_id = drill.submit()
    job, execution = started(client, job_id)

    def stopped_meanwhile(pipeline: Pipeline, _: Held) -> None:
        take_over(client, execution)
        fail(job, execution, pipeline)

    assert not while_held(client, job, execution, stopped_meanwhile)
    assert drill.status(job_id) is JobStatus.QUEUED and drill.endings(job_id) == []


def test_a_job_that_ends_while_it_is_taken_over_is_not_run_again(
    drill: Drill, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = drill.submit()
    job, execution = started(client, job_id)
    looked = recovery.fetch

    def ends_after_the_look(queue: LikenessQueue, job_id: str) -> LikenessJob | None:
        found = looked(queue, job_id)
        if found and found.get_status() == "started":
            with client.pipeline() as pipeline:
                fail(job, execution, pipeline)
                found.get_status = lambda refresh=True: "started"
                pipeline.execute()
        return found

    monkeypatch.setattr(recovery, "fetch", ends_after_the_look)
    take_over(client, execution)
    assert drill.status(job_id) is JobStatus.FAILED and drill.endings(job_id) == [JobStatus.FAILED]
    assert client.llen(keys.QUEUE_KEY.format(queue=QUEUE)) == client.zcard(f"rq:wip:{QUEUE}") == 0


def test_an_ending_whose_answer_is_lost_is_recorded_once_and_known_to_be(
    drill: Drill, client: redis.Redis, proxy: LossyRedis
) -> None:
    job_id = drill.submit()
    job, execution = started(client, job_id)
    proxy.lose = b"EVAL\r\n"
    assert while_held(client, job, execution, lambda pipeline, _: fail(job, execution, pipeline))
    assert proxy.lost == 1
    assert drill.endings(job_id) == [JobStatus.FAILED]
    assert client.hgetall(keys.ENDED_COUNTS_KEY) == {b"drill:failed:engine_failed": b"1"}


def questions(client: redis.Redis) -> int:
    """Return how many times Redis read something from anybody."""
    return client.info("stats")["total_reads_processed"]


def test_an_ending_is_one_question(drill: Drill, client: redis.Redis) -> None:
    jobs = [started(client, drill.submit()) for _ in range(2)]
    asked = []
    for job, execution in jobs:  # the script's text is sent with the first
        before = questions(client)
        assert while_held(client, job, execution, partial(end, job, execution))
        asked.append(questions(client) - before - 1)
    assert asked[1] == 1


def end(job: LikenessJob, execution: Execution, pipeline: Pipeline, _: Held) -> None:
    fail(job, execution, pipeline)


def test_a_redis_that_forgot_its_scripts_records_all_of_an_ending(drill: Drill, client: redis.Redis) -> None:
    for _ in range(2):
        job, execution = started(client, drill.submit())
        client.script_flush()
        assert while_held(client, job, execution, partial(end, job, execution))
        assert drill.endings(job.id) == [JobStatus.FAILED] and drill.status(job.id) is JobStatus.FAILED
    assert client.hgetall(keys.ENDED_COUNTS_KEY) == {b"drill:failed:engine_failed": b"2"}
    assert client.zcard(f"rq:wip:{QUEUE}") == 0


def test_the_jobs_of_a_run_are_reported_in_one_go_and_each_hears_whether_it_is_wanted(
    drill: Drill, client: redis.Redis
) -> None:
    ids = [drill.submit() for _ in range(3)]
    leases = [
        Lease(job, queue_of(client), job.order(), execution)
        for job, execution in (started(client, job_id) for job_id in ids)
    ]
    drill.call(lambda queue: queue.cancel(ids[1], OWNER))
    client.script_flush()
    for step, most in ((1, 5), (2, 1)):
        before = questions(client)
        report_progress(leases, Progress(step=step, steps=step, stage="denoising"), client)
        assert questions(client) - before - 1 <= most, "each is asked again only where the script was not known"
        assert [lease.wanted for lease in leases] == [True, False, True]
        assert drill.job(ids[0]).progress.step == step
