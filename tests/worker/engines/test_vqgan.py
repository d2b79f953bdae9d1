"""The shipped VQGAN: pictures as tokens of one codebook, tiles without seams, bytes that do not depend on the batch."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Recreate
from likeness.imaging.metrics.psnr import psnr
from tests.support.engines import finished, shipped, steps_until_cancelled
from tests.worker.engines.test_family_frames import ODD, picture
from tests.worker.engines.test_starter import scene
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.engine import Canvas, Engine, EngineTask
from worker.engines.vqgan import VQGANEngine, load, tensor
from worker.networks.vqgan import VQGAN

SPEC = load_catalogue().find("vqgan")


@pytest.fixture(scope="module")
def engine() -> VQGANEngine:
    return load(SPEC, Components(Weights(WEIGHTS, WEIGHTS), "cpu"))


@pytest.fixture(scope="module")
def network(engine: VQGANEngine) -> VQGAN:
    return engine.network


def made(engine: Engine, *canvases: Canvas) -> list[Canvas]:
    return engine.generate([EngineTask(canvas, 0) for canvas in canvases], lambda step, steps, stage: None)


def test_the_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in (WEIGHTS / SPEC.weights).rglob("*.safetensors")) <= 8_000_000


def test_it_recreates_through_its_codes_alone(engine: VQGANEngine, network: VQGAN) -> None:
    canvas = scene(160, 136)
    (out,) = made(engine, canvas)
    assert out.shape == canvas.shape and out.dtype == np.float32 and psnr(canvas, out) > 24
    tokens = network.tokens(network.encode(tensor(canvas, network)))
    assert tokens.shape == (1, 20, 17) and tokens.max() < network.config.codes
    assert torch.isin(network.codes(tokens)[0].movedim(0, -1).flatten(0, 1), network.codebook.weight).all()


def test_a_token_is_the_nearest_code(network: VQGAN) -> None:
    encoded = torch.randn(2, network.config.code_width, 3, 5, generator=torch.Generator().manual_seed(0))
    distances = torch.cdist(encoded.movedim(1, -1).flatten(0, -2).double(), network.codebook.weight.double())
    assert (network.tokens(encoded).flatten() == distances.argmin(1)).all()
    codes = network.codebook.weight[:6].T.reshape(1, -1, 2, 3)
    assert network.tokens(codes).flatten().tolist() == list(range(6))


def test_one_token_reaches_no_further_than_tiles_overlap(network: VQGAN) -> None:
    side = 2 * SPEC.canvas.overlap // 8 + 1
    tokens = torch.zeros(1, side, side, dtype=torch.long)
    other = tokens.clone()
    other[0, side // 2, side // 2] = 1
    with torch.inference_mode():
        change = (network.pixels(tokens) - network.pixels(other)).abs().amax((0, 1))
    rows = torch.nonzero(F.max_pool2d(change[None], 8)[0].amax(1))
    assert 0 < len(rows) < side, "it changes something, and not everything"


def test_the_same_bytes_in_any_slot_of_any_batch(engine: VQGANEngine) -> None:
    canvases = [scene(72, 120, seed) for seed in range(3)]
    alone = [made(engine, canvas)[0] for canvas in canvases]
    for order in ((0, 1, 2), (2, 0, 1), (1, 2)):
        batch = made(engine, *(canvases[index] for index in order))
        assert all((picture == alone[index]).all() for picture, index in zip(batch, order, strict=True))


def test_tiles_leave_no_seam(network: VQGAN) -> None:
    canvas, spec = scene(96, 480), SPEC.canvas
    whole = made(VQGANEngine(network, spec), canvas)[0]
    tiled = made(VQGANEngine(network, spec.model_copy(update={"tile": 256, "overlap": 96})), canvas)[0]
    assert psnr(whole[:, :96], tiled[:, :96]) > 50 and psnr(whole, tiled) > 35


def test_it_is_cancelled_within_a_tile(engine: VQGANEngine) -> None:
    reported = steps_until_cancelled(engine, [EngineTask(scene(64, 64, seed), 0) for seed in range(3)], 3)
    assert reported == [(1, 6, "denoising"), (2, 6, "decoding"), (3, 6, "denoising")]


@pytest.mark.parametrize("odd", ODD)
def test_a_whole_job_keeps_the_frame(odd: str) -> None:
    size, mode = ODD[odd]
    result, _ = finished(shipped(), SPEC, Recreate(engine="vqgan"), picture(size, mode))
    assert result.images[0].report.frame_equal
    assert (result.images[0].width, result.images[0].height, result.images[0].mode) == (*size, mode)
