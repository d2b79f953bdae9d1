"""Every full-size family on a device of its own, in each number type, before and after it saved memory."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from likeness.contract.engines import EngineSpec
from tests.support.pretend_gpu import device, pretend_gpu
from tests.worker.engines.test_families import CATALOGUE, FULL, made, models, small, small_area, task
from worker.components import Components, Weights
from worker.engine import Canvas, Engine, EngineTask
from worker.engines import kandinsky22
from worker.residency.engines import Residents

__all__ = ["models", "small_area"]
FAMILIES = ["sd15-controls", "sd15-inpaint", "sdxl-refined", "sdxl-instruct-pix2pix", "kandinsky22"]
FAMILIES += ["flux-kontext", "flux2-klein", "qwen-image-edit"]
"""Engines that together run every family, and most of their networks."""
DTYPES = {"float32": 1e-5, "bfloat16": 0.02, "float16": 0.002}
"""How far from the CPU's picture in float32 a picture in each number type may be on average."""


@pytest.fixture(autouse=True)
def short_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kandinsky22, "PRIOR_STEPS", 2)


def asked(name: str) -> tuple[EngineSpec, EngineTask]:
    return small(CATALOGUE.find(name)), task(name, 64, 96, parameters={"steps": 1})


@pytest.fixture(scope="module")
def expected(models: Path) -> Callable[[str], Canvas]:
    """The CPU's picture of every family, drawn once."""
    residents = Residents(Components(Weights(models, models), "cpu", "float32"), memory=10**12)

    @cache
    def picture(name: str) -> Canvas:
        spec, one = asked(name)
        return made(residents.engine(spec), one)[0]

    return picture


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_gpu_makes_the_cpus_picture_also_after_it_saved_memory(
    expected: Callable[[str], Canvas], models: Path, name: str, dtype: str
) -> None:
    (spec, one), right = asked(name), expected(name)

    def drawn(able: Engine) -> Canvas:
        picture = made(able, one)[0]
        assert picture.shape == one.canvas.shape and np.abs(picture - right).mean() < DTYPES[dtype]
        return picture

    with pretend_gpu() as gpu:
        able = Residents(Components(Weights(models, models), str(gpu), dtype), memory=10**12).engine(spec)
        first = drawn(able)
        while able.save_memory():
            if dtype == "float32":  # the others with all measures at once
                drawn(able)
        if dtype != "float32":
            drawn(able)
        able.spend_memory()
        assert (made(able, one)[0] == first).all(), "nothing is left of the measures"


def test_every_family_is_among_them() -> None:
    assert {CATALOGUE.find(name).family for name in FAMILIES} == {spec.family for spec in FULL}


def test_what_runs_after_may_fork_random_numbers() -> None:
    """The device stays registered: torch then asks it for the state of its random numbers, in any test."""
    device()
    torch.manual_seed(1)
    with torch.random.fork_rng():
        drawn = torch.rand(3)
    assert torch.equal(torch.rand(3), drawn)
