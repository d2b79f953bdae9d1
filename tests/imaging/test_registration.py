"""Drift found and undone, on photos that are moved on purpose."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likeness.imaging.metrics.psnr import psnr
from likeness.imaging.registration import undone
from tests.imaging.metrics.pairs import textured
from tests.support.places import EXAMPLES

MOVES = [(1, 3, -7), (1, 3.4, -5.2), (1, 0.5, 0), (1.02, 2, 1), (0.985, -4, 4.5)]
EDITS = {
    "nothing": lambda rgb: rgb,
    "recoloured": lambda rgb: np.ascontiguousarray(rgb[..., [2, 0, 1]]),
    "inverted": lambda rgb: 1 - rgb,
    "lit from one side": lambda rgb: (rgb**1.5 * np.linspace(0.6, 1, rgb.shape[1])[:, None]).astype(np.float32),
    "blurred": lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 1.2),
    "a third replaced": lambda rgb: np.concatenate([np.full_like(rgb[: len(rgb) // 3], 0.5), rgb[len(rgb) // 3 :]]),
}


def photo(name: str, longest: int = 400):
    with Image.open(EXAMPLES / name) as image:
        image.thumbnail((longest, longest))
        return np.asarray(image.convert("RGB"), np.float32) / 255


def moved(rgb, scale, right, down):
    """Return the picture with the point at (x, y) from its centre brought to scale * (x, y) + (right, down)."""
    height, width = rgb.shape[:2]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([np.eye(2) * scale, centre * (1 - scale) + (right, down)])
    return cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT).clip(0, 1)


def inner(rgb):
    """The picture without the border that a move loses for good."""
    margin = [side // 16 for side in rgb.shape[:2]]
    return rgb[margin[0] : -margin[0], margin[1] : -margin[1]]


SOURCE = photo("sweater-printed.jpg")


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("move", MOVES)
def test_a_known_move_is_measured_and_undone_whatever_else_changed(move, edit):
    canvas = EDITS[edit](moved(SOURCE, *move))
    back, found = undone(canvas, SOURCE)
    assert found.undone and found.confidence > 0.5
    corner = abs(found.scale - move[0]) * max(SOURCE.shape) / 2
    assert np.hypot(found.right - move[1], found.down - move[2]) + corner < 0.4
    wished = EDITS[edit](SOURCE)
    assert psnr(inner(wished), inner(back)) > psnr(inner(wished), inner(canvas)) + 6
    assert back.shape == canvas.shape and back.dtype == np.float32 and 0 <= back.min() <= back.max() <= 1


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", ["sweater-printed.jpg", "shirt-plaid.jpg", "portrait-624x807.jpg"])
def test_a_picture_that_did_not_move_is_left_as_it_is(name, edit):
    source = photo(name)
    canvas = EDITS[edit](source)
    back, found = undone(canvas, source)
    assert back is canvas and not found.undone


@settings(max_examples=25, deadline=None)
@given(st.floats(0.975, 1.025), st.floats(-4, 4), st.floats(-4, 4))
def test_no_small_move_is_made_worse(scale, right, down):
    canvas = moved(SOURCE, scale, right, down)
    back, _ = undone(canvas, SOURCE)
    assert back is canvas or psnr(inner(SOURCE), inner(back)) > psnr(inner(SOURCE), inner(canvas)) + 3


def test_whole_pixels_come_back_unsampled():
    back, _ = undone(np.roll(SOURCE, (3, -2), axis=(0, 1)), SOURCE)
    assert np.array_equal(back[3:-3, 3:-3], SOURCE[3:-3, 3:-3])


def test_what_the_made_picture_does_not_show_is_its_own_reflection():
    canvas = np.roll(SOURCE, 3, axis=0) * np.float32(0.5)
    back, found = undone(canvas, SOURCE)
    assert found.undone and np.array_equal(back[-3:], back[-5:-8:-1])


@pytest.mark.parametrize("move", [(1, 30, 0), (1, 0, -30), (1.06, 0, 0), (0.94, 0, 0)])
def test_a_large_move_is_told_and_left(move):
    canvas = moved(SOURCE, *move)
    back, found = undone(canvas, SOURCE)
    assert back is canvas and not found.undone


def test_unrelated_pictures_are_left():
    names = ["sweater-printed.jpg", "shirt-plaid.jpg", "skirt-denim.jpg", "sandals.jpg"]
    photos = [cv2.resize(photo(name), (256, 320), interpolation=cv2.INTER_AREA) for name in names]
    found = [undone(one, two) for one in photos for two in photos if one is not two]
    found += [undone(textured(128, 96, seed), textured(128, 96, seed + 50)) for seed in range(8)]
    assert not any(registration.undone for _, registration in found)
    assert max(registration.confidence for _, registration in found) < 0.4


def test_there_is_nothing_to_go_by_in_flat_and_tiny_pictures():
    flat = np.full((64, 64, 3), 0.5, np.float32)
    for canvas, source in ((flat, flat), (flat, textured(64, 64)), (textured(64, 64), flat)):
        assert undone(canvas, source) == (canvas, None)
    tiny = textured(31, 200)
    assert undone(tiny, tiny) == (tiny, None)


@pytest.mark.parametrize("name", ["a ramp", "stripes", "noise"])
def test_what_fits_anywhere_along_itself_is_not_taken_for_moved(name):
    ramp = np.repeat(np.linspace(0, 1, 160, dtype=np.float32)[None, :, None].repeat(3, 2), 120, 0)
    stripes = np.repeat((np.arange(160) // 8 % 2).astype(np.float32)[None, :, None].repeat(3, 2), 120, 0)
    noise = np.random.default_rng(0).random((120, 160, 3), np.float32)
    picture = {"a ramp": ramp, "stripes": stripes, "noise": noise}[name]
    back, _ = undone(picture.copy(), picture)
    assert np.array_equal(back, picture)


def test_a_picture_larger_than_is_measured_at_comes_back():
    large = cv2.resize(SOURCE, (1800, 2000), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    back, found = undone(moved(large, 1.01, -9.5, 12), large)
    assert found.undone and (found.right, found.down) == pytest.approx((-9.5, 12), abs=0.4)
    assert psnr(inner(large), inner(back)) > 35


def test_the_pictures_given_are_left_as_they_were():
    canvas = moved(SOURCE, 1, 3, 3)
    before = canvas.copy(), SOURCE.copy()
    undone(canvas, SOURCE)
    assert np.array_equal(canvas, before[0]) and np.array_equal(SOURCE, before[1])
