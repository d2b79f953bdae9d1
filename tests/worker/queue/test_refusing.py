"""A Redis that answers and refuses to write is waited for: no worker ends for it, and no outcome is lost."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.exceptions import ResponseError

from likeness.contract.jobs import JobStatus
from tests.conftest import Server
from tests.worker.drill import Drill
from worker.queue.connection import Refused, brief, refuses

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(120)]

Refusal = Callable[[redis.Redis, Path], None]


def full(client: redis.Redis, _: Path) -> None:
    client.config_set("maxmemory", 1)


def emptied(client: redis.Redis, _: Path) -> None:
    client.config_set("maxmemory", 0)


def replica(client: redis.Redis, _: Path) -> None:
    client.replicaof("127.0.0.1", 1)


def primary(client: redis.Redis, _: Path) -> None:
    client.replicaof("NO", "ONE")


def cannot_save(client: redis.Redis, folder: Path) -> None:
    (folder / "dump.rdb" / "in the way").mkdir(parents=True)
    client.config_set("save", "3600 1")
    client.bgsave()
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


def can_save(client: redis.Redis, folder: Path) -> None:
    (folder / "dump.rdb" / "in the way").rmdir()
    (folder / "dump.rdb").rmdir()
    client.bgsave()
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok")


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


REFUSALS = pytest.mark.parametrize(
    ("refuse", "relent"),
    [(full, emptied), (replica, primary), (cannot_save, can_save)],
    ids=["OOM", "READONLY", "MISCONF"],
)


@REFUSALS
def test_a_refusal_is_a_lost_connection_alone_in_a_transaction_and_in_a_script(
    server: Server, refuse: Refusal, relent: Refusal
) -> None:
    plain, client = redis.Redis.from_url(server.url), brief(server.url)
    client.set("before", 1)
    refuse(plain, server.folder)
    with pytest.raises(ResponseError) as found:
        plain.set("name", 1)
    assert refuses(found.value)
    for write in (
        lambda: client.set("name", 1),
        lambda: client.pipeline().set("name", 1).set("other", 1).execute(),
        lambda: client.pipeline(transaction=False).get("name").set("other", 1).execute(),
        lambda: client.eval('return redis.call("SET", KEYS[1], 1)', 1, "name"),
    ):
        with pytest.raises(Refused):
            write()
    relent(plain, server.folder)
    assert client.pipeline().exists("name", "other").set("name", 1).execute() == [0, True]


@REFUSALS
def test_a_worker_lives_through_it_and_records_what_it_had_computed(
    drill: Drill, server: Server, refuse: Refusal, relent: Refusal
) -> None:
    worker = drill.worker()
    running = drill.submit(steps=20)
    drill.until(lambda: drill.status(running) is JobStatus.RUNNING, 10)
    waiting = drill.submit(steps=2)
    with redis.Redis.from_url(server.url) as client:
        refuse(client, server.folder)
        time.sleep(8)  # longer than the run, and than several of RQ's own commands
        assert worker.poll() is None
        relent(client, server.folder)
    done, later = drill.ended([running, waiting], 40)
    assert done.status is later.status is JobStatus.SUCCEEDED
    assert done.result.attempts == 1, "it was not run again"
    assert drill.endings(running) == drill.endings(waiting) == [JobStatus.SUCCEEDED]
    assert worker.poll() is None


def test_a_worker_that_starts_while_redis_refuses_waits_and_ends_when_it_is_told_to(
    drill: Drill, server: Server, tmp_path: Path
) -> None:
    with redis.Redis.from_url(server.url) as client:
        full(client, server.folder)
        process = drill.starting()
        drill.until(lambda: "waiting for Redis" in drill.logs(), 60)
        assert process.poll() is None
        process.terminate()
        assert process.wait(15) == -signal.SIGTERM, "it has nothing yet to take back"
        later = drill.starting()
        drill.until(lambda: drill.logs().count("waiting for Redis") > 1, 60)
        emptied(client, server.folder)
        assert drill.ended([drill.submit()], 40)[0].status is JobStatus.SUCCEEDED
        assert later.poll() is None
