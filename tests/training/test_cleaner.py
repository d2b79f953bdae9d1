"""The cleaner's recipe, on data that the test makes."""

from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.training import logged_steps, resumed
from training.autoencoder import build
from training.cleaner import Run
from training.loop import judge, latent_run
from worker.networks.starter import StarterCleaner


@pytest.fixture
def settings(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(judge, "SIDE", 64)
    monkeypatch.setattr(judge, "PHOTOS", 1)
    monkeypatch.setattr(latent_run, "LEAST", 8)
    build().save_pretrained(tmp_path / "vae")
    return {"data": data, "vae": tmp_path / "vae", "size": 64, "batch": 4, "rate": 1e-3, "seed": 1, "every": 1e9}


def test_a_run_is_resumed_and_leaves_weights_that_load(settings: dict[str, Any], tmp_path: Path) -> None:
    before = resumed(partial(Run, tmp_path / "run"), 0.005, settings)
    steps = logged_steps(tmp_path / "run")
    assert steps == sorted(steps) and steps[-1] > before
    StarterCleaner.from_pretrained(tmp_path / "run/cleaner", use_safetensors=True)


def test_its_error_falls(settings: dict[str, Any], tmp_path: Path) -> None:
    run = Run(tmp_path / "run", Namespace(minutes=1, **settings))
    target, times = torch.zeros(8, 16, 8, 8), torch.full((8,), 299)
    torch.manual_seed(0)
    before = float(run._error(target, times).detach())
    for _ in range(12):
        run.trainer.advance(run.step)
    assert float(run._error(target, times).detach()) < before
