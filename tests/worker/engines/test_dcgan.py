"""The shipped DCGAN: its row, its seeds, its classes, and any size."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Generate
from likeness.imaging.formats.decode import decode
from tests.support.engines import finished, shipped, steps_until_cancelled
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.engine import Canvas, EngineTask
from worker.engines.dcgan import ANY, SIDE, DCGANEngine, DCGANGenerator, load, placed
from worker.runs.scoring import UNBOUNDED

SPEC = load_catalogue().find("dcgan")
LABELS = SPEC.parameters["label"].choices
Draw = Callable[..., Canvas]


@pytest.fixture(scope="module")
def engine() -> DCGANEngine:
    return load(SPEC, Components(Weights(WEIGHTS, WEIGHTS), "cpu"))


def task(seed: int = 1, label: str = ANY, truncation: float = 1.0, size: tuple[int, int] = (SIDE, SIDE)) -> EngineTask:
    canvas = np.full((*size, 3), 0.5, np.float32)
    return EngineTask(canvas, seed, {"label": label, "truncation": truncation}, from_scratch=True)


def made(engine: DCGANEngine, *tasks: EngineTask) -> list[Canvas]:
    return engine.generate(tasks, lambda step, steps, stage: None)


def beside(engine: DCGANEngine, label: str) -> float:
    """Return how white it is at half height on both sides of the middle half, in the mean of eight pictures."""
    mean = np.mean(made(engine, *(task(seed, label) for seed in range(8))), 0)
    rows = mean[3 * SIDE // 8 : -3 * SIDE // 8]
    return float(np.mean([rows[:, : SIDE // 4], rows[:, -SIDE // 4 :]]))


def test_the_row_offers_the_classes_that_it_learnt(engine: DCGANEngine) -> None:
    config = engine.generator.config
    assert [ANY, *config.labels] == LABELS
    assert len(config.shares) == len(config.labels) and sum(config.shares) == pytest.approx(1)


def test_the_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in (WEIGHTS / SPEC.weights).rglob("*.safetensors")) <= 4_200_000


def test_the_same_bytes_in_any_slot_of_any_batch(engine: DCGANEngine) -> None:
    tasks = [task(1), task(2, "dress"), task(3, "pants", 0.5)]
    alone = [made(engine, one)[0] for one in tasks]
    for order in ((0, 1, 2), (2, 0, 1), (1, 2)):
        batch = made(engine, *(tasks[index] for index in order))
        assert all((picture == alone[index]).all() for picture, index in zip(batch, order, strict=True))


def test_seed_and_label_decide_and_the_canvas_gives_its_size_alone(engine: DCGANEngine) -> None:
    first, seed, label = made(engine, task(1, "dress"), task(2, "dress"), task(1, "shoes"))
    assert (first != seed).any() and (first != label).any()
    other = EngineTask(
        np.zeros((SIDE, SIDE, 3), np.float32), 1, {"label": "dress", "truncation": 1.0}, from_scratch=True
    )
    assert (made(engine, other)[0] == first).all()


def test_a_class_looks_like_itself(engine: DCGANEngine) -> None:
    """Pants stand upright with white beside them; shoes lie from side to side."""
    assert beside(engine, "pants") > beside(engine, "shoes") + 0.1
    (any_,) = made(engine, task(1))
    assert any_[[0, -1]].mean() > 0.95, "a garment on white"


def test_truncation_brings_pictures_together_until_they_are_one(engine: DCGANEngine) -> None:
    none, half, whole = (
        np.stack(made(engine, *(task(seed, "t-shirt", truncation) for seed in range(6)))) for truncation in (0, 0.5, 1)
    )
    assert (none == none[0]).all() and none.std(0).mean() < half.std(0).mean() < whole.std(0).mean()


def test_any_draws_a_class_as_often_as_the_training_pictures_had_it(engine: DCGANEngine) -> None:
    noise = torch.Generator().manual_seed(0)
    found = np.bincount([int(engine._class(ANY, noise)) for _ in range(4000)], minlength=len(LABELS) - 1) / 4000
    assert np.abs(found - engine.generator.config.shares).max() < 0.03


def test_it_is_cancelled_between_two_pictures(engine: DCGANEngine) -> None:
    reported = steps_until_cancelled(engine, [task(seed) for seed in range(4)], 2)
    assert [(step, steps) for step, steps, _ in reported] == [(1, 4), (2, 4)]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (3, 400), (300, 5), (63, 65), (200, 130)])
def test_any_size_holds_the_whole_square_in_its_middle(engine: DCGANEngine, height: int, width: int) -> None:
    (canvas,) = made(engine, task(1, "dress", size=(height, width)))
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    around = np.ones((height, width), bool)
    around[top : top + side, left : left + side] = False
    assert canvas.shape == (height, width, 3) and canvas.dtype == np.float32
    assert canvas.min() >= 0 and canvas.max() <= 1 and (canvas[around] == 1).all()


def test_the_native_size_is_not_resampled_and_a_larger_one_says_the_same() -> None:
    picture = np.random.default_rng(0).random((SIDE, SIDE, 3), np.float32)
    assert np.allclose(placed(picture, SIDE, SIDE), picture)
    smooth = np.linspace(0.1, 0.9, SIDE, dtype=np.float32)[:, None, None] * np.ones((1, SIDE, 3), np.float32)
    large = placed(smooth, 4 * SIDE, 4 * SIDE)
    assert np.allclose(large.reshape(SIDE, 4, SIDE, 4, 3).mean((1, 3)), smooth, atol=0.01)


@pytest.mark.parametrize("fields", [{}, {"label": "shoes", "truncation": 0.6, "width": 101, "height": 67}])
def test_a_whole_job(fields: dict) -> None:
    result, data = finished(shipped(), SPEC, Generate(engine="dcgan", seed=5, candidates=2, **fields))
    picture = decode(data, UNBOUNDED).pixels
    assert picture.size == (fields.get("width", SIDE), fields.get("height", SIDE))
    assert result.images[0].report.frame_equal
    assert result.recipe.parameters == {"label": ANY, "truncation": 1.0} | {
        name: value for name, value in fields.items() if name in ("label", "truncation")
    }


def test_a_small_generator_of_other_classes_loads_from_its_folder(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = DCGANGenerator(("hat", "sock"), (0.25, 0.75), latents=4, told=2, widths=(16, 8, 8, 8)).eval()
    small.half().save_pretrained(tmp_path / "dcgan/generator")
    engine = load(SPEC, Components(Weights(tmp_path, tmp_path), "cpu"))
    hat, sock = made(engine, task(1, "hat"), task(1, "sock"))
    assert hat.shape == (SIDE, SIDE, 3) and np.isfinite(hat).all() and hat.shape == sock.shape
    with pytest.raises(ValueError, match="scarf"):
        made(engine, task(1, "scarf"))
