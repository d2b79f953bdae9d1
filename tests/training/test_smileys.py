"""The recipe of `vae-smileys`."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.training import resumed
from training import smileys
from training.losses.elbo import Run
from worker.networks.vae import PictureVAE


def test_faces_are_seeded_and_no_two_are_alike() -> None:
    first, again = (smileys.faces(np.random.default_rng(3), 16) for _ in range(2))
    assert first.shape == (16, 3, smileys.SIDE, smileys.SIDE) and torch.equal(first, again)
    assert first.min() >= -1 and first.max() <= 1
    assert len({one.numpy().tobytes() for one in first}) == 16


def test_a_face_has_dark_eyes_above_a_mouth_on_its_skin() -> None:
    random = np.random.default_rng(0)
    for face in (smileys.smiley(random) for _ in range(8)):
        dark = face.max(2) < 90
        rows = np.nonzero(dark[:, 24:40].any(1))[0]
        assert dark.any() and rows.min() < smileys.SIDE // 2 < rows.max()
        corners = face[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert (corners == corners[0]).all() and tuple(face[32, 32]) != tuple(corners[0])


def test_a_run_is_resumed_and_the_faces_come_closer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smileys, "HELD_OUT", 16)
    settings = {"rate": 2e-3, "seed": 1, "every": 1e9}
    batches = partial(smileys.batches, 8)
    resumed(lambda args: Run(tmp_path / "picture", smileys.build(), batches, smileys.judge, args), 0.01, settings)
    with (tmp_path / "picture/log.csv").open() as log:
        rows = list(csv.DictReader(log))
    assert float(rows[-1]["elbo"]) > float(rows[0]["elbo"])
    assert int(rows[-1]["step"]) > int(rows[1]["step"]) > int(rows[0]["step"]) == 0
    assert PictureVAE.from_pretrained(tmp_path / "weights/picture").config.side == smileys.SIDE
