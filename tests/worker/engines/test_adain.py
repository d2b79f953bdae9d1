"""AdaIN with the shipped decoder: the colours and textures of a style, as much of them as is asked for."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from likeness.contract.catalogue import load_catalogue
from likeness.imaging.metrics.psnr import psnr
from tests.support.engines import steps_until_cancelled
from tests.worker.engines.test_starter import scene
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.diffusion.tensors import pixels
from worker.engine import EngineTask
from worker.engines.adain import AdainEngine, load
from worker.networks.style import MOBILENET_STYLE, gram, style_error, tapped

SPEC = load_catalogue().find("adain")
DOTS = np.where(
    np.hypot(*(np.mgrid[:128, :128] % 32 - 16))[..., None] < 10,
    np.float32([0.9, 0.2, 0.1]),
    np.float32([0.1, 0.2, 0.4]),
)


@pytest.fixture(scope="module")
def engine() -> AdainEngine:
    spec = SPEC.model_copy(update={"canvas": SPEC.canvas.model_copy(update={"native": None, "tile": 128})})
    return load(spec, Components(Weights(WEIGHTS, WEIGHTS), "cpu"))


def task(height: int = 96, width: int = 128, seed: int = 0, style_weight: float = 1.0) -> EngineTask:
    """Return a scene to be painted in red dots on blue."""
    return EngineTask(scene(height, width, seed), seed, {"style_weight": style_weight}, style=DOTS)


def made(engine: AdainEngine, *tasks: EngineTask) -> list[np.ndarray]:
    return engine.generate(tasks, lambda step, steps, stage: None)


@torch.inference_mode()
def error(engine: AdainEngine, canvas: np.ndarray) -> float:
    """Return how far the style of a canvas is from that of the dots."""
    grams = [
        {name: gram(one) for name, one in tapped(engine.encoder, pixels([picture], "cpu"), MOBILENET_STYLE).items()}
        for picture in (canvas, DOTS)
    ]
    return float(style_error(*grams))


def test_the_style_comes_in_and_the_content_stays(engine: AdainEngine) -> None:
    one = task()
    (out,) = made(engine, one)
    assert error(engine, out) < 0.75 * error(engine, one.canvas)
    assert np.abs(out.mean((0, 1)) - DOTS.mean((0, 1))).max() < 0.12, "its colours are the style's"
    assert np.corrcoef(one.canvas.mean(2).ravel(), out.mean(2).ravel())[0, 1] > 0.4, "light and dark lie where they lay"


def test_its_weight_says_how_much(engine: AdainEngine) -> None:
    given = task().canvas
    changes = [np.abs(made(engine, task(style_weight=weight))[0] - given).mean() for weight in (0.0, 0.5, 1.0)]
    assert changes == sorted(changes) and changes[0] < 0.5 * changes[2]
    assert psnr(given, made(engine, task(style_weight=0.0))[0]) > 22, "without a style it recreates"


def test_a_picture_in_its_own_style_is_recreated(engine: AdainEngine) -> None:
    one = task()
    for style in (None, one.canvas):
        assert psnr(one.canvas, made(engine, replace(one, style=style))[0]) > 22


def test_the_same_bytes_alone_and_in_any_slot(engine: AdainEngine) -> None:
    tasks = [task(seed=seed) for seed in range(3)]
    alone = [made(engine, one)[0] for one in tasks]
    for slot, out in zip((2, 0, 1), made(engine, *(tasks[slot] for slot in (2, 0, 1))), strict=True):
        assert np.array_equal(out, alone[slot])


@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 400), (400, 64), (200, 264)])
def test_any_size_comes_back_in_its_size(engine: AdainEngine, height: int, width: int) -> None:
    one = replace(task(height, width), style=scene(9, 130))
    (out,) = made(engine, one)
    assert out.shape == one.canvas.shape and out.dtype == np.float32
    assert out.min() >= 0 and out.max() <= 1 and (out != one.canvas).any()


def test_every_step_is_reported_and_may_be_the_last(engine: AdainEngine) -> None:
    reported = steps_until_cancelled(engine, [task(), task()], 4)
    assert reported == [(1, 6, "denoising"), (2, 6, "denoising"), (3, 6, "decoding"), (4, 6, "denoising")]
