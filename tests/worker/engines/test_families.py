"""Every full-size engine of the catalogue, loaded through its own row from small models of its architecture."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed
from likeness.contract.tasks import Control
from tests.support import tiny
from tests.support.engines import steps_until_cancelled
from tests.worker.engines.test_starter import scene
from worker.components import Components, Weights
from worker.diffusion.schedulers import SCHEDULERS
from worker.engine import Canvas, Engine, EngineTask, silent
from worker.observability.log_filters import keep_quiet
from worker.residency.engines import Residents

CATALOGUE = load_catalogue()
FULL = [spec for spec in CATALOGUE.engines if spec.weights in tiny.MAKERS and "prompt" in spec.parameters]
NAMES = [spec.name for spec in FULL]
SMALL = {"native": None, "area": None, "tile": 96, "overlap": 32}


def small(spec: EngineSpec) -> EngineSpec:
    """Return the row with a canvas that small pictures fill."""
    canvas = spec.canvas.model_copy(update=SMALL if spec.canvas.larger == "tiles" else SMALL | {"overlap": 0})
    return spec.model_copy(update={"canvas": canvas})


@pytest.fixture(autouse=True)
def small_area(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pipeline of Qwen-Image-Edit work on small pictures too; its area is a constant of its module."""
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", 96 * 96)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", 64 * 64)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models as `likeness models pull` leaves it."""
    return saved_models(tmp_path_factory.getbasetemp())


@cache
def saved_models(base: Path) -> Path:
    """Save the models once a session: pytest makes a fixture anew for every file that imports it."""
    folder = base / "small-models"
    folder.mkdir()
    for name in {need for spec in FULL for need in spec.needs}:
        tiny.MAKERS[name](folder / name)
    return folder


@pytest.fixture(scope="session")
def residents(models: Path) -> Residents:
    """All engines at once: what their rows say of memory is true of the real models only."""
    return loaded(models)


@cache
def loaded(models: Path) -> Residents:
    """Load the engines once a session."""
    return Residents(Components(Weights(models, models), "cpu", "float32"), memory=10**12)


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
        mask=plane if spec.kinds == ["customise"] else None,
        controls=tuple(Control(kind=kind) for kind in spec.controls[:1]),
        **given,
    )


def made(engine: Engine, *tasks: EngineTask) -> list[Canvas]:
    return engine.generate(tasks, silent)


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
    if one.parameters.get("guidance_scale") != 0:
        assert (first != said).any(), "the text steers"


@pytest.mark.parametrize("name", ["sd15", "sdxl", "kandinsky22", "flux-kontext", "flux2-klein", "qwen-image-edit"])
def test_no_library_logs_a_prompt(
    engine: Callable[[str], Engine], name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("diffusers", "transformers"):  # they keep their lines to handlers of their own
        monkeypatch.setattr(logging.getLogger(library), "propagate", True)
    keep_quiet()
    made(engine(name), task(name, text="plum zeppelin " * 200))
    assert not [record.name for record in caplog.records if "zeppelin" in record.getMessage()]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_in_any_slot_of_any_batch(engine: Callable[[str], Engine], name: str) -> None:
    tasks = [task(name, seed=seed, text=text) for seed, text in enumerate(("a red shirt", "socks", "a hat of wool"))]
    alone = [made(engine(name), one)[0] for one in tasks]
    for order in ((2, 0, 1), (1, 2)):
        batch = made(engine(name), *(tasks[index] for index in order))
        assert all((picture == alone[index]).all() for picture, index in zip(batch, order, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_cancelling_at_step_two_stops_there(engine: Callable[[str], Engine], name: str) -> None:
    reported = steps_until_cancelled(engine(name), [task(name, parameters={"steps": 10})], 2)
    assert [step for step, _, _ in reported] == [1, 2]


@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 400), (400, 64), (136, 168)])
@pytest.mark.parametrize("name", ["sd15", "instruct-pix2pix", "sd15-canny", "sd15-inpaint", "sdxl", "sdxl-inpaint"])
def test_any_size_comes_back_in_its_size(engine: Callable[[str], Engine], name: str, height: int, width: int) -> None:
    one = task(name, height, width)
    assert made(engine(name), one)[0].shape == one.canvas.shape


@pytest.mark.parametrize("name", [spec.name for spec in FULL if spec.family.startswith("stable_diffusion")])
def test_no_picture_is_squashed(engine: Callable[[str], Engine], name: str) -> None:
    able, seen = engine(name), []
    hooks = [
        able.unet.register_forward_pre_hook(
            lambda _, given, named: seen.append((given or [named["sample"]])[0].shape[2:]), with_kwargs=True
        )
    ]
    hooks.append(able.vae.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[2:])))
    made(able, task(name, 64, 96))
    for hook in hooks:
        hook.remove()
    assert seen and {tuple(size) for size in seen} <= {(8, 12), (64, 96)}


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


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_the_networks_of_img2img_also_fill(engine: Callable[[str], Engine], name: str) -> None:
    one = task(name, parameters={"strength": 1.0})
    hole = np.zeros(one.canvas.shape[:2], np.float32)
    hole[16:48, 16:48] = 1
    filled, from_scratch = made(engine(name), replace(one, mask=hole))[0], made(engine(name), one)[0]
    assert filled.shape == one.canvas.shape and (filled != from_scratch).any()


def test_adapters_are_put_on_for_a_run_and_taken_off(engine: Callable[[str], Engine]) -> None:
    plain = task("sd15")
    with_it = replace(plain, loras={"lcm-lora-sd15": 1.0})
    before = made(engine("sd15"), plain)[0]
    full, half = (made(engine("sd15"), replace(plain, loras={"lcm-lora-sd15": weight}))[0] for weight in (1.0, 0.5))
    made(engine("sd15-lcm"), task("sd15-lcm"))
    assert (full != before).any() and (full != half).any()
    assert (made(engine("sd15"), plain)[0] == before).all(), "off again, also after an engine that always has it on"
    assert (made(engine("sd15"), with_it)[0] == full).all()


def test_an_adapter_that_is_not_installed_fails_the_job_and_says_how_to_get_it(engine: Callable[[str], Engine]) -> None:
    with pytest.raises(EngineFailed, match="likeness models pull style-of-old"):
        made(engine("sd15"), replace(task("sd15"), loras={"style-of-old": 1.0}))


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_every_scheduler_runs_the_steps_it_is_asked_for(
    engine: Callable[[str], Engine], family: str, name: str
) -> None:
    reported: list[tuple[int, int]] = []
    one = task(family, parameters={"scheduler": name, "steps": 3, "strength": 1.0})
    engine(family).generate([one], lambda step, steps, stage: reported.append((step, steps)))
    assert reported == [(1, 4), (2, 4), (3, 4), (4, 4)]
    other = made(engine(family), replace(one, parameters=one.parameters | {"scheduler": "ddim"}))[0]
    assert name == "ddim" or (other != made(engine(family), one)[0]).any()


def test_a_map_that_is_sent_steers_instead_of_the_drawn_one(engine: Callable[[str], Engine]) -> None:
    drawn = task("sd15-canny")
    lines = np.zeros_like(drawn.canvas)
    lines[::8] = 1
    sent = replace(drawn, maps={"canny": lines})
    nothing = replace(drawn, controls=(Control(kind="canny", weight=0.0),))
    results = [made(engine("sd15-canny"), one)[0] for one in (drawn, sent, nothing)]
    assert all((a != b).any() for a, b in combinations(results, 2))


@pytest.mark.parametrize("name", ["sd15", "sd15-inpaint", "sd15-canny", "sdxl", "sdxl-inpaint", "kandinsky22"])
def test_the_least_strength_draws_too(engine: Callable[[str], Engine], name: str) -> None:
    one = task(name, parameters={"strength": CATALOGUE.find(name).parameters["strength"].minimum})
    assert np.isfinite(made(engine(name), one)[0]).all()


@pytest.mark.parametrize(
    ("name", "strength", "steps", "run"), [("sd15", 0.3, 30, 15), ("sd15-lcm", 0.05, 4, 2), ("sd15-lcm", 1.0, 60, 50)]
)
def test_lcm_runs_no_more_steps_than_it_knows(
    engine: Callable[[str], Engine], name: str, strength: float, steps: int, run: int
) -> None:
    reported: list[str] = []
    one = task(name, parameters={"scheduler": "lcm", "strength": strength, "steps": steps})
    engine(name).generate([one], lambda step, steps, stage: reported.append(stage))
    assert reported.count("denoising") == run


def test_a_control_counts_only_between_its_start_and_its_end(engine: Callable[[str], Engine]) -> None:
    results = [
        made(engine("sd15-canny"), replace(task("sd15-canny"), controls=(Control(kind="canny", start=a, end=b),)))[0]
        for a, b in ((0.0, 1.0), (0.0, 0.5), (0.5, 1.0))
    ]
    assert all((a != b).any() for a, b in combinations(results, 2))


def test_several_maps_steer_at_once(engine: Callable[[str], Engine]) -> None:
    one = task("sd15-controls")
    both = replace(one, controls=(Control(kind="canny"), Control(kind="depth")))
    assert (made(engine("sd15-controls"), one)[0] != made(engine("sd15-controls"), both)[0]).any()


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_it_does_with_less_memory_measure_by_measure_and_back(engine: Callable[[str], Engine], name: str) -> None:
    one, able = task(name, 96, 96), engine(name)
    before = made(able, one)[0]
    taken = []
    while measure := able.save_memory():
        taken.append(measure)
        assert made(able, one)[0].shape == one.canvas.shape
    assert taken == ["VAE tiling", "text encoders on the CPU", "tiled denoising"]
    able.spend_memory()
    assert (made(able, one)[0] == before).all()


@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # torch's own
def test_networks_are_given_to_torch_compile_where_that_is_set(models: Path) -> None:
    """Compiling itself takes a minute or two; what it makes was compared by hand, to 1e-5."""
    for asked in (False, True):
        residents = Residents(Components(Weights(models, models), "cpu", "float32", asked), memory=10**12)
        unet = residents.engine(small(CATALOGUE.find("sd15"))).unet
        blocks = [one for one in unet.modules() if type(one).__name__ == "BasicTransformerBlock"]
        assert blocks and {one._compiled_call_impl is not None for one in blocks} == {asked}
        assert unet._compiled_call_impl is None, "its loop over windows would be unrolled"


@pytest.mark.parametrize(("strength", "run"), [(0.5, 2), (1.0, 4)])
def test_lightning_runs_at_the_times_it_was_trained_at(
    engine: Callable[[str], Engine], strength: float, run: int
) -> None:
    able, seen = engine("sdxl-lightning"), []
    hook = able.unet.register_forward_pre_hook(lambda _, given: seen.append(round(float(given[1]))))
    made(able, task("sdxl-lightning", parameters={"steps": 4, "strength": strength}))
    hook.remove()
    assert seen == [999, 749, 499, 249][-run:]


def test_a_hole_is_never_filled_in_windows(engine: Callable[[str], Engine]) -> None:
    for name in ("sd15-inpaint", "sdxl"):
        able, one = engine(name), task(name, 136, 168, parameters={"strength": 1.0})
        made(able, replace(one, mask=np.ones((136, 168), np.float32)))
        assert able.unet.window is None


def test_from_much_noise_nothing_is_made_in_windows(engine: Callable[[str], Engine]) -> None:
    for strength, window in ((0.3, SMALL["tile"] // 8), (0.6, None)):
        made(engine("sd15"), task("sd15", 136, 168, parameters={"strength": strength}))
        assert engine("sd15").unet.window == window
