"""Runs of batch jobs give way to interactive ones: real Valkey, real workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import redis

from likeness.contract.jobs import JobStatus, Progress
from likeness.queue import keys
from likeness.queue.keys import BATCH_TURN_SECONDS
from tests.worker.drill import Drill
from worker.engine import GivesWay
from worker.queue.leased_run import Drain, LeasedRun
from worker.queue.listener import Listener
from worker.queue.scheduling import Scheduler


@pytest.mark.processes
@pytest.mark.alone
@pytest.mark.timeout(60)
def test_an_interactive_job_stops_a_run_of_batch_jobs_which_runs_again_and_ends_once(drill: Drill) -> None:
    batch = [drill.submit(steps=40, priority="batch") for _ in range(2)]
    drill.worker()  # which takes both for one run
    drill.until(lambda: all(drill.job(one).progress is not None for one in batch), 30)
    first = drill.submit(steps=2, prompt="interactive")
    (interactive,) = drill.ended([first], 20)
    jobs = drill.ended(batch, 60)
    assert {job.status for job in [interactive, *jobs]} == {JobStatus.SUCCEEDED}
    assert (interactive.started_at - interactive.created_at).total_seconds() < 1
    assert all(job.started_at > interactive.started_at for job in jobs), "they were started again"
    assert [job.result.batch for job in jobs] == [2, 2], "together: no try was used up"
    assert all(drill.endings(job.id) == [JobStatus.SUCCEEDED] for job in [interactive, *jobs])


def progress(stage: str, step: int = 0, steps: int = 0) -> Progress:
    return Progress(stage=stage, step=step, steps=steps)


def test_a_run_gives_way_at_a_step_but_not_once_its_pictures_are_made() -> None:
    run = LeasedRun(SimpleNamespace(brief=redis.Redis(), leases={}), [], Drain(60), alone=False, may_give_way=True)
    run.begins()
    assert run.progress([], progress("denoising", 1, 2)) == set()
    run.gives_way = True
    for made in (progress("denoising", 2, 2), progress("decoding", 2, 2), progress("assessing")):
        assert run.progress([], made) == set()
    for step in (progress("preparing"), progress("loading"), progress("denoising", 1, 2)):
        with pytest.raises(GivesWay):
            run.progress([], step)
    for call in (run.begins, lambda: run.waits([])):
        with pytest.raises(GivesWay):
            call()


def test_a_batch_that_gave_way_still_waits_for_its_turn() -> None:
    moment = [0.0]
    scheduler = Scheduler(lambda: moment[0])
    for now in range(0, BATCH_TURN_SECONDS, 10):
        moment[0] = now
        scheduler.took("drill-batch")
        scheduler.gave_way()
    assert not scheduler.batch_due
    moment[0] = BATCH_TURN_SECONDS
    assert scheduler.batch_due
    scheduler.took("drill-batch")
    assert not scheduler.batch_due


@contextmanager
def listening(drill: Drill, others: list[str], would: list[bool]) -> Iterator[tuple[Listener, list[str], redis.Redis]]:
    heard: list[str] = []
    with redis.Redis.from_url(drill.redis_url) as client:
        answers = iter(would)
        yield (
            Listener(client, ["drill-interactive"], lambda: others, lambda: next(answers), lambda: heard.append("")),
            heard,
            client,
        )


BELL = keys.WAKE_UP_KEY.format(queue="drill-interactive")


def test_what_is_heard_is_an_interactive_job_that_waits_and_nothing_else(drill: Drill) -> None:
    with listening(drill, [], [True] * 3) as (listener, heard, client):
        assert listener.listen() == 0 and heard == [], "nobody rang"
        drill.submit(priority="batch")
        client.lpush(BELL, "1")
        assert listener.listen() == 0 and heard == [], "a wake-up of a job that was taken"
        drill.submit()
        assert listener.listen() == 0 and len(heard) == 1


@pytest.mark.parametrize(("others", "would"), [(["drill"], True), ([], False)])
def test_a_wake_up_that_is_for_others_is_passed_on(drill: Drill, others: list[str], would: bool) -> None:
    with listening(drill, others, [would]) as (listener, heard, client):
        drill.submit()
        assert listener.listen() > 0 and heard == []
        assert client.llen(BELL) == 1
