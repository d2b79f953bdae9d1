"""Engines as a worker runs them: cancelled at a step, and on whole jobs."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from types import MappingProxyType

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import Result
from likeness.contract.tasks import Task
from likeness.imaging.colour import Floats
from likeness.storage.pictures import PictureStore
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.engine import AllCancelled, Engine, EngineTask
from worker.once import Unwatched, ordered
from worker.residency.engines import Residents
from worker.runs.context import Context
from worker.runs.run import Run


class Shipped(Residents):
    """The engines whose weights ship, on the CPU, which look for the product of an image once.

    The same image gives the same mask, and tests ask for those of a few photos again and again.
    """

    def __init__(self) -> None:
        super().__init__(Components(Weights(WEIGHTS, WEIGHTS), "cpu"))
        self.masks: dict[tuple[bytes, tuple[int, ...]], Floats] = {}

    def product(self, rgb: Floats) -> Floats:
        key = sha256(rgb.tobytes()).digest(), rgb.shape
        if key not in self.masks:
            self.masks[key] = super().product(rgb)
        return self.masks[key].copy()


@cache
def shipped() -> Shipped:
    """Return the engines whose weights ship; each is loaded once."""
    return Shipped()


def steps_until_cancelled(engine: Engine, tasks: Sequence[EngineTask], last: int) -> list[tuple[int, int, str]]:
    """Cancel an engine when it reports a step for the `last`th time; return what it reported: step, steps, stage."""
    reported: list[tuple[int, int, str]] = []

    def stop(step: int, steps: int, stage: str, *_preview: object) -> None:
        reported.append((step, steps, stage))
        if len(reported) == last:
            raise AllCancelled

    with pytest.raises(AllCancelled):
        engine.generate(tasks, stop)
    return reported


def finished(
    residents: Residents,
    spec: EngineSpec,
    task: Task,
    given: bytes | None = None,
    sent: Mapping[str, bytes] = MappingProxyType({}),
) -> tuple[Result, bytes]:
    """Run a job on an engine; return its result and the file of its first image.

    `given` is the original, `sent` the other files by the names of their fields.
    """
    store = PictureStore.open("memory://")
    _, order = ordered(task, given, sent, load_catalogue(), store, residents.has, noncommercial=True)
    outcome = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
    assert isinstance(outcome, Result), outcome
    return outcome, store.get(outcome.images[0].picture)
