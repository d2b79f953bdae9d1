"""What is done when a run fails, rung by rung."""

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import EngineFailed, JobError, NoProduct, OutOfMemory
from tests.support.places import DRILL_CATALOGUE
from worker.components import Components, Weights
from worker.engine import AllCancelled, Canvas, DeviceLost, OutOfTime
from worker.residency.engines import Residents
from worker.residency.shortages import REMEMBERED_SECONDS, Shortage, Shortages
from worker.runs.fallback import Fallback

SPEC = load_catalogue(DRILL_CATALOGUE).find("drill")
"""Four together at most, three measures."""
CANVAS = np.zeros((8, 8, 3), np.float32)
Make = Callable[[Sequence[int]], Sequence[Canvas]]


def resident(device: str = "cpu") -> Residents:
    residents = Residents(Components(Weights(Path("none"), Path("none")), device), 1)
    residents.engine(SPEC)
    return residents


def fallback(
    make: Make, device: str = "cpu", among: Residents | None = None, pixels: int = 64, together: int = SPEC.batch
) -> Fallback[int]:
    return Fallback(SPEC, among or resident(device), make, pixels, together)


def climbed(make: Make, count: int = 4) -> dict[int, Canvas | JobError]:
    return dict(fallback(make).run(range(count)))


def test_batches_are_as_large_as_the_engine_allows() -> None:
    sizes = []

    def make(items: Sequence[int]) -> list[Canvas]:
        sizes.append(len(items))
        return [CANVAS for _ in items]

    assert list(climbed(make, 9)) == list(range(9)) and sizes == [4, 4, 1]


def test_one_bad_picture_is_found_and_the_rest_is_made() -> None:
    def make(items: Sequence[int]) -> list[Canvas]:
        if 2 in items:
            raise ValueError("not this one")
        return [CANVAS for _ in items]

    outcomes = climbed(make)
    assert isinstance(outcomes.pop(2), EngineFailed)
    assert sorted(outcomes) == [0, 1, 3] and all(made is CANVAS for made in outcomes.values())


def test_what_a_failed_call_made_is_let_go_before_the_next() -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def make(items: Sequence[int]) -> list[Canvas]:
        assert not any(ref() is not None for ref in alive), "it would still take the memory that is short"
        activations = np.zeros(1000)
        alive.append(weakref.ref(activations))
        raise MemoryError

    (outcome,) = climbed(make, 1).values()
    assert isinstance(outcome, OutOfMemory) and len(alive) == 4, "once, and after each measure"


def test_a_job_error_of_the_engine_stays_what_it_is() -> None:
    def make(items: Sequence[int]) -> list[Canvas]:
        raise NoProduct("nothing stands out")

    assert {type(outcome) for outcome in climbed(make).values()} == {NoProduct}


def test_what_nobody_wants_yields_nothing_and_being_stopped_goes_through() -> None:
    def cancelled(items: Sequence[int]) -> list[Canvas]:
        raise AllCancelled

    def stopped(items: Sequence[int]) -> list[Canvas]:
        raise OutOfTime

    assert climbed(cancelled) == {}
    with pytest.raises(OutOfTime):
        climbed(stopped)


def test_too_few_pictures_are_an_error_of_the_family() -> None:
    with pytest.raises(ValueError, match="shorter"):
        climbed(lambda items: [])


def test_a_device_that_answers_no_more_stops_the_run() -> None:
    def make(items: Sequence[int]) -> list[Canvas]:
        raise RuntimeError("CUDA error: device-side assert triggered")

    with pytest.raises(DeviceLost, match="device-side assert"):
        list(fallback(make, "cuda:99").run([0]))  # a device that is nowhere answers nothing
    assert isinstance(climbed(make, 1)[0], EngineFailed), "this one does: the engine failed, and that is all"


def test_no_more_are_made_together_than_the_run_allows() -> None:
    sizes: list[int] = []

    def make(items: Sequence[int]) -> list[Canvas]:
        sizes.append(len(items))
        return [CANVAS for _ in items]

    list(fallback(make, together=1).run(range(3)))
    assert sizes == [1, 1, 1]


def test_the_next_run_of_a_size_begins_with_what_the_last_one_came_to() -> None:
    """Two together at most, and after two measures: the second run fails no call, the third is small and needs none."""
    residents, calls = resident(), []

    def make(items: Sequence[int]) -> list[Canvas]:
        calls.append(len(items))
        if len(items) > 1 or residents.engine(SPEC).saving < 2:
            raise MemoryError
        return [CANVAS for _ in items]

    runs = []
    for pixels in (4096, 8192, 64):
        run = fallback(make, among=residents, pixels=pixels)
        calls.clear()
        list(run.run(range(2)))
        run.step_down()
        runs.append((list(calls), run.taken))
        assert residents.engine(SPEC).saving == 0, "spends memory again"
    taken = ["batch split", "VAE slicing", "VAE tiling"]
    assert runs[0] == ([2, 1, 1, 1, 1], taken)
    assert runs[1] == ([1, 1], [*taken[1:], taken[0]]), "a larger one does not fit either"
    assert runs[2][0][0] == 2, "a smaller one is tried whole"


def test_what_was_short_is_tried_again_after_a_time() -> None:
    now = [0.0]
    known = Shortages(lambda: now[0])
    known.note("sdxl", 100, Shortage(1, 2))
    known.note("sdxl", 400, Shortage(1, 3))
    assert known.of("sdxl", 99) is None and known.of("sd15", 100) is None
    assert known.of("sdxl", 399) == Shortage(1, 2) and known.of("sdxl", 10**6) == Shortage(1, 3)
    now[0] = REMEMBERED_SECONDS + 1
    assert known.of("sdxl", 400) is None
