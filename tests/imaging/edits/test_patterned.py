"""Patterns: woven as they are named, on the cloth alone, bent as it lies, lit as it is, of a size that suits it."""

import cv2
import numpy as np
import pytest

from likeness.contract import colour_names, vocabulary
from likeness.imaging.edits.drape import places
from likeness.imaging.edits.motifs import MOTIFS, tile_of
from likeness.imaging.edits.patterned import patterned, patterned_cutout
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.matting import Matte, matte_of
from tests.imaging.edits import products

RED = colour_names.CLOTH["red"]


def flat(side: int = 240, grey: float = 0.5) -> tuple[np.ndarray, Matte]:
    rgb, mask = np.full((side, side, 3), grey, dtype=np.float32), np.zeros((side, side), dtype=np.float32)
    mask[side // 8 : -side // 8, side // 6 : -side // 6] = 1
    return rgb, Matte(mask, rgb)


def test_there_is_one_for_every_word() -> None:
    assert tuple(MOTIFS) == vocabulary.PATTERNS


@pytest.mark.parametrize("name", MOTIFS)
def test_a_pattern_is_partly_its_colour_and_changes_nothing_outside(name: str) -> None:
    rgb, mask = products.photographed()
    matte = matte_of(rgb, mask)
    made = patterned(rgb, matte, name, RED).rgb
    assert np.array_equal(made[matte.alpha == 0], rgb[matte.alpha == 0])
    red = lab_of(made)[matte.alpha == 1][:, 1]
    assert (red > 35).mean() > 0.03 and np.subtract(*np.percentile(red, (98, 2))) > 15
    assert np.array_equal(made, patterned(rgb, matte, name, RED).rgb)


@pytest.mark.parametrize("name", MOTIFS)
def test_repeats_join_at_their_edges(name: str) -> None:
    tile = tile_of(MOTIFS[name], 96)
    assert tile.min() >= 0 and tile.sum(axis=2).max() < 1.001
    within = np.abs(np.diff(tile, axis=1)).mean(axis=(0, 2)).max()
    assert np.abs(tile[:, 0] - tile[:, -1]).mean() <= within + 0.02


def test_gingham_has_half_tone_and_a_ground_of_its_own() -> None:
    rgb, matte = flat()
    lab = lab_of(patterned(rgb, matte, "gingham", RED).rgb)[60:-60, 70:-70]
    reds = np.percentile(cv2.GaussianBlur(lab[..., 1], (0, 0), 1.0), (5, 50, 95))
    assert reds[0] < 8 and reds[2] > 50 and reds[0] + 10 < reds[1] < reds[2] - 10


def test_a_pattern_is_as_large_as_suits_the_product() -> None:
    (small, one), (large, two) = flat(240), flat(720)
    assert places(large, two, 0.1)[2] == pytest.approx(3 * places(small, one, 0.1)[2], rel=0.02)


def test_a_pattern_turns_with_a_product_that_lies_aslant() -> None:
    rgb, mask = np.full((300, 300, 3), 0.5, dtype=np.float32), np.zeros((300, 300), dtype=np.float32)
    cv2.fillPoly(mask, [np.int32(cv2.boxPoints(((150, 150), (90, 220), 20)))], 1.0)
    across, _, _ = places(rgb, Matte(mask, rgb), 0.1)
    slope = np.median(np.diff(across, axis=0)[120:180, 120:180]) / np.median(np.diff(across, axis=1)[120:180, 120:180])
    assert slope == pytest.approx(np.tan(np.deg2rad(20)), abs=0.12)


def test_folds_bend_a_pattern_and_shade_it() -> None:
    rgb, matte = flat()
    folded = rgb * (1 + 0.4 * np.sin(np.arange(240) / 12, dtype=np.float32)[:, None, None])
    straight, bent = (places(given, matte, 0.1)[0] for given in (rgb, folded.transpose(1, 0, 2)))
    assert np.abs(bent - straight)[60:-60, 70:-70].max() > 0.08
    made = lab_of(patterned(folded, Matte(matte.alpha, folded), "stripes", RED).rgb)[60:-60, 70:-70]
    for part in (made[..., 1] > 45, made[..., 1] < 5):
        rows = np.array([row[there, 0].mean() for row, there in zip(made, part, strict=True) if there.any()])
        assert np.ptp(rows) > 15


def test_what_is_not_cloth_is_left_alone() -> None:
    rgb, matte = flat(400)
    rgb[180:220, 180:230] = (0.95, 0.85, 0.1)
    made = patterned(rgb, Matte(matte.alpha, rgb), "tartan", RED)
    assert np.abs(made.rgb - rgb)[185:215, 185:225].max() < 0.02 and made.kept[200, 205] > 0.9


def test_a_cutout_keeps_its_alpha_and_gets_the_pattern() -> None:
    _, matte = flat()
    made = patterned_cutout(matte, "houndstooth", RED).rgb
    assert 0.1 < (lab_of(made)[60:-60, 70:-70, 1] > 35).mean() < 0.9


@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_and_an_empty_mask_will_do(size: tuple[int, int]) -> None:
    rgb, mask = products.shaded(*size)
    assert patterned(rgb, Matte(mask, rgb), "floral", RED).rgb.shape == rgb.shape
    assert np.array_equal(patterned(rgb, Matte(np.zeros_like(mask), rgb), "tartan", RED).rgb, rgb)
