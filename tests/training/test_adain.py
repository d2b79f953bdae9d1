"""The recipe of AdaIN's decoder, on data that the test makes."""

from argparse import Namespace
from functools import partial
from pathlib import Path

import pytest
import torch

from tests.support.training import logged_steps, resumed
from training import adain
from training.adain import Run
from worker.config import WEIGHTS
from worker.networks.style import StyleDecoder

SETTINGS = {
    "features": WEIGHTS / "mobilenet-v2",
    "size": 32,
    "batch": 4,
    "rate": 3e-3,
    "style_weight": 30.0,
    "same_weight": 50.0,
    "seed": 1,
    "every": 1e9,
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adain, "SHOWN", 1)
    monkeypatch.setattr(adain, "SIDE", 32)
    monkeypatch.setattr(adain, "SHIFT", 8)


def test_a_run_is_resumed_and_leaves_weights_that_load(data: Path, tmp_path: Path) -> None:
    before = resumed(partial(Run, tmp_path / "run"), 0.005, {"data": data, **SETTINGS})
    steps = logged_steps(tmp_path / "run")
    assert steps == sorted(steps) and steps[-1] > before
    assert (tmp_path / "run/samples.png").stat().st_size > 0
    StyleDecoder.loaded(tmp_path / "run/decoder")


def test_its_error_falls(data: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run", Namespace(minutes=1, data=data, **SETTINGS))
    content = torch.from_numpy(run.crops.batch(4)).add(1).div(2)
    style = run._style()
    before = float(run._loss(content, style).detach())
    for _ in range(25):
        run.trainer.optimiser.zero_grad()
        loss = run._loss(content, style)
        loss.backward()
        run.trainer.optimiser.step()
    assert float(run._loss(content, style).detach()) < 0.9 * before
