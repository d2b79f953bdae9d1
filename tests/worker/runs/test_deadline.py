"""When a run must be over: its work counts, loading does not."""

from worker.runs.deadline import LOADING_SECONDS, Deadline


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def started(seconds: float) -> tuple[Deadline, Clock]:
    clock = Clock()
    deadline = Deadline(clock)
    assert not deadline.passed(), "there is no run"
    deadline.set(seconds)
    return deadline, clock


def test_it_passes_and_is_over_with_the_run() -> None:
    deadline, clock = started(10)
    clock.now += 11
    assert deadline.passed() and deadline.passed(by=0.5) and not deadline.passed(by=2)
    deadline.clear()
    assert not deadline.passed()


def test_loading_does_not_count() -> None:
    deadline, clock = started(10)
    clock.now += 4
    deadline.heed("loading")
    clock.now += 300
    deadline.heed("loading")
    assert not deadline.passed()
    deadline.heed("preparing")
    clock.now += 5
    deadline.heed("denoising")
    assert not deadline.passed()
    clock.now += 2
    assert deadline.passed(), "four seconds before, seven after"


def test_loading_has_a_bound_of_its_own() -> None:
    deadline, clock = started(10)
    deadline.heed("loading")
    clock.now += LOADING_SECONDS + 11
    assert deadline.passed()


def test_the_next_run_has_its_whole_time() -> None:
    deadline, clock = started(10)
    deadline.heed("loading")
    deadline.set(5)
    deadline.heed("denoising")
    clock.now += 6
    assert deadline.passed()
