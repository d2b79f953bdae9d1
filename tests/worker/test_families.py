"""Every full-size engine of the catalogue, loaded through its own row from small models of its architecture."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.contract.catalogue import EngineSpec, load_catalogue
from likeness.contract.tasks import Control
from tests import tiny
from tests.worker.test_engines import scene
from worker.components import Components, Weights
from worker.engine import AllCancelled, Canvas, Engine, EngineTask
from worker.residency import Residents

CATALOGUE = load_catalogue()
FULL = [spec for spec in CATALOGUE.engines if spec.weights in tiny.MAKERS]
NAMES = [spec.name for spec in FULL]
SMALL = {"native": None, "tile": 96, "overlap": 32}


def small(spec: EngineSpec) -> EngineSpec:
    """Return the row with a canvas that small pictures fill."""
    canvas = spec.canvas.model_copy(update=SMALL if spec.canvas.larger == "tiles" else SMALL | {"overlap": 0})
    return spec.model_copy(update={"canvas": canvas})


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models as `likeness models pull` leaves it."""
    folder = tmp_path_factory.mktemp("models")
    for name in {need for spec in FULL for need in spec.needs}:
        tiny.MAKERS[name](folder / name)
    return folder


@pytest.fixture(scope="session")
def residents(models: Path) -> Residents:
    return Residents(Components(Weights(models, models), "cpu", "float32"))


@pytest.fixture(scope="session")
def engine(residents: Residents) -> Callable[[str], Engine]:
    return lambda name: residents.engine(small(CATALOGUE.find(name)))


def task(name: str, height: int = 64, width: int = 96, seed: int = 1, **given: Any) -> EngineTask:
    """Return what a job would ask of an engine: its defaults, in two steps, on a scene."""
    spec = CATALOGUE.find(name)
    parameters = {key: one.default for key, one in spec.parameters.items() if key != "seed"} | {"steps": 2}
    if parameters.get("strength") is not None:
        parameters["strength"] = max(0.5, float(parameters["strength"]))
    plane = np.zeros((height, width), np.float32)
    plane[height // 4 : height // 2, width // 4 : width // 2] = 1
    return EngineTask(
        scene(height, width, seed),
        seed,
        parameters | given.pop("parameters", {}),
        text=str(given.pop("text", "a red shirt")),
        mask=plane if "fill" in spec.ways else None,
        controls=tuple(Control(kind=kind) for kind in spec.controls[:1]),
        **given,
    )


def made(engine: Engine, *tasks: EngineTask) -> list[Canvas]:
    return engine.generate(tasks, lambda step, steps, stage: None)


@pytest.mark.parametrize("name", NAMES)
def test_it_makes_a_picture_that_its_seed_and_text_decide(engine: Callable[[str], Engine], name: str) -> None:
    one = task(name)
    first, again, other, said = (
        made(engine(name), each)[0]
        for each in (one, one, replace(one, seed=2), replace(one, text="a blue sock on grass"))
    )
    assert first.shape == one.canvas.shape and np.isfinite(first).all()
    assert (first == again).all(), "the same job again"
    assert (first != other).any() and (first != one.canvas).any()
    if one.parameters["guidance_scale"] != 0:
        assert (first != said).any(), "the text steers"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_in_any_slot_of_any_batch(engine: Callable[[str], Engine], name: str) -> None:
    tasks = [task(name, seed=seed, text=text) for seed, text in enumerate(("a red shirt", "socks", "a hat of wool"))]
    alone = [made(engine(name), one)[0] for one in tasks]
    for order in ((0, 1, 2), (2, 0, 1), (1, 2)):
        batch = made(engine(name), *(tasks[index] for index in order))
        assert all((picture == alone[index]).all() for picture, index in zip(batch, order, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_cancelling_at_step_two_stops_there(engine: Callable[[str], Engine], name: str) -> None:
    steps: list[int] = []

    def stop(step: int, _steps: int, stage: str) -> None:
        steps.append(step)
        if step == 2:
            raise AllCancelled

    with pytest.raises(AllCancelled):
        engine(name).generate([task(name, parameters={"steps": 10})], stop)
    assert steps == [1, 2]


@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 400), (400, 64), (136, 168)])
@pytest.mark.parametrize("name", ["sd15", "instruct-pix2pix", "sd15-canny", "sd15-inpaint", "sdxl", "sdxl-inpaint"])
def test_any_size_comes_back_in_its_size(engine: Callable[[str], Engine], name: str, height: int, width: int) -> None:
    one = task(name, height, width)
    assert made(engine(name), one)[0].shape == one.canvas.shape


def test_stable_diffusion_shares_its_networks(residents: Residents, engine: Callable[[str], Engine]) -> None:
    names = ("sd15", "sd15-canny", "sd15-lineart", "sd15-softedge")
    for name in names:
        engine(name)
    components = residents.components
    apart = sum(components.size(name) for name in names)
    controls = sum(components.size(name) - components.size("sd15") for name in names)
    together = components.size("sd15") + controls
    assert len({id(engine(name).unet) for name in names}) == 1
    assert apart - together == 3 * components.size("sd15")
