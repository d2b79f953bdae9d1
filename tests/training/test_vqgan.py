"""The VQGAN's recipe, on pictures that the test makes."""

import csv
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.training import resumed
from training.data.pictures import Crops, load_pictures
from training.vqgan import LOSSES, Run, losses_of, start
from worker.diffusion.starter import StarterAutoencoder
from worker.networks.vqgan import VQGAN, loaded

VAE = Path("weights/starter/vae")
SETTINGS = {"vae": VAE, "crop": 32, "batch": 2, "first": 80, "rate": 1e-4, "seed": 1, "every": 1e9}


@pytest.fixture(scope="module")
def begun(data: Path) -> tuple[VQGAN, torch.Tensor]:
    """Return a network at its start, and crops."""
    torch.manual_seed(0)
    crops = torch.from_numpy(Crops(load_pictures(data), 32, seed=0).batch(80))
    return start(StarterAutoencoder.loaded(VAE), crops, torch.Generator().manual_seed(0)), crops


def test_the_start_is_the_starter_with_a_codebook(begun: tuple[VQGAN, torch.Tensor]) -> None:
    network, crops = begun
    with torch.inference_mode():
        encoded = network.encode(crops)
        latents = StarterAutoencoder.loaded(VAE).encode(crops).latents
        assert torch.allclose(network.post_quant_conv(encoded), latents, atol=1e-3)
        error = (network.pixels(network.tokens(encoded)) - crops).square().mean()
    assert error < 0.1 * crops.var()


def test_gradients_go_straight_through_the_codes(begun: tuple[VQGAN, torch.Tensor]) -> None:
    network, crops = begun
    losses = losses_of(network, crops[:2])
    losses.pictures.backward()
    assert network.autoencoder.encoder.conv_in.conv.weight.grad.abs().sum() > 0
    assert network.codebook.weight.grad is None, "codes follow their vectors, not gradients"
    assert losses.tokens.shape == (2 * 4 * 4,) and losses.vectors.shape == (32, network.config.code_width)
    assert losses.commitment > 0


def test_a_run_is_resumed_and_leaves_weights_that_load(data: Path, tmp_path: Path) -> None:
    before = resumed(partial(Run, tmp_path), 0.005, {"data": data, **SETTINGS})
    rows = list(csv.reader((tmp_path / "log.csv").read_text().splitlines()))
    assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows) and int(rows[-1][0]) > before
    assert all(len(row) == 6 + len(LOSSES) for row in rows) and rows[-1][-1], "the discriminator learnt"
    assert 0 < float(rows[-1][4]) <= 1 and 1 <= float(rows[-1][5]) <= 1024
    weights = load_file(tmp_path / "vqgan/diffusion_pytorch_model.safetensors")
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float16}
    assert loaded(tmp_path / "vqgan").tokens(torch.zeros(1, 16, 2, 2)).shape == (1, 2, 2)
    assert (tmp_path / "samples.png").exists()
