"""The recipe of `vae`, on data that the test makes."""

import csv
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from training import vae
from training.data import garments
from training.loop import state
from worker.networks.vae import PatchVAE, PictureVAE


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few photos do."""
    monkeypatch.setattr(garments, "LEAST", 1)
    monkeypatch.setattr(vae, "VERSIONS", 2)
    monkeypatch.setattr(vae, "STARTED_FROM", 64)


def seconds_of(run: Path) -> float:
    """Return the running time in the state of a run."""
    return float(load_file(run / state.FILE)["clock"][1])


def test_both_stages_are_resumed_and_leave_weights_that_load(data: Path, tmp_path: Path) -> None:
    settings = {"data": data, "out": tmp_path, "crop": 64, "batch": 4, "rate": 1e-4, "seed": 1, "every": 1e9}
    vae.train(Namespace(minutes=0.005, **settings))
    spent = [
        seconds_of(tmp_path / name) / share for name, share in (("patches", vae.FIRST), ("picture", 1 - vae.FIRST))
    ]
    vae.train(Namespace(minutes=max(spent) / 60 + 0.005, **settings))
    for name, kind in (("patches", PatchVAE), ("picture", PictureVAE)):
        with (tmp_path / name / "log.csv").open() as log:
            rows = list(csv.DictReader(log))
        steps = [int(row["step"]) for row in rows]
        assert steps[0] == 0 and steps == sorted(steps) and len(set(steps)) == 3, "the start, and two runs"
        for row in rows:
            assert float(row["elbo"]) == pytest.approx(float(row["reconstruction"]) - float(row["kl"]), abs=2e-4)
        assert (tmp_path / name / "samples.png").exists()
        kind.from_pretrained(tmp_path / "weights" / name, use_safetensors=True)
        weights = load_file(tmp_path / "weights" / name / "diffusion_pytorch_model.safetensors")
        assert {value.dtype for value in weights.values()} == {torch.float16}
    assert PictureVAE.from_pretrained(tmp_path / "weights/picture").config.labels == {"shirt": 1.0}


def test_a_version_is_much_the_same_garment_in_another_colour_on_white() -> None:
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[16:48, 8:32] = (200, 40, 40)
    random = np.random.default_rng(0)
    made = [vae.varied(picture, random) for _ in range(24)]
    assert len({tuple(one[32, [20, 43]].min(0)) for one in made}) > 6, "other colours"
    left = [bool((one[32, :32] < 255).sum() > (one[32, 32:] < 255).sum()) for one in made]
    assert any(left) and not all(left), "mirrored or not"
    for one in made:
        share = float((one.min(2) < 255).mean())
        assert 0.8 * 0.1875 < share < 1.3 * 0.1875 and (one[[0, -1]] == 255).all()
