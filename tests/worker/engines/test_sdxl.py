"""Stable Diffusion XL: its refiner, the sizes it is told, and what it gets without a negative prompt."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.worker.engines.test_families import CATALOGUE, SMALL, engine, made, models, residents, small, task  # noqa: F401  fixtures
from worker.diffusion.tensors import to_working_size
from worker.engine import Engine, EngineTask
from worker.engines.stable_diffusion_xl import sizes
from worker.residency.engines import Residents


def test_a_refiner_takes_the_last_steps(engine: Callable[[str], Engine]) -> None:  # noqa: F811
    reported: list[int] = []
    one = task("sdxl-refined", parameters={"steps": 10})
    engine("sdxl-refined").generate([one], lambda step, steps, stage: reported.append(step))
    assert reported == list(range(1, 10 + 3 + 2)), "ten steps, three of the refiner, one of decoding"
    assert (made(engine("sdxl-refined"), one)[0] != made(engine("sdxl"), one)[0]).any()


def test_sdxl_is_told_the_size_that_the_picture_has(engine: Callable[[str], Engine]) -> None:  # noqa: F811
    given, small = EngineTask(np.zeros((300, 200, 3), np.float32), 1), np.zeros((1024, 680, 3), np.float32)
    assert sizes(given, small)["original_size"] == (300, 200)
    assert sizes(replace(given, from_scratch=True), small)["original_size"] == (1024, 680)
    one = task("sdxl", 64, 64)
    spec = CATALOGUE.find("sdxl").canvas.model_copy(update={"area": 96 * 96, "tile": 96})
    larger = to_working_size(one.canvas, spec)
    assert larger.shape == (96, 96, 3)


def test_a_refiner_works_in_windows_too(engine: Callable[[str], Engine]) -> None:  # noqa: F811
    able, seen = engine("sdxl-refined"), []
    hook = able.refiner.unet.register_forward_pre_hook(lambda *_: seen.append(able.refiner.unet.window))
    made(able, task("sdxl-refined", 136, 168, parameters={"strength": 0.3}))
    hook.remove()
    assert set(seen) == {SMALL["tile"] // 8}


def test_a_refiner_shares_what_it_has_in_common_with_its_base(residents: Residents) -> None:  # noqa: F811
    residents.engine(small(CATALOGUE.find("sdxl-refined")))
    networks = [type(one).__name__ for one in residents.components.networks("sdxl-refined")]
    assert sorted(networks) == ["BatchInvariantUNet"] * 2 + [
        "CLIPTextModel",
        "CLIPTextModelWithProjection",
        "MixedAutoencoder",
    ]


def test_without_a_negative_prompt_sdxl_gets_zeros(engine: Callable[[str], Engine]) -> None:  # noqa: F811
    able = engine("sdxl")
    plain, negative = able._encode(task("sdxl")), able._encode(task("sdxl", parameters={"negative_prompt": "blue"}))
    for name in ("negative_prompt_embeds", "negative_pooled_prompt_embeds"):
        assert not plain[name].any() and negative[name].any()
    assert (plain["prompt_embeds"] == negative["prompt_embeds"]).all() and plain["prompt_embeds"].any()
