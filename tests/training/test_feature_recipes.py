"""The recipes that go back from a classifier's features, on data that the test makes."""

import csv
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.support.training import resumed
from training import feature_diffusion, feature_gan
from training.autoencoder import build
from training.data.pictures import Crops, load_pictures
from training.loop import feature_run
from worker.config import WEIGHTS
from worker.networks.feature_inversion import FeatureDenoiser, FeatureGenerator
from worker.networks.features import LAYERS


@pytest.fixture(scope="module")
def settings(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("vae")
    build().save_pretrained(folder / "vae")
    paths = {"data": data, "vae": folder / "vae", "features": WEIGHTS / "mobilenet-v2"}
    return paths | {"size": 32, "batch": 4, "rate": 1e-3, "seed": 1, "every": 1e9, "crops": 64, "fresh": 2}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_run, "SIDE", 64)
    monkeypatch.setattr(feature_run, "JUDGED", 1)


def rows(folder: Path) -> list[list[float]]:
    return [[float(cell) for cell in row] for row in csv.reader((folder / "log.csv").read_text().splitlines())]


@pytest.mark.parametrize(
    ("recipe", "name", "network"),
    [(feature_gan, "generator", FeatureGenerator), (feature_diffusion, "denoiser", FeatureDenoiser)],
)
def test_a_run_is_resumed_and_leaves_weights_that_load(
    settings: dict[str, Any], tmp_path: Path, recipe: Any, name: str, network: Any
) -> None:
    before = resumed(recipe.Run, 0.005, {"out": tmp_path, **settings})
    one, other = rows(tmp_path)
    assert one[0] == before < other[0] and len(other) == len(one) >= 2 + 2 * len(LAYERS)
    assert (tmp_path / "samples.png").exists()
    network.from_pretrained(tmp_path / name, use_safetensors=True)


@pytest.fixture(scope="module")
def diffusion(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> feature_diffusion.Run:
    """A run that has not learned yet."""
    out = tmp_path_factory.mktemp("diffusion")
    return feature_diffusion.Run(Namespace(minutes=1, out=out, **settings | {"fresh": 0}))


def test_what_the_denoiser_is_to_make_has_the_spread_one(diffusion: feature_diffusion.Run) -> None:
    places = torch.arange(64)
    for layer in LAYERS:
        with torch.no_grad():
            left = diffusion.pool.of("latents", places) - diffusion._straight(layer, places)
        spread = (left / diffusion.network.left[layer]).square().mean((0, 2, 3)).sqrt()
        assert torch.allclose(spread, torch.ones(16), atol=0.01), layer


def test_the_denoisers_error_falls_and_its_linear_part_stays(diffusion: feature_diffusion.Run) -> None:
    fixed = diffusion.network.entries["layer3"].straight.weight.clone()

    def error() -> float:
        torch.manual_seed(0)
        diffusion.pool.random = np.random.default_rng(0)
        with torch.no_grad():
            return float(sum(diffusion._error("layer3") for _ in range(8)))

    before = error()
    for _ in range(60):
        diffusion._train_layer("layer3")
    assert error() < 0.98 * before
    assert torch.equal(diffusion.network.entries["layer3"].straight.weight, fixed)


def test_the_critic_learns_to_tell_and_the_generator_begins_linear(settings: dict[str, Any], tmp_path: Path) -> None:
    run = feature_gan.Run(Namespace(minutes=1, out=tmp_path, **settings | {"fresh": 0}))
    places = torch.arange(32)
    pixels = run.pool.of("pixels", places)
    with torch.no_grad():
        left = [(run.generator(layer, run.pool.of(layer, places)) - pixels).square().mean() for layer in LAYERS]
    assert left == sorted(left) and left[-1] < (pixels - pixels.mean()).square().mean(), "the deeper, the less is known"
    noise = torch.rand(pixels.shape, generator=torch.Generator().manual_seed(0))
    for _ in range(30):
        run._descend(run._critic_error(pixels, noise))
    assert run.critic_loss < 1.5, "2 is what a critic that cannot tell loses"
    run.trainer.seconds = 0.5 * 60
    before = {name: one.clone() for name, one in run.trainer.network.state_dict().items()}
    run._step()
    moved = {
        name.split(".")[0] for name, one in run.trainer.network.state_dict().items() if (one != before[name]).any()
    }
    assert moved == {"generator", "critic"}
    assert all(torch.isfinite(one).all() for one in run.trainer.network.parameters())


def test_a_pool_forgets_the_oldest_crops_first(settings: dict[str, Any]) -> None:
    pictures, network = load_pictures(settings["data"]), feature_gan.load(settings["features"])
    pool = feature_gan.FeaturePool(Crops(pictures, 32, 1), network, 32)
    before = pool.kept["pixels"].clone()
    pool.renew(2)
    changed = (pool.kept["pixels"] != before).flatten(1).any(1)
    assert changed[:2].all() and not changed[2:].any()
    with torch.no_grad():
        seen = network(pool.of("pixels", torch.arange(2)), ["layer2"])["layer2"]
    assert torch.allclose(seen, pool.of("layer2", torch.arange(2)), atol=0.02)
