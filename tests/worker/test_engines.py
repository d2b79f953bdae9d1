"""The shipped engine: real weights, tiles without seams, bytes that do not depend on the batch."""

import numpy as np
import pytest

from likeness.contract.catalogue import load_catalogue
from worker.config import WEIGHTS
from worker.engine import AllCancelled, EngineTask
from worker.engines.autoencoder import AutoencoderEngine
from worker.residency import Residents


@pytest.fixture(scope="module")
def starter() -> AutoencoderEngine:
    return Residents(WEIGHTS, "cpu").engine(load_catalogue().find("starter"))


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return a smooth coloured scene with some edges: H x W x 3, 0..1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / random.uniform(9, 40) + y / random.uniform(9, 40) + phase) for phase in (0, 1, 2)]
    picture = 0.5 + 0.35 * np.stack(waves, -1)
    picture[height // 4 : height // 2, width // 4 : width // 2] *= 0.4
    return picture.astype(np.float32)


def made(engine: AutoencoderEngine, *canvases: np.ndarray) -> list[np.ndarray]:
    return engine.generate([EngineTask(canvas, seed=0) for canvas in canvases], lambda step, steps, stage: None)


def test_it_recreates_and_does_not_copy(starter: AutoencoderEngine) -> None:
    canvas = scene(160, 136)
    out = made(starter, canvas)[0]
    error = float(np.square(out - canvas).mean())
    assert out.shape == canvas.shape and 0 < error < 10**-2.6, "above 26 dB, and never exactly the input"


@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 120), (128, 128), (200, 264)])
def test_the_same_bytes_alone_and_in_any_slot(starter: AutoencoderEngine, height: int, width: int) -> None:
    canvases = [scene(height, width, seed) for seed in range(3)]
    alone = [made(starter, canvas)[0] for canvas in canvases]
    for order in ([0, 1, 2], [2, 0, 1]):
        together = made(starter, *(canvases[index] for index in order))
        for slot, index in enumerate(order):
            assert np.array_equal(together[slot], alone[index])


def test_tiles_show_no_seam(starter: AutoencoderEngine) -> None:
    canvas = scene(232, 264)
    whole = made(starter, canvas)[0]
    tiled = AutoencoderEngine(starter.vae, starter.canvas.model_copy(update={"tile": 160, "overlap": 96}))
    assert np.abs(made(tiled, canvas)[0] - whole).max() < 1 / 255, "less than a grey level anywhere"


def test_it_stops_at_the_step_where_it_is_told_to(starter: AutoencoderEngine) -> None:
    steps = []

    def stop(step: int, steps_in_all: int, stage: str) -> None:
        steps.append(step)
        raise AllCancelled

    with pytest.raises(AllCancelled):
        starter.generate([EngineTask(scene(64, 64), 0)], stop)
    assert steps == [1]
