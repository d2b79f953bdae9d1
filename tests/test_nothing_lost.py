"""A 202 holds, whatever dies after it: the whole stack, with its programs killed while jobs wait."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from likeness.client import Client
from likeness.contract.jobs import JobStatus
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from tests.support.places import EXAMPLES
from tests.support.stacks import killed, supervised

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(180)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with supervised(Settings(tmp_path, port=free_port())) as running:
        yield running


def test_service_and_worker_killed_with_jobs_accepted(stack: Stack) -> None:
    names = ["cap-plaid.jpg", "cutout-soft-alpha.png", "exif-orientation-6.jpg", "portrait-624x807.jpg"]
    with Client(stack.settings.url) as client:
        accepted = [client.recreate(EXAMPLES / name) for name in names]
        killed(stack, "service")
        stack.wait_until_ready()
        killed(stack, "worker-1")
        ended = [client.wait(job, timeout=120) for job in accepted]
        assert [job.status for job in ended] == [JobStatus.SUCCEEDED] * len(names)
        assert {job.id for job in client.jobs()} == {job.id for job in accepted}, "and no job was made twice"
        for job in ended:
            assert all(row.equal for row in job.result.images[0].report.frame)


def test_a_redis_that_takes_no_writes_for_a_while_ends_no_program_and_loses_no_job(stack: Stack) -> None:
    before = {kept.program.name: kept.child for kept in stack.programs()}
    with Client(stack.settings.url) as client, Redis.from_url(stack.redis_url) as redis:
        accepted = [client.recreate(EXAMPLES / "portrait-624x807.jpg") for _ in range(3)]
        redis.config_set("maxmemory", 1)
        time.sleep(12)  # longer than a worker used to need to be given up
        assert all(kept.child is before[kept.program.name] and kept.child.alive for kept in stack.programs())
        redis.config_set("maxmemory", 0)
        ended = [client.wait(job, timeout=120) for job in accepted]
        assert [job.status for job in ended] == [JobStatus.SUCCEEDED] * len(accepted)
    assert {kept.program.name: kept.child for kept in stack.programs()} == before
