"""A job goes to a worker that holds its engine, if one takes it soon: real Valkey, real records, real workers."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from rq.serializers import JSONSerializer

from likeness.contract.jobs import JobStatus
from likeness.queue import keys
from tests.conftest import Server
from tests.worker.drill import CATALOGUE, Drill
from worker.components import Components, Weights
from worker.queue.job import LikenessQueue
from worker.queue.registry import WorkerRegistry
from worker.queue.scripts import LOOK_AHEAD
from worker.residency.engines import Residents

pytestmark = pytest.mark.processes
LEFT = keys.PREFER_SECONDS


@pytest.fixture
def drill(server: Server, tmp_path: Path) -> Iterator[Drill]:
    """Two engines of one pool, `drill` and `other`, with time for long jobs."""
    first = CATALOGUE.read_text().replace("timeout = 3\n", "timeout = 30\n")
    engines = first[first.index("[[engine]]") :]
    second = engines.replace('name = "drill"', 'name = "other"').replace('default_for = ["recreate", "generate"]\n', "")
    (tmp_path / "two.toml").write_text(first + second)
    own = Drill(server.url, tmp_path, tmp_path / "two.toml")
    yield own
    own.stop()


class Taker:
    """What a worker does to get a job, and its place among the others."""

    def __init__(self, drill: Drill, name: str, *held: str, pools: tuple[str, ...] = ("drill",)) -> None:
        self.name, self.redis = name, redis.Redis.from_url(drill.redis_url)
        residents = Residents(Components(Weights(Path("none"), Path("none")), "cpu"))
        residents.preload([drill.catalogue.find(engine) for engine in held])
        self.registry = WorkerRegistry(name, list(pools), drill.catalogue, residents, self.redis)
        self.queues = [
            LikenessQueue(queue, connection=self.redis, serializer=JSONSerializer)
            for queue in keys.queue_names(list(pools))
        ]
        for queue in self.queues:
            queue.left_to_others = self.registry.elsewhere

    def appear(self) -> None:
        """Be known to the others."""
        for queue in self.queues:
            self.redis.sadd(f"rq:workers:{queue.name}", f"rq:worker:{self.name}")
        with self.redis.pipeline() as pipeline:
            self.registry.announce(pipeline)
            pipeline.execute()
        self.registry.look()

    def take(self, timeout: int | None = None) -> str | None:
        """Return the id of the job that it gets, at once or within a time."""
        self.registry.look()
        taken = LikenessQueue.dequeue_any(self.queues, timeout, self.redis)
        return taken[0].id if taken else None


@pytest.fixture
def takers(drill: Drill) -> tuple[Taker, Taker]:
    """Two workers, the first with the engine `drill`, the second with `other`."""
    both = Taker(drill, "one", "drill"), Taker(drill, "two", "other")
    for taker in both:
        taker.appear()
    return both


def test_each_takes_the_jobs_of_its_engine(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, two = takers
    first, second, third = (drill.submit(engine=name) for name in ("other", "drill", "other"))
    assert (one.take(), one.take()) == (second, None)
    assert (two.take(), two.take()) == (first, third)


def test_a_job_of_an_engine_that_nobody_holds_is_not_left_lying(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, _ = takers
    nobodys, ones = drill.submit(engine="other"), drill.submit(engine="drill")
    third = Taker(drill, "three")
    one.redis.zrem(keys.HELD_KEY, "other")
    assert (third.take(), third.take(), one.take()) == (nobodys, None, ones)


def test_after_its_time_anyone_takes_it(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, _ = takers
    left = drill.submit(engine="other")
    began = time.monotonic()
    assert one.take(timeout=LEFT + 5) == left
    assert LEFT - 0.1 < time.monotonic() - began < LEFT + 1


def test_its_time_over_it_goes_before_what_came_later(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, _ = takers
    left, later, last = (drill.submit(engine=name) for name in ("other", "drill", "drill"))
    assert one.take() == later
    key = keys.JOB_KEY.format(id=left)
    one.redis.hset(key, keys.FIELD_PASSED, int(one.redis.hget(key, keys.FIELD_PASSED)) - LEFT * 1000)
    assert (one.take(), one.take()) == (left, last)


def test_a_job_of_lower_priority_does_not_overtake(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, two = takers
    batch, interactive = drill.submit(engine="drill", priority="batch"), drill.submit(engine="other")
    assert one.take() is None, "an interactive job waits for the other worker"
    assert (two.take(), one.take()) == (interactive, batch)


def test_a_lone_worker_never_waits(drill: Drill) -> None:
    lone = Taker(drill, "lone", "drill")
    lone.appear()
    jobs = [drill.submit(engine="other"), drill.submit(engine="drill")]
    assert [lone.take(), lone.take()] == jobs


def test_what_dead_workers_and_workers_of_other_pools_hold_does_not_count(drill: Drill) -> None:
    one, gone, elsewhere = Taker(drill, "one"), Taker(drill, "gone", "other"), Taker(drill, "x", "other", pools=("x",))
    for taker in (one, gone, elsewhere):
        taker.appear()
    one.redis.zadd(keys.HELD_KEY, {"other": time.time() - keys.HELD_SECONDS - 1})
    assert one.take() is None and list(one.registry.elsewhere()) == []
    job = drill.submit(engine="other")
    assert one.take() == job


def test_what_only_this_worker_held_is_held_by_none_once_it_is_gone(drill: Drill) -> None:
    one = Taker(drill, "one", "drill", "other")
    one.appear()
    one.registry._residents._drop("other")
    one.registry.look()
    assert list(one.registry.elsewhere()) == []
    two = Taker(drill, "two", "other")
    two.appear()
    one.registry.look()
    assert list(one.registry.elsewhere()) == ["other"]


def test_a_look_costs_the_same_however_many_workers_there_are(drill: Drill) -> None:
    one = Taker(drill, "one", "drill")

    def asked() -> tuple[int, int]:
        before = one.redis.info("stats")["total_net_output_bytes"], one.redis.info("commandstats")
        one.registry.look()
        after = one.redis.info("stats")["total_net_output_bytes"], one.redis.info("commandstats")
        calls = sum(stat["calls"] for stat in after[1].values()) - sum(stat["calls"] for stat in before[1].values())
        return after[0] - before[0], calls

    one.appear()
    alone = asked()
    for number in range(20):
        Taker(drill, f"other {number}", "other").appear()
    among = asked()
    assert among[1] == alone[1] and among[0] - alone[0] < 200, "no record of each is read"


def test_the_look_ahead_is_bounded(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, two = takers
    waiting = [drill.submit(engine="other") for _ in range(LOOK_AHEAD)]
    behind = drill.submit(engine="drill")
    assert one.take() is None
    assert (two.take(), one.take()) == (waiting[0], behind)


def test_a_deleted_job_is_dropped_and_not_written_to(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    one, _ = takers
    gone = keys.JOB_KEY.format(id=drill.submit(engine="other"))
    one.redis.delete(gone)
    assert one.take() is None and not one.redis.exists(gone)
    assert one.redis.llen(one.queues[0].key) == one.redis.llen(one.queues[0].intermediate_queue_key) == 0


def test_who_is_woken_for_another_wakes_it(drill: Drill, takers: tuple[Taker, Taker]) -> None:
    """Redis serves whom it has kept waiting longest: here the worker that the job is not for."""
    one, two = takers
    took: dict[str, tuple[str | None, float]] = {}

    def wait_in(taker: Taker) -> threading.Thread:
        thread = threading.Thread(target=lambda: took.update({taker.name: (taker.take(LEFT + 5), time.monotonic())}))
        thread.start()
        return thread

    blocked = lambda: one.redis.info("clients")["blocked_clients"]  # noqa: E731
    first = wait_in(one)
    drill.until(lambda: blocked() == 1, 5)
    second = wait_in(two)
    drill.until(lambda: blocked() == 2, 5)
    submitted, job = time.monotonic(), drill.submit(engine="other")
    second.join()
    assert took["two"][0] == job and took["two"][1] - submitted < 0.5
    ones = drill.submit(engine="drill")
    first.join()
    assert took["one"][0] == ones


@pytest.mark.timeout(120)
def test_workers_keep_to_their_engines_and_help_when_one_is_busy(drill: Drill) -> None:
    busy = drill.worker(preload='["other"]')
    idle = drill.worker(preload='["drill"]')
    quick = [drill.submit(engine="other", steps=steps) for steps in (1, 2, 3, 4)]
    drill.ended(quick, 20)
    assert {_worker(drill, job) for job in quick} == {busy.pid}
    long = drill.submit(engine="other", steps=100)
    drill.until(lambda: drill.status(long) is JobStatus.RUNNING, 10)
    (helped,) = drill.ended([drill.submit(engine="other")], LEFT + 3)
    assert drill.status(long) is JobStatus.RUNNING and _worker(drill, helped.id) == idle.pid
    waited = (helped.started_at - helped.created_at).total_seconds()
    assert LEFT - 0.1 < waited < LEFT + 1


def _worker(drill: Drill, job_id: str) -> int:
    """Return the process id of the worker that ran a job."""
    name = drill.call(lambda queue: queue._redis.hget(keys.JOB_KEY.format(id=job_id), "worker_name"))
    return int(name.decode().rsplit("-", 2)[1])


def test_a_living_worker_touches_the_file_that_probes_look_at(server: Server, tmp_path: Path) -> None:
    drill, alive = Drill(server.url, tmp_path), tmp_path / "alive"
    try:
        drill.worker(alive_file=str(alive))
        drill.until(alive.exists, 60)
        first = alive.stat().st_mtime_ns
        drill.until(lambda: alive.stat().st_mtime_ns > first, 60)
    finally:
        drill.stop()
