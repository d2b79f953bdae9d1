"""Garments cut out of photos."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import HELD_OUT
from training.data.garments import LEAST, frequent, garments, on_white
from training.data.pictures import load_pictures


def test_a_product_stands_alone_in_the_middle() -> None:
    photo = np.full((80, 120, 3), (10, 120, 40), np.uint8)
    photo[20:60, 90:110] = (200, 30, 30)
    mask = np.zeros((80, 120), np.uint8)
    mask[20:60, 90:110] = 255
    alone = on_white(photo, mask, 64)
    red = np.abs(alone.astype(int) - (200, 30, 30)).max(-1) < 30
    rows, columns = np.nonzero(red.any(1))[0], np.nonzero(red.any(0))[0]
    assert abs(rows.mean() - 31.5) <= 1 and abs(columns.mean() - 31.5) <= 1
    assert len(rows) / len(columns) == pytest.approx(2, rel=0.1) and len(rows) == pytest.approx(0.9 * 64, abs=3)
    assert (alone[:2] == 255).all() and (alone[:, :14] == 255).all(), "the wall is gone"


def test_what_the_mask_half_covers_is_half_white() -> None:
    mask = np.full((16, 16), 128, np.uint8)
    alone = on_white(np.zeros((16, 16, 3), np.uint8), mask, 16)
    assert abs(int(alone[8, 8, 0]) - 127) <= 1


def test_classes_with_few_pictures_are_left_out() -> None:
    labels = ["pants"] * LEAST + ["hat"] * LEAST + ["blouse"] * (LEAST - 1)
    assert frequent(labels) == ("hat", "pants")


def test_only_photos_that_are_not_held_out_are_among_them(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.garments.LEAST", 2)
    pictures = load_pictures(data, limit=HELD_OUT + 5)
    found = garments(pictures, 32)
    assert found.pictures.shape == (5, 32, 32, 3) and found.names == ("shirt",) and found.shares == (1.0,)
