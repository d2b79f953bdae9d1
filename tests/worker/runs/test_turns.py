"""Turns on a device: in order, one at a time, and the next run begun just before it is needed."""

import threading
import time

import pytest

from likeness.contract.jobs import Result
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS
from likeness.imaging.assessment.learned import Learned
from likeness.storage.pictures import PictureStore
from tests.worker.runs.test_deadline import Clock
from tests.worker.runs.test_run import SPEC, Told, nothing_resident, order
from worker.engine import AllCancelled
from worker.runs.behind import Behind
from worker.runs.context import Context
from worker.runs.run import Run
from worker.runs.turns import LEAD_SECONDS, MOST_PIXELS, Turns


def nothing() -> None:
    """Look at nothing."""


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, said, asked = Turns(), [], [threading.Event() for _ in range(3)]

    def take(number: int) -> None:
        with turns.turn("drill", asked[number].set):
            said.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(3)]
    with turns.turn("drill", nothing):
        for thread, there in zip(threads, asked, strict=True):
            thread.start()
            assert there.wait(5), "who waits looks around now and then"
        assert said == [] and not turns.next_is_due()
    for thread in threads:
        thread.join(5)
    assert said == [0, 1, 2]


def test_who_gives_up_leaves_the_queue() -> None:
    turns = Turns()

    def give_up() -> None:
        raise AllCancelled

    with turns.turn("drill", nothing):
        with pytest.raises(AllCancelled), turns.turn("drill", give_up):
            raise AssertionError("it is not its turn")
        turns._until = 0
        assert turns.next_is_due(), "nobody waits any more"


def test_the_next_run_is_due_when_there_is_just_time_to_prepare_it() -> None:
    clock = Clock()
    turns = Turns(clock)
    assert turns.next_is_due(), "the device is free"
    turns.prepared_in(2.0)
    with turns.turn("drill", nothing), turns.busy():
        assert not turns.next_is_due(), "nothing is known of this engine"
        clock.now += 5
        turns.stepped(1, 4)
        assert not turns.next_is_due(), "15 s to go"
        clock.now += 15 - 3.2
        assert not turns.next_is_due()
        clock.now += LEAD_SECONDS + 0.2
        assert turns.next_is_due(), "half as long again as it takes"
        clock.now += 3
    with turns.turn("drill", nothing):
        clock.now += 16
        assert not turns.next_is_due(), "the last turn took 20 s"
        clock.now += 1
        assert turns.next_is_due()


def test_large_pictures_bound_what_is_begun() -> None:
    turns = Turns()
    with turns.carrying(MOST_PIXELS - 1):
        assert turns.next_is_due()
        with turns.carrying(1):
            assert not turns.next_is_due()
    assert turns.next_is_due()
    small = Turns.within(3 * 2**30)  # no room for a second picture of 12 megapixels
    with small.carrying(12_000_000):
        assert not small.next_is_due()


def test_the_busy_ratio_is_of_the_last_minute() -> None:
    clock = Clock()
    turns = Turns(clock)
    clock.now += 10
    with turns.busy():
        clock.now += 30
        assert turns.busy_ratio() == pytest.approx(0.75)
    clock.now += 50
    assert turns.busy_ratio() == pytest.approx(10 / 60) and turns.busy_seconds == 30
    clock.now += 60
    assert turns.busy_ratio() == 0


def test_what_was_long_ago_is_forgotten_though_nobody_asks() -> None:
    clock = Clock()
    turns = Turns(clock)
    for _ in range(200):
        with turns.busy():
            clock.now += 1
    assert len(turns._busy) <= 61 and turns.busy_seconds == 200


def test_what_is_behind_holds_no_more_than_it_may() -> None:
    go, done, given = threading.Event(), [], threading.Event()

    def give(behind: Behind) -> None:
        for number in range(3):
            behind.do(lambda number=number: (go.wait(5), done.append(number)))
        given.set()

    with Behind(2) as behind:
        thread = threading.Thread(target=give, args=(behind,))
        thread.start()
        assert not given.wait(0.2), "the third has to wait"
        go.set()
        assert given.wait(5)
    assert done == [0, 1, 2]


def test_what_fails_behind_is_not_lost() -> None:
    def fail() -> None:
        raise ValueError("behind")

    with pytest.raises(ValueError, match="behind"), Behind(2) as behind:
        behind.do(fail)


def test_who_waits_for_what_is_behind_looks_around_and_may_leave() -> None:
    go, done = threading.Event(), []

    def give_up() -> None:
        go.set()
        raise AllCancelled

    def give(behind: Behind) -> None:
        for number in range(2):
            behind.do(lambda number=number: (go.wait(5), done.append(number)))

    with pytest.raises(AllCancelled), Behind(2, give_up) as behind:
        give(behind)
    assert done == [0], "the second is dropped"


class Measured:
    """Metrics that wait until another run has had the device."""

    def __init__(self) -> None:
        self.other_generated, self.waits = threading.Event(), True

    def measure(self, given, made, captions) -> Learned:
        if self.waits:
            self.waits = False
            assert self.other_generated.wait(20), "the device waits for the report"
        return WITHOUT_NETWORKS.measure(given, made, captions)


class Generating(Told):
    """A watch that tells when the engine stepped."""

    def __init__(self, stepped: threading.Event) -> None:
        super().__init__()
        self.stepped = stepped

    def progress(self, job_ids, progress) -> set[str]:
        if progress.stage == "denoising":
            self.stepped.set()
        return super().progress(job_ids, progress)


def test_one_run_is_measured_while_the_next_has_the_device() -> None:
    store, metrics = PictureStore.open("memory://"), Measured()
    context = Context(nothing_resident(), store, metrics=metrics)
    first, second, outcomes = order(store), order(store), {}
    one = threading.Thread(target=lambda: outcomes.update(Run(SPEC, context, Told()).execute([first])))
    one.start()
    outcomes |= Run(SPEC, context, Generating(metrics.other_generated)).execute([second])
    one.join(20)
    assert isinstance(outcomes[first.id], Result) and isinstance(outcomes[second.id], Result)


def test_a_candidate_is_measured_while_the_next_is_made() -> None:
    store, metrics = PictureStore.open("memory://"), Measured()
    spec = SPEC.model_copy(update={"batch": 1})

    class SecondCandidate(Generating):
        def progress(self, job_ids, progress) -> set[str]:
            if progress.stage == "denoising" and ("denoising", 1) in self.steps:
                self.stepped.set()
            return Told.progress(self, job_ids, progress)

    one = order(store, candidates=2)
    watch = SecondCandidate(metrics.other_generated)
    outcome = Run(spec, Context(nothing_resident(), store, metrics=metrics), watch).execute([one])[one.id]
    assert isinstance(outcome, Result)


def test_a_job_that_is_cancelled_while_it_is_measured_waits_for_no_more() -> None:
    store, metrics = PictureStore.open("memory://"), Measured()

    class Cancelling(Told):
        def progress(self, job_ids, progress) -> set[str]:
            if progress.stage == "assessing":
                metrics.other_generated.set()
                return set(job_ids)
            return super().progress(job_ids, progress)

    one = order(store, candidates=3)
    spec = SPEC.model_copy(update={"batch": 3})
    began = time.monotonic()
    assert Run(spec, Context(nothing_resident(), store, metrics=metrics), Cancelling()).execute([one]) == {}
    assert time.monotonic() - began < 15, "the metrics would have waited for 20 s"
