"""How jobs wait: for any order of arrivals the order of taking is fair between keys, and bounds hold."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rq.serializers import JSONSerializer

from likeness.contract.jobs import JobStatus
from likeness.contract.scheduling import Priority
from likeness.queue import keys
from service.auth.keys import UNLIMITED, KeyLimits
from tests.service.conftest import Stack
from tests.support.waiting_queue import QUEUE, SPEC, Waiting, act, drain, eligible
from worker.queue.job import LikenessQueue
from worker.queue.scheduling import Scheduler
from worker.queue.scripts import ENDED

OWNERS = st.sampled_from(["ant", "bee", "cat"])
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def waiting(stack: Stack) -> Iterator[Waiting]:
    own = Waiting(stack)
    yield own
    own.loop.run_until_complete(own.queue.close())
    own.loop.close()
    own.redis.close()


@EXAMPLES
@given(st.lists(st.one_of(OWNERS, st.none()), max_size=40))
@example(["ant"] * 20 + ["bee"] * 3 + [None] * 5 + ["cat"] * 3 + ["bee"] * 2)
def test_taking_is_round_robin_between_keys_and_first_come_first_served_within_one(
    waiting: Waiting, arrivals: list[str | None]
) -> None:
    """`arrivals`: whose job arrives, or None where one is taken; in the end all are."""
    waiting.clear()
    left: Counter[str] = Counter()
    taken: list[str] = []
    history: list[tuple[str, Counter[str]]] = []
    for owner in [*arrivals, *[None] * len(arrivals)]:
        if owner is not None:
            waiting.accept(owner)
            left[owner] += 1
        elif (job_id := waiting.take()) is not None:
            history.append((waiting.owners[job_id], left.copy()))
            left[waiting.owners[job_id]] -= 1
            taken.append(job_id)
    assert sorted(taken) == sorted(waiting.owners), "each is taken once"
    for owner in set(waiting.owners.values()):
        mine = [job_id for job_id in taken if waiting.owners[job_id] == owner]
        assert mine == sorted(mine)
    assert_fair(history)


def assert_fair(history: list[tuple[str, Counter[str]]]) -> None:
    """While a key has a job waiting, no other gets over two more than it. `history`: who was taken, who waited then."""
    for one in ("ant", "bee", "cat"):
        for other in {"ant", "bee", "cat"} - {one}:
            ahead = 0
            for taken, left in history:
                ahead = max(0, ahead + (taken == other) - (taken == one)) if left[one] else 0
                assert ahead <= 2


OPERATIONS = st.tuples(
    st.sampled_from(["accept", "accept", "accept", "take", "mates", "start", "end", "hand_back", "cancel", "forget"]),
    OWNERS,
    st.integers(0, 30),
)


DEEP = [("hand_back", "cat", 1), ("accept", "bee", 0)]
"""What came from deep in the list goes back to its head."""


@EXAMPLES
@given(st.lists(OPERATIONS, max_size=40), st.integers(1, 3))
@example([("accept", "cat", 0), ("accept", "cat", 1), ("accept", "cat", 0), ("mates", "cat", 0), *DEEP], 1)
def test_bounds_and_books_hold_whatever_happens(
    waiting: Waiting, operations: list[tuple[str, str, int]], bound: int
) -> None:
    """Of ant and bee only so many may run; cat is not bounded."""
    waiting.clear()
    limits = {"ant": KeyLimits(concurrency=bound), "bee": KeyLimits(concurrency=bound)}
    for name, owner, number in operations:
        if name == "accept":
            waiting.accept(owner, limits.get(owner, UNLIMITED), f"drill:{number % 2}")
        elif name == "take":
            waiting.take()
        elif name == "mates":
            waiting.mates("drill:0")
        elif chosen := eligible(waiting, name):
            act(waiting, name, chosen[number % len(chosen)])
        waiting.check()
        assert all(len(waiting.running(bounded)) <= bound for bounded in limits)
    drain(waiting)


def test_a_flood_does_not_hold_up_another_key(waiting: Waiting) -> None:
    waiting.clear()
    flood = [waiting.accept("ant") for _ in range(300)]
    waiting.take()
    one = waiting.accept("bee")
    assert waiting.listed().index(one) == 1, "behind one job of the flood"
    assert [waiting.take(), waiting.take(), waiting.take()] == [flood[1], one, flood[2]]


def test_a_bounded_key_holds_up_nobody_however_long_its_queue(waiting: Waiting) -> None:
    waiting.clear()
    one = KeyLimits(concurrency=1)
    first, *rest = [waiting.accept("ant", one) for _ in range(200)]
    other = waiting.accept("bee")
    assert waiting.listed() == [first, other], "of a bounded key only what may run stands in the list"
    assert waiting.take() == first
    assert waiting.take() == other
    assert waiting.take() is None
    job = waiting.loop.run_until_complete(waiting.queue.fetch(rest[4], "ant"))
    assert (job.status, job.position) == (JobStatus.QUEUED, 4)
    act(waiting, "end", first)
    assert waiting.take() == rest[0]


def test_a_bound_also_holds_among_the_mates_of_a_batch(waiting: Waiting) -> None:
    waiting.clear()
    free = [waiting.accept("ant") for _ in range(3)]
    lowered = [waiting.accept("ant", KeyLimits(concurrency=2))]
    assert waiting.take() == free[0]
    assert waiting.mates() == free[1:2]
    assert waiting.take() is None, "the third is held back now, with the fourth"
    assert waiting.held("ant") == [free[2], *lowered]
    act(waiting, "end", free[0])
    assert waiting.take() == free[2], "oldest first"


def test_an_ended_job_lets_in_another_also_where_no_worker_looks(waiting: Waiting) -> None:
    """An autoscaler that runs no worker for an empty list would never see it."""
    waiting.clear()
    one = KeyLimits(concurrency=1)
    first = waiting.accept("ant", one)
    second = waiting.accept("ant", one, priority="batch")
    both_queues = [LikenessQueue(name, connection=waiting.redis, serializer=JSONSerializer) for name in both()]
    assert waiting.take() == first
    assert LikenessQueue.dequeue_any(both_queues, None, waiting.redis) is None
    assert both_queues[1].job_ids == []
    act(waiting, "end", first)
    usage = keys.USAGE_KEY.format(owner="ant", day="2026-11-21")
    waiting.redis.eval(ENDED, 2, usage, keys.JOB_KEY.format(id=first), "ant", "succeeded", 1, 0.5, 60)
    assert both_queues[1].job_ids == [second]


def test_a_cancelled_flood_leaves_no_mark_on_its_key(waiting: Waiting) -> None:
    waiting.clear()
    flood = [waiting.accept("ant") for _ in range(20)]
    others = [waiting.accept("bee") for _ in range(3)]
    for job_id in flood:
        waiting.do("cancel", job_id)
    late = waiting.accept("ant")
    assert waiting.listed() == [others[0], late, *others[1:]]


def test_what_other_tools_took_away_counts_no_more(waiting: Waiting) -> None:
    waiting.clear()
    gone = [waiting.accept("ant") for _ in range(5)]
    waiting.redis.delete(waiting.rq.key, *(keys.JOB_KEY.format(id=job_id) for job_id in gone))
    others = [waiting.accept("bee") for _ in range(2)]
    late = waiting.accept("ant")
    assert waiting.listed() == [others[0], late, others[1]]


def test_what_other_tools_took_away_is_no_part_of_a_share(waiting: Waiting) -> None:
    waiting.clear()
    gone = [waiting.accept("ant") for _ in range(5)]
    waiting.redis.delete(waiting.rq.key, *(keys.JOB_KEY.format(id=job_id) for job_id in gone))
    room = waiting.queue.check_capacity(SPEC, Priority.INTERACTIVE, "ant")
    waiting.queue._share = 5
    try:
        waiting.loop.run_until_complete(room)
    finally:
        waiting.queue._share = 900


def test_a_batch_job_that_waited_long_goes_before_interactive_ones_once_in_a_while(waiting: Waiting) -> None:
    waiting.clear()
    batch = waiting.accept("ant", priority="batch")  # its id says that it was made in 1970
    interactive = [waiting.accept("bee") for _ in range(3)]
    now = 0.0
    queues = [LikenessQueue(name, connection=waiting.redis, serializer=JSONSerializer) for name in both()]
    queues[0].scheduler = Scheduler(clock=lambda: now)

    def take() -> str:
        job, _ = LikenessQueue.dequeue_any(queues, None, waiting.redis)
        return job.id

    assert take() == interactive[0]
    now = keys.BATCH_TURN_SECONDS
    assert take() == batch
    second = waiting.accept("ant", priority="batch")
    assert [take(), take(), take()] == [*interactive[1:], second], "the next one only after as long again"


def both() -> list[str]:
    return keys.queue_names([SPEC.pool])


def test_a_flood_in_one_pool_holds_up_another_no_longer_than_a_turn(waiting: Waiting) -> None:
    waiting.clear()
    flood = [waiting.accept("ant") for _ in range(4)]
    other = waiting.accept("bee")
    pools = [SPEC.pool, "other"]
    queues = [
        LikenessQueue(name, connection=waiting.redis, serializer=JSONSerializer) for name in keys.queue_names(pools)
    ]
    now = 0.0
    queues[0].scheduler = Scheduler(clock=lambda: now)
    move = f"rq:queue:{keys.queue_name('other', Priority.INTERACTIVE)}"
    waiting.redis.lrem(waiting.rq.key, 1, other)
    waiting.redis.rpush(move, other)

    def take() -> str:
        job, _ = LikenessQueue.dequeue_any(queues, None, waiting.redis)
        return job.id

    assert [take(), take()] == flood[:2]
    now = keys.POOL_TURN_SECONDS
    assert [take(), take(), take()] == [other, *flood[2:]]


def test_turns_between_pools() -> None:
    now = 0.0
    scheduler = Scheduler(clock=lambda: now)
    queues = keys.queue_names(["a", "b", "c"])
    assert scheduler.order(queues) == queues
    scheduler.took("b-interactive")
    assert scheduler.order(queues)[:3] == ["b-interactive", "c-interactive", "a-interactive"]
    now = keys.POOL_TURN_SECONDS
    assert scheduler.order(queues)[:3] == ["c-interactive", "a-interactive", "b-interactive"]
    scheduler.took("b-interactive")
    assert scheduler.order(queues)[0] == "c-interactive", "its turn is over until another pool had one"
    scheduler.took("c-batch")
    assert [queue.rpartition("-")[2] for queue in scheduler.order(queues)] == ["interactive"] * 3 + ["batch"] * 3
    for queue, following in pairwise(scheduler.order(queues)[:3]):
        assert queue != following


def test_an_idle_key_leaves_nothing_for_ever(waiting: Waiting) -> None:
    waiting.clear()
    ended, deleted = (waiting.accept("ant", KeyLimits(concurrency=2)) for _ in range(2))
    for job_id in (ended, deleted):
        assert waiting.take() == job_id
        waiting.start(job_id)
    assert waiting.redis.scard("likeness:running:ant") == 2
    job = keys.JOB_KEY.format(id=ended)
    waiting.redis.hset(job, "status", "finished")
    waiting.redis.eval(ENDED, 2, keys.USAGE_KEY.format(owner="ant", day="2026-01-01"), job, "ant", "succeeded", 1, 1, 9)
    waiting.do("forget", deleted)
    kept = [key.decode() for key in waiting.redis.scan_iter() if b"ant" in key and waiting.redis.ttl(key) < 0]
    assert kept == []


def test_jobs_of_many_keys_whose_ends_were_missed_come_in_a_few_at_a_time(waiting: Waiting) -> None:
    waiting.clear()
    for number in range(200):
        for _ in range(2):
            waiting.accept(f"key-{number}", KeyLimits(concurrency=1))
    for job_id in waiting.listed():
        waiting.redis.hset(keys.JOB_KEY.format(id=job_id), "status", "finished")
        waiting.redis.lrem(waiting.rq.key, 1, job_id)
        waiting.redis.delete(keys.WAITING_KEY.format(queue=QUEUE, owner=waiting.owners[job_id]))
    assert waiting.redis.scard(keys.THROTTLED_OWNERS_KEY.format(queue=QUEUE)) == 200
    taken = [waiting.take() for _ in range(2)]
    assert all(taken) and len(waiting.listed()) <= 2 * 64
    while job_id := waiting.take():
        taken.append(job_id)
    assert len(taken) == 200
