"""The autoencoder's recipe, on pictures that the test makes."""

import csv
import io
import tarfile
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models import AutoencoderDC
from PIL import Image
from safetensors.torch import load_file

from training.autoencoder import Run, build, judge
from training.pca_start import pca_start
from training.pictures import HELD_OUT, Crops, load_pictures


def add(tar: tarfile.TarFile, name: str, image: Image.Image, kind: str) -> None:
    file = io.BytesIO()
    image.save(file, kind)
    info = tarfile.TarInfo(name)
    info.size = file.tell()
    file.seek(0)
    tar.addfile(info, file)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder laid out as the recipe reads it, with soft random photos."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    (folder / "clothing").mkdir()
    (folder / "emoji").mkdir()
    with tarfile.open(folder / "clothing/train.tar", "w") as tar:
        for number in range(HELD_OUT + 12):
            rough = Image.fromarray(random.integers(0, 255, (9, 9, 3), np.uint8))
            add(tar, f"p{number}.jpg", rough.resize((80, 72), Image.Resampling.BICUBIC), "JPEG")
    rows = "".join(f"p{number}\n" for number in range(HELD_OUT + 12))
    (folder / "clothing/train.csv").write_text("uuid\n" + rows)
    with tarfile.open(folder / "emoji/emoji.tar", "w") as tar:
        add(tar, "1f004.webp", Image.new("RGBA", (128, 128), (250, 200, 30, 255)), "WEBP")
    return folder


def test_the_start_is_the_linear_codec(data: Path) -> None:
    """At step zero the network, encoder and decoder, is the PCA of its patches: soft pictures come back well."""
    torch.manual_seed(0)
    pictures = load_pictures(data)
    vae = build()
    before, _ = judge(vae, pictures.held_out[:6])
    pca_start(vae, torch.from_numpy(Crops(pictures, 64, seed=0).batch(96)))
    after, ssim = judge(vae, pictures.held_out[:6])
    assert before < 15 and after > 30 and ssim > 0.9


def test_crops_are_seeded_and_held_out_photos_stay_out(data: Path) -> None:
    pictures = load_pictures(data)
    first, again = (Crops(pictures, 64, seed=3).batch(4) for _ in range(2))
    assert first.shape == (4, 3, 64, 64) and np.array_equal(first, again) and np.abs(first).max() <= 1
    assert len(pictures.photos) == 12 and len(pictures.held_out) == HELD_OUT


def test_a_run_is_resumed_and_leaves_weights_that_load(data: Path, tmp_path: Path) -> None:
    settings = {"crop": 32, "batch": 2, "rate": 1e-4, "seed": 1, "every": 1e9}
    Run(tmp_path, data, Namespace(minutes=0.02, **settings)).train()
    resumed = Run(tmp_path, data, Namespace(minutes=0.04, **settings))
    assert resumed.step > 0 and resumed.seconds >= 0.02 * 60
    before = resumed.step
    resumed.train()
    steps = [int(row[0]) for row in csv.reader((tmp_path / "log.csv").read_text().splitlines())]
    assert steps == sorted(steps) and steps[-1] > before
    AutoencoderDC.from_pretrained(tmp_path / "vae", use_safetensors=True)
    weights = load_file(tmp_path / "vae/diffusion_pytorch_model.safetensors")
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float16}
    assert (tmp_path / "samples.png").exists()
