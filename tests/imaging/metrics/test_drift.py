import cv2
import numpy as np
import pytest

from likeness.imaging.metrics.drift import drift
from tests.imaging.metrics.pairs import noisy, textured

SHIFTS = [(0, 0), (3, 0), (-7, 12), (0.5, -2.25), (1.3, 0.7), (20, -16)]
CHANGES = {
    "nothing": lambda picture: picture,
    "blur": lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.5),
    "noise": lambda picture: noisy(picture, 0.05),
    "contrast": lambda picture: picture * np.float32(0.8) + np.float32(0.1),
}


def moved(picture, right, down):
    height, width = picture.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    back = (columns - np.float32(right), rows - np.float32(down))
    return cv2.remap(picture, *back, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("size", [(256, 320), (207, 181)])
@pytest.mark.parametrize(("right", "down"), SHIFTS)
def test_a_known_shift_is_found_whatever_else_changed(right, down, size, change):
    given = textured(*size)
    made = CHANGES[change](moved(given, right, down))
    assert drift(given, made) == pytest.approx((right, down), abs=0.1)
    assert drift(made, given) == pytest.approx((-right, -down), abs=0.1)


@pytest.mark.parametrize("size", [(16, 16), (16, 300), (17, 33)])
def test_small_pictures_stay_in_place(size):
    given = textured(*size)
    assert drift(given, noisy(given, 0.02)) == pytest.approx((0, 0), abs=0.1)


def test_unrelated_pictures_still_get_a_figure_within_the_picture():
    found = [drift(textured(32, 32, seed), textured(32, 32, seed + 50)) for seed in range(20)]
    assert all(abs(right) <= 20 and abs(down) <= 20 for right, down in found)


def test_nothing_to_go_by():
    flat = np.full((64, 64, 3), 0.5, dtype=np.float32)
    assert drift(flat, flat) is None
    assert drift(textured(15, 80), textured(15, 80)) is None
    assert drift(textured(64, 64), flat) is None


def test_the_pictures_are_left_as_they_were():
    given = np.repeat(textured(256, 320)[..., :1], 3, axis=2)
    before = given.copy()
    drift(given, given)
    assert np.array_equal(given, before)


@pytest.mark.parametrize("size", [(61, 97), (33, 31), (17, 64), (100, 101)])
@pytest.mark.parametrize("seed", range(6))
def test_pictures_that_have_nothing_in_common_are_measured_or_not_but_do_not_fail(size, seed):
    random = np.random.default_rng(seed)
    one, two = (random.random((*size, 3), dtype=np.float32) for _ in range(2))
    found = drift(one, two)
    assert found is None or max(abs(found[0]) / size[1], abs(found[1]) / size[0]) < 0.6
