"""Whose turn it is, with real workers: bounds of keys, priorities, pools."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from likeness.contract.jobs import Job, JobStatus
from likeness.queue import keys
from service.auth.keys import KeyLimits
from tests.conftest import Server
from tests.worker.drill import CATALOGUE, Drill

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
TWO = KeyLimits(concurrency=2)


def most_at_once(jobs: list[Job]) -> int:
    moments = [(job.started_at, 1) for job in jobs] + [(job.ended_at, -1) for job in jobs]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    return most


def test_a_bound_on_running_jobs_holds_over_workers_and_batches_and_outlives_a_worker(
    drill: Drill, tmp_path: Path
) -> None:
    bounded = [drill.submit("ant", TWO, steps=4) for _ in range(6)]
    others = [drill.submit("bee", steps=4) for _ in range(4)]
    workers = [drill.worker(), drill.worker()]
    jobs, free = drill.ended(bounded, 90), drill.ended(others, 90)
    assert {job.status for job in [*jobs, *free]} == {JobStatus.SUCCEEDED}
    assert most_at_once(jobs) == 2
    assert max(job.started_at for job in free) < max(job.started_at for job in jobs), "nobody waits behind the bound"

    gate = tmp_path / "gate"  # they can neither end before they are killed, nor run past their bound
    running = [drill.submit("ant", TWO, prompt=f"until {gate}") for _ in range(2)]
    waiting = [drill.submit("ant", TWO) for _ in range(2)]
    drill.until(lambda: all(drill.status(job_id) is JobStatus.RUNNING for job_id in running), 60)
    for worker in workers:
        drill.kill(worker)
    assert [drill.status(job_id) for job_id in waiting] == [JobStatus.QUEUED] * 2
    gate.touch()
    drill.lapse(*workers)
    drill.worker()
    assert {job.status for job in drill.ended([*running, *waiting], 90)} == {JobStatus.SUCCEEDED}
    with redis.Redis.from_url(drill.redis_url) as client:
        usage = client.hgetall(keys.USAGE_KEY.format(owner="ant", day=datetime.now(UTC).date()))
        left = client.keys("likeness:held:*") + client.keys("likeness:waiting:*")
    assert usage[b"succeeded"] == b"10" and usage[b"images"] == b"10", "each is counted once, also one run twice"
    assert left == []


@pytest.fixture
def two_pools(server: Server, tmp_path: Path) -> Drill:
    entry = CATALOGUE.read_text()
    second = entry.replace('"drill"\nfamily', '"other"\nfamily').replace('pool = "drill"', 'pool = "other"')
    both = entry + second.replace('default_for = ["recreate", "generate"]', "default_for = []")
    (tmp_path / "two.toml").write_text(both)
    return Drill(server.url, tmp_path, tmp_path / "two.toml")


def test_interactive_jobs_of_every_pool_and_key_go_before_batch_jobs(two_pools: Drill) -> None:
    batch = [
        two_pools.submit(owner, engine=engine, priority="batch")
        for owner in ("ant", "bee")
        for engine in ("drill", "other")
    ]
    interactive = [
        two_pools.submit(owner, engine=engine)
        for owner in ("ant", "ant", "ant", "bee")
        for engine in ("drill", "other")
    ]
    try:
        two_pools.worker(max_batch="1")
        jobs = two_pools.ended([*interactive, *batch], 90)
    finally:
        two_pools.stop()
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    by_start = sorted(jobs, key=lambda job: job.started_at)
    assert {job.id for job in by_start[: len(interactive)]} == set(interactive)
    for engine in ("drill", "other"):
        owners = [job.owner for job in by_start if job.engine == engine and job.id in interactive]
        assert owners == ["ant", "bee", "ant", "ant"]
