"""The first picture of every engine that ships, and of small models of the others' architectures."""

from pathlib import Path

import pytest

from likeness.contract.catalogue import load_catalogue
from tests.worker.engines.test_families import loaded, models, small
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.engine import EngineTask, StepHook
from worker.residency.engines import Residents
from worker.residency.warm_up import small_task, warm_up

__all__ = ["models"]
CATALOGUE = load_catalogue()
FULL = ["sd15", "sd15-depth", "sd15-inpaint", "instruct-pix2pix", "sdxl"]
SHIPPED = [spec.name for spec in CATALOGUE.engines if Weights(WEIGHTS, Path("none")).has(spec)]


READS_FIRST = {"feature-diffusion"}
"""Engines that report a step before they denoise: the reading of features."""


@pytest.fixture(scope="module")
def residents() -> Residents:
    return Residents(Components(Weights(WEIGHTS, Path("none")), "cpu"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_engine_runs_its_networks_on_the_small_task(residents: Residents, name: str) -> None:
    spec, steps = CATALOGUE.find(name), []
    task = small_task(spec)
    (made,) = residents.engine(spec).generate([task], lambda step, of, stage, preview=None: steps.append(stage))
    assert made.shape == task.canvas.shape and steps
    assert "steps" not in spec.parameters or steps.count("denoising") == 2 + (name in READS_FIRST)


@pytest.mark.parametrize("name", FULL)
def test_so_does_every_kind_of_full_size_engine(models: Path, name: str) -> None:
    spec, steps = small(CATALOGUE.find(name)), []
    task = small_task(spec)
    (made,) = loaded(models).engine(spec).generate([task], lambda step, of, stage, preview=None: steps.append(stage))
    assert made.shape == task.canvas.shape and steps.count("denoising") >= 2


def test_it_is_one_picture_of_the_smallest_size() -> None:
    class Kept:
        def generate(self, tasks: list[EngineTask], on_step: StepHook) -> list:
            self.tasks = tasks
            return [task.canvas for task in tasks]

    kept, spec = Kept(), CATALOGUE.find("starter-edit")
    warm_up(kept, spec.model_copy(update={"canvas": spec.canvas.model_copy(update={"minimum": 65})}))
    assert [task.canvas.shape for task in kept.tasks] == [(96, 96, 3)]
