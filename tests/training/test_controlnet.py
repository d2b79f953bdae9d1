"""The control's recipe, on data and a denoiser that the test makes."""

import csv
from functools import partial
from pathlib import Path

import pytest

from tests.support.training import resumed
from training.autoencoder import build as build_vae
from training.controlnet import Run
from training.data import tokenizer as vocabulary
from training.loop import judge, latent_run
from training.loop.family import build_text, build_unet, scheduler
from worker.networks.starter import StarterCleaner, StarterControlNet


def test_a_run_is_resumed_and_leaves_weights_that_load(
    data: Path, merges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "SIDE", 64)
    monkeypatch.setattr(judge, "PHOTOS", 1)
    monkeypatch.setattr("training.controlnet.FITTED", 8)
    monkeypatch.setattr(latent_run, "LEAST", 8)
    family = tmp_path / "family"
    tokenizer = vocabulary.build(merges)
    build_vae().save_pretrained(family / "vae")
    build_unet().save_pretrained(family / "unet")
    build_text(tokenizer).save_pretrained(family / "text_encoder")
    tokenizer.save_pretrained(family / "tokenizer")
    scheduler().save_pretrained(family / "scheduler")
    StarterCleaner().save_pretrained(family / "cleaner")
    settings = {"data": data, "family": family, "size": 64, "batch": 2, "rate": 1e-3, "seed": 1, "every": 1e9}
    before = resumed(partial(Run, tmp_path / "run"), 0.005, settings)
    rows = list(csv.DictReader((tmp_path / "run/log.csv").read_text().splitlines()))
    assert int(rows[-1]["step"]) > before and set(rows[0]) >= {"kept", "free"}
    StarterControlNet.from_pretrained(tmp_path / "run/controlnet", use_safetensors=True)
