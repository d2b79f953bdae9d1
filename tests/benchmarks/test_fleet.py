"""The simulated fleet keeps the queue's rules, loses no job, and gives the same table for the same seed."""

import pytest

from benchmarks.fleet.__main__ import row_of
from benchmarks.fleet.assumptions import Traffic
from benchmarks.fleet.plot import draw
from benchmarks.fleet.queues import (
    BATCH,
    BATCH_TURN_SECONDS,
    INTERACTIVE,
    POOL_TURN_SECONDS,
    Job,
    Queue,
    Scheduler,
    take,
)
from benchmarks.fleet.redis_load import loads
from benchmarks.fleet.scaling import Autoscaler
from benchmarks.fleet.scenario import VARIANTS, Engine, Fleet, Rules
from benchmarks.fleet.simulation import Simulation
from benchmarks.fleet.summary import Row, markdown
from benchmarks.fleet.traffic import arrivals
from benchmarks.fleet.workers import Worker
from likeness.queue.keys import PREFER_SECONDS
from tests.support.places import ROOT
from worker.queue.scripts import LOOK_AHEAD

DOCS = ROOT / "docs" / "scaling.md"
HOUR = (19 * 3600.0, 20 * 3600.0)


def played(rules: Rules, workers: int = 12, seed: int = 3) -> tuple[list[Job], Row]:
    fleet = Fleet(workers)
    jobs = arrivals(fleet, Traffic(), *HOUR, seed)
    counts = Simulation(fleet, rules, jobs).run()
    assert counts.jobs == len(jobs)
    return jobs, Row.of(workers, rules.name, jobs, counts)


@pytest.mark.parametrize("rules", VARIANTS, ids=lambda rules: rules.name)
def test_every_job_is_run_once_and_none_before_it_came(rules: Rules) -> None:
    jobs, row = played(rules)
    assert len(jobs) > 1000
    assert all(job.began is not None and job.began >= job.arrived and not job.waiting for job in jobs)
    assert 0 < row.busy <= 1


def test_the_same_seed_gives_the_same_table_and_another_another() -> None:
    rules = VARIANTS[0]
    first, again, other = (played(rules, seed=seed)[1].cells() for seed in (1, 1, 2))
    assert first == again != other


def test_jobs_left_to_who_holds_their_engine_save_swaps() -> None:
    assert played(VARIANTS[0])[1].swaps < 0.7 * played(Rules("", prefer=False))[1].swaps


def test_a_smaller_fleet_of_keda_costs_fewer_hours_and_more_wait() -> None:
    quiet = (4 * 3600.0, 8 * 3600.0)
    fleet = Fleet(12)
    found = []
    for rules in (VARIANTS[0], Rules("", target=4)):
        jobs = arrivals(fleet, Traffic(), *quiet, 5)
        found.append(Row.of(12, "", jobs, Simulation(fleet, rules, jobs).run()))
    assert found[1].gpu_hours < 0.8 * found[0].gpu_hours
    assert found[1].interactive[1] > found[0].interactive[1]


def test_the_published_row_of_one_worker_is_what_the_program_prints() -> None:
    (row,) = markdown([row_of(1, VARIANTS[0])]).splitlines()[2:]
    assert row in DOCS.read_text("utf-8").splitlines()


def job(engine: int = 0, setting: int = 0, caller: int = 0, tier: int = INTERACTIVE) -> Job:
    return Job(0.0, engine, setting, caller, tier)


def test_callers_take_turns() -> None:
    queue = Queue()
    flood, single = [job(caller=1) for _ in range(100)], job(caller=2)
    for one in [*flood, single]:
        queue.add(one)
    assert queue.jobs.index(single) == 1
    assert [one for one in queue.jobs if one is not single] == flood, "and each caller's stay in order"


def test_interactive_jobs_go_first_and_nothing_overtakes_what_was_left() -> None:
    tiers = [[Queue()], [Queue()]]
    first, second = job(), job(engine=1, tier=BATCH)
    tiers[INTERACTIVE][0].add(first)
    tiers[BATCH][0].add(second)

    def held_elsewhere(one: Job) -> bool:
        return one.engine == 0

    assert take(tiers, held_elsewhere, now=10.0) is None
    assert take(tiers, held_elsewhere, now=10.0 + PREFER_SECONDS / 2) is None
    assert take(tiers, held_elsewhere, now=10.0 + PREFER_SECONDS) is first
    assert take(tiers, held_elsewhere, now=10.0) is second


def test_a_batch_job_that_waited_long_goes_first_where_none_was_taken_for_as_long() -> None:
    tiers, turns = [[Queue()], [Queue()]], Scheduler(0.0)
    first, second = job(), job(tier=BATCH)
    tiers[INTERACTIVE][0].add(first)
    tiers[BATCH][0].add(second)
    assert not turns.batch_due(BATCH_TURN_SECONDS - 1)
    assert take(tiers, lambda _: False, BATCH_TURN_SECONDS + 1, turns.batch_due(BATCH_TURN_SECONDS + 1)) is second


def test_a_worker_stays_with_a_pool_for_a_turn() -> None:
    turns = Scheduler(0.0)
    turns.took(1, INTERACTIVE, now=5.0)
    assert turns.order(3, now=6.0) == [1, 2, 0]
    assert turns.order(3, now=5.0 + POOL_TURN_SECONDS) == [2, 0, 1]


def test_mates_are_looked_for_as_deep_as_the_worker_looks() -> None:
    queue = Queue()
    for number in range(LOOK_AHEAD + 10):
        queue.add(job(setting=int(number not in (5, LOOK_AHEAD - 1, LOOK_AHEAD))))
    assert len(list(queue.mates(job(setting=0), 8))) == 2
    assert len(queue.jobs) == LOOK_AHEAD + 8


def test_the_least_recently_used_engine_goes_and_comes_back_from_the_machines_memory() -> None:
    engines = [Engine(str(number), "pool", 1.0, 30_000_000_000, 4) for number in range(3)]
    worker = Worker(engines, since=0.0)
    assert [worker.bring(number) for number in (0, 1, 0, 2)] == [30.0, 30.0, 0.0, 30.0]
    assert list(worker.resident) == [0, 2]
    assert worker.bring(1) == 3.0


def test_keda_grows_at_once_and_shrinks_slowly() -> None:
    scaler = Autoscaler(most=50, target=4)
    assert scaler.desired(400, 10, now=0) == 20, "a step doubles the fleet at most"
    assert scaler.desired(0, 20, now=15) == 20, "what was wished lately still counts"
    assert scaler.desired(0, 20, now=400) == 16
    assert scaler.desired(0, 16, now=415) == 16, "one step a minute"
    assert scaler.desired(82, 20, now=900) == 20, "within its tolerance"


def test_the_picture_has_a_line_for_each_row() -> None:
    row = played(VARIANTS[0], workers=10)[1]
    assert draw([row, row]).height > draw([row]).height


def test_the_page_tells_how_busy_redis_is_by_the_figures_that_it_gives() -> None:
    page = DOCS.read_text("utf-8")
    for load in loads():
        assert f"| {' | '.join(load.cells())} |" in page.replace("**", "")
