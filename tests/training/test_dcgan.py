"""The DCGAN's recipe, on data that the test makes."""

import csv
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training import dcgan
from training.dcgan import Run, settled
from training.losses.discriminator import GROUP, Discriminator
from worker.engines.dcgan import SIDE, DCGANGenerator

SETTINGS = {"batch": GROUP, "rate": 1e-3, "seed": 1, "every": 1e9}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.garments.LEAST", 8)
    monkeypatch.setattr(dcgan, "SETTLED", 2)
    monkeypatch.setattr(dcgan, "STARTING", 2)
    monkeypatch.setattr(dcgan, "SEEDS", 2)


def test_a_run_is_resumed_and_leaves_weights_that_load(data: Path, tmp_path: Path) -> None:
    first = Run(tmp_path, Namespace(minutes=1, data=data, **SETTINGS))
    first._start()
    first.trainer.advance(first._step)
    first._report()
    resumed = Run(tmp_path, Namespace(minutes=first.trainer.seconds / 60 + 0.005, data=data, **SETTINGS))
    assert resumed.trainer.step == 1 and torch.equal(
        resumed.trainer.average["picture.bias"], first.trainer.average["picture.bias"]
    )
    resumed.train()
    rows = [[float(value) for value in row] for row in csv.reader((tmp_path / "log.csv").read_text().splitlines())]
    assert [row[0] for row in rows[:2]] == [0, 1] and rows[-1][0] > 1 and all(np.isfinite(rows).ravel())
    with Image.open(tmp_path / "samples.png") as sheet:
        assert sheet.size == (2 * SIDE, SIDE)
    loaded = DCGANGenerator.from_pretrained(tmp_path / "generator", use_safetensors=True)
    assert list(loaded.config.labels) == ["shirt"] and list(loaded.config.shares) == [1.0]


def test_each_network_learns_from_its_own_loss_alone(data: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, Namespace(minutes=1, data=data, **SETTINGS))
    real, classes = run._batch()
    made = run.generator(torch.randn(len(real), run.generator.config.latents), classes)

    def frozen(network: torch.nn.Module) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in network.parameters()]

    generator, discriminator = frozen(run.generator), frozen(run.discriminator)
    run._train_discriminator(real, made.detach(), classes)
    assert all(torch.equal(*pair) for pair in zip(generator, frozen(run.generator), strict=True))
    trained = frozen(run.discriminator)
    assert not all(torch.equal(*pair) for pair in zip(discriminator, trained, strict=True))
    run._train_generator(made, classes)
    assert all(torch.equal(*pair) for pair in zip(trained, frozen(run.discriminator), strict=True))
    assert not all(torch.equal(*pair) for pair in zip(generator, frozen(run.generator), strict=True))


def test_the_discriminator_learns_to_tell(data: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, Namespace(minutes=1, data=data, **SETTINGS))
    real, classes = run._batch()
    losses = [run._train_discriminator(real, torch.zeros_like(real), classes) for _ in range(12)]
    assert np.mean(losses[-3:]) < losses[0] - 0.2


def test_every_layer_of_the_discriminator_stretches_by_1_at_most() -> None:
    torch.manual_seed(0)
    network = Discriminator(3)
    pictures, classes = torch.randn(GROUP, 3, SIDE, SIDE), torch.zeros(GROUP, dtype=torch.long)
    for _ in range(30):
        network(pictures, classes)
    network.requires_grad_(False)
    for layer in (*network.layers, network.last):
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2) == pytest.approx(1, abs=0.1)


def test_a_settled_generator_treats_a_picture_as_its_batches_did() -> None:
    torch.manual_seed(0)
    generator = DCGANGenerator(("hat", "sock"), (0.5, 0.5), latents=8, told=4, widths=(16, 8, 8, 8))
    noise, classes = torch.randn(64, 8), torch.arange(64) % 2
    with torch.no_grad():
        together = generator.train()(noise, classes)
        alone = settled(generator, 64)(noise, classes)
        one = generator(noise[:1], classes[:1])
    assert torch.allclose(one, alone[:1], atol=1e-5)
    assert (alone - together).abs().mean() < 0.1 * together.std()
