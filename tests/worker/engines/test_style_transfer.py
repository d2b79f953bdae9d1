"""Neural style transfer, by the shipped network and by a small VGG19: the style comes in, the content stays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from likeness.contract.catalogue import load_catalogue
from tests.support import tiny
from tests.worker.engines.test_families import small
from tests.worker.engines.test_starter import scene
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.diffusion.tensors import pixels
from worker.engine import AllCancelled, EngineTask, Preview, silent
from worker.engines.style_transfer import MobileNetSeeing, Painting, StyleTransferEngine, VggSeeing, load
from worker.networks.style import gram, load_style_network, style_error

NAMES = ["style-transfer", "style-transfer-vgg19"]
CHECKS = (np.indices((96, 96)).sum(0) // 8 % 2)[..., None] * np.float32([0.8, 0.1, 0.5]) + np.float32([0.1, 0.6, 0.2])


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> Components:
    models = tmp_path_factory.mktemp("models")
    tiny.vgg19(models / "vgg19")
    return Components(Weights(WEIGHTS, models), "cpu")


@pytest.fixture(scope="module")
def engine(components: Components) -> Callable[[str], StyleTransferEngine]:
    return lambda name: load(small(load_catalogue().find(name)), components)


def task(height: int = 64, width: int = 72, seed: int = 0, **given: float) -> EngineTask:
    """Return a scene to be painted in red and green checks."""
    parameters = {"content_weight": 1.0, "style_weight": 300.0, "steps": 6} | given
    return EngineTask(scene(height, width, seed), seed, parameters, style=CHECKS.astype(np.float32))


def made(engine: StyleTransferEngine, *tasks: EngineTask) -> list[np.ndarray]:
    return engine.generate(tasks, silent)


def test_each_network_is_seen_at_its_own_layers(engine: Callable[[str], StyleTransferEngine]) -> None:
    assert isinstance(engine("style-transfer").seeing, MobileNetSeeing)
    seeing = engine("style-transfer-vgg19").seeing
    assert isinstance(seeing, VggSeeing)
    assert (seeing.content, *seeing.style) == ("conv4_2", "conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


def test_the_style_comes_in_and_the_content_stays(
    engine: Callable[[str], StyleTransferEngine], components: Components
) -> None:
    one = task(steps=15)
    (out,) = made(engine("style-transfer"), one)
    seeing = MobileNetSeeing(load_style_network(components, "mobilenet-v2"))

    def grams(canvas: np.ndarray) -> dict[str, torch.Tensor]:
        seen = seeing.see(pixels([canvas], "cpu"))
        return {name: gram(seen[name]) for name in seeing.style}

    wanted = grams(CHECKS.astype(np.float32))
    before, after = (float(style_error(grams(canvas), wanted)) for canvas in (one.canvas, out))
    assert after < 0.6 * before
    likeness = np.corrcoef(one.canvas.mean(2).ravel(), out.mean(2).ravel())[0, 1]
    assert likeness > 0.5, "light and dark lie where they lay"


@pytest.mark.parametrize("name", NAMES)
def test_weights_decide_between_content_and_style(engine: Callable[[str], StyleTransferEngine], name: str) -> None:
    free, held = (made(engine(name), task(content_weight=weight, steps=15))[0] for weight in (0.0, 1000.0))
    given = task().canvas
    assert np.abs(held - given).mean() < np.abs(free - given).mean()


def test_without_a_weight_for_the_style_nothing_but_smoothing_is_left(
    engine: Callable[[str], StyleTransferEngine],
) -> None:
    one = task(style_weight=0.0)
    assert np.abs(made(engine("style-transfer"), one)[0] - one.canvas).mean() < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_alone_and_in_any_slot(engine: Callable[[str], StyleTransferEngine], name: str) -> None:
    tasks = [task(seed=seed, steps=2) for seed in range(3)]
    alone = [made(engine(name), one)[0] for one in tasks]
    for slot, out in zip((2, 0, 1), made(engine(name), *(tasks[slot] for slot in (2, 0, 1))), strict=True):
        assert np.array_equal(out, alone[slot])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 400), (400, 64), (200, 264)])
def test_any_size_comes_back_in_its_size(
    engine: Callable[[str], StyleTransferEngine], name: str, height: int, width: int
) -> None:
    one = replace(task(height, width, steps=2), style=scene(40, 130))
    (out,) = made(engine(name), one)
    assert out.shape == one.canvas.shape and out.dtype == np.float32
    assert out.min() >= 0 and out.max() <= 1 and (out != one.canvas).any()


def test_a_larger_canvas_keeps_its_own_fine_detail(engine: Callable[[str], StyleTransferEngine]) -> None:
    one = task(192, 192, steps=2)
    fine = (np.indices((192, 192)).sum(0) % 2)[..., None] * np.float32(0.1)
    plain, detailed = (
        made(engine("style-transfer"), replace(one, canvas=0.6 * one.canvas + extra))[0] for extra in (0, fine)
    )
    step = lambda canvas: np.abs(np.diff(canvas, axis=1)).mean()  # noqa: E731
    assert step(detailed) > step(plain) + 0.05


def test_every_iteration_is_told_of_shows_all_pictures_and_may_be_the_last(
    engine: Callable[[str], StyleTransferEngine],
) -> None:
    reported: list[tuple[int, int, str]] = []
    shown: list[list[np.ndarray]] = []

    def stop(step: int, steps: int, stage: str, preview: Preview) -> None:
        reported.append((step, steps, stage))
        shown.append(preview())
        if len(reported) == 5:
            raise AllCancelled

    tasks = [task(steps=3), task(40, 56, seed=1, steps=3)]
    with pytest.raises(AllCancelled):
        engine("style-transfer").generate(tasks, stop)
    assert reported == [(step, 6, "denoising") for step in range(1, 6)]
    assert all([one.shape for one in each] == [one.canvas.shape for one in tasks] for each in shown)
    first = made(engine("style-transfer"), tasks[0])[0]
    assert not np.array_equal(shown[0][0], first) and np.array_equal(shown[0][1], tasks[1].canvas)
    assert np.array_equal(shown[3][0], first) and not np.array_equal(shown[4][1], tasks[1].canvas)


def test_the_best_picture_is_kept_when_a_step_goes_wrong(components: Components) -> None:
    one = task()
    seeing = MobileNetSeeing(load_style_network(components, "mobilenet-v2"))
    given, style = pixels([one.canvas], "cpu"), pixels([one.style], "cpu")
    painting = Painting(seeing, given, style, one.parameters)
    for _ in range(3):
        painting.step()
    best = painting.best
    with torch.no_grad():
        painting.levels[0].fill_(float("nan"))
    painting.step()
    assert painting.best is best and torch.isfinite(best).all()


def test_a_network_that_is_not_known_is_refused(tmp_path: Path) -> None:
    tiny.vgg19(tmp_path / "vgg19")
    (tmp_path / "vgg19/config.json").write_text("{}")
    spec = load_catalogue().find("style-transfer-vgg19")
    with pytest.raises(OSError, match="no feature network"):
        load(spec, Components(Weights(tmp_path, tmp_path), "cpu"))
