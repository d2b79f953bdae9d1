"""Runs of one worker overlap, and nothing is lost by it: real Valkey, real workers, killed in every phase."""

import signal
from pathlib import Path

import pytest

from likeness.contract.jobs import JobStatus
from tests.support.halting_worker import PLACES
from tests.worker.drill import Drill
from worker.engine import Draining
from worker.queue.leased_run import Drain

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(180)]


@pytest.mark.parametrize("place", PLACES)
def test_killed_in_any_phase_every_job_runs_again_and_ends_once(drill: Drill, tmp_path: Path, place: str) -> None:
    ids = [drill.submit(steps=steps) for steps in (1, 2, 3, 4)]
    there = tmp_path / "there"
    halting = drill.starting(program=["tests.support.halting_worker", place, str(there)])
    drill.until(there.exists, 60)
    drill.kill(halting)
    assert not all(drill.status(one).ended for one in ids)
    drill.lapse(halting)
    drill.worker()
    jobs = drill.ended(ids, 60)
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert all(drill.endings(one) == [JobStatus.SUCCEEDED] for one in ids)


def test_a_job_prepared_ahead_is_cancelled_while_it_waits(drill: Drill, tmp_path: Path) -> None:
    go = tmp_path / "go"
    drill.worker()
    drill.ended([drill.submit()], 30)  # from now on the worker knows how long a turn takes, and prepares ahead
    first = drill.submit(prompt=f"until {go}")
    drill.until(lambda: drill.status(first) is JobStatus.RUNNING, 10)
    second = drill.submit(steps=2)
    drill.until(lambda: drill.status(second) is JobStatus.RUNNING, 10)
    drill.call(lambda queue: queue.cancel(second, "tests"))
    drill.until(lambda: drill.status(second) is JobStatus.CANCELLED, 5)
    assert drill.status(first) is JobStatus.RUNNING
    go.touch()
    assert drill.ended([first], 20)[0].status is JobStatus.SUCCEEDED


def test_a_stopping_worker_hands_back_at_once_what_waits_for_the_device(drill: Drill, tmp_path: Path) -> None:
    go = tmp_path / "go"
    worker = drill.worker()
    drill.ended([drill.submit()], 30)
    first = drill.submit(prompt=f"until {go}")
    drill.until(lambda: drill.status(first) is JobStatus.RUNNING, 10)
    second = drill.submit(steps=2)
    drill.until(lambda: drill.status(second) is JobStatus.RUNNING, 10)
    worker.send_signal(signal.SIGTERM)
    drill.until(lambda: drill.status(second) is JobStatus.QUEUED, 5)
    assert drill.status(first) is JobStatus.RUNNING, "what has the device may end"
    go.touch()
    assert worker.wait(20) == 0
    assert drill.status(first) is JobStatus.SUCCEEDED
    assert drill.endings(second) == [] and drill.status(second) is JobStatus.QUEUED


def test_a_call_that_never_returns_takes_no_other_job_along(hasty: Drill) -> None:
    worker = hasty.worker(hang_seconds="1")
    hasty.ended([hasty.submit()], 30)
    hangs = hasty.submit(prompt="hang")
    hasty.until(lambda: hasty.status(hangs) is JobStatus.RUNNING, 10)
    ahead = hasty.submit(steps=2)
    assert hasty.ended([hangs], 30)[0].error.code == "timeout"
    assert worker.wait(10) == 70
    assert hasty.status(ahead) is JobStatus.QUEUED, "handed back, with all its tries"


def test_a_drain_lets_runs_go_on_but_not_those_that_wait() -> None:
    drain = Drain(60)
    drain.check(waiting=True)
    drain.begin()
    drain.check(waiting=False)
    with pytest.raises(Draining):
        drain.check(waiting=True)
    drain = Drain(0)
    drain.begin()
    with pytest.raises(Draining):
        drain.check(waiting=False)
