"""The autoencoder's recipe, on pictures that the test makes."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers.models import AutoencoderDC
from safetensors.torch import load_file

from tests.support.training import logged_steps, resumed
from tests.training.conftest import HELD_OUT
from training.autoencoder import Run, build, judge
from training.data.pictures import Crops, load_pictures
from training.starts.pca import pca_start


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
    before = resumed(partial(Run, tmp_path, data), 0.005, settings)
    steps = logged_steps(tmp_path)
    assert steps == sorted(steps) and steps[-1] > before
    AutoencoderDC.from_pretrained(tmp_path / "vae", use_safetensors=True)
    weights = load_file(tmp_path / "vae/diffusion_pytorch_model.safetensors")
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float16}
    assert (tmp_path / "samples.png").exists()
