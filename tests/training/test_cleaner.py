"""The cleaner's recipe, on data that the test makes."""

import csv
from argparse import Namespace
from pathlib import Path

import pytest
import torch

from training.autoencoder import build
from training.cleaner import Run
from training.loop import judge
from worker.networks.starter import StarterCleaner


def test_a_run_is_resumed_and_leaves_weights_that_load(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "SIDE", 64)
    monkeypatch.setattr(judge, "PHOTOS", 1)
    monkeypatch.setattr("training.cleaner.LEAST", 8)
    build().save_pretrained(tmp_path / "vae")
    settings = {"data": data, "vae": tmp_path / "vae", "size": 64, "batch": 4, "rate": 1e-3, "seed": 1, "every": 1e9}
    first = Run(tmp_path / "run", Namespace(minutes=0.02, **settings))
    first.train()
    resumed = Run(tmp_path / "run", Namespace(minutes=first.trainer.seconds / 60 + 0.02, **settings))
    before = resumed.trainer.step
    assert before > 0
    resumed.train()
    steps = [int(row[0]) for row in csv.reader((tmp_path / "run/log.csv").read_text().splitlines())]
    assert steps == sorted(steps) and steps[-1] > before
    StarterCleaner.from_pretrained(tmp_path / "run/cleaner", use_safetensors=True)


def test_its_error_falls(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.cleaner.LEAST", 8)
    build().save_pretrained(tmp_path / "vae")
    settings = {"data": data, "vae": tmp_path / "vae", "size": 64, "batch": 4, "rate": 1e-3, "seed": 1, "every": 1e9}
    run = Run(tmp_path / "run", Namespace(minutes=1, **settings))
    target, times = torch.zeros(8, 16, 8, 8), torch.full((8,), 299)
    torch.manual_seed(0)
    before = float(run._error(target, times).detach())
    for _ in range(12):
        run.trainer.advance(run._step)
    assert float(run._error(target, times).detach()) < before
