import numpy as np
import pytest

from likeness.contract.colour_names import BROWN_AND_GREYS, CHROMATIC, CLOTH
from likeness.imaging.edits.recolour import blended, lab_of, lab_of_colour, recolour, rgb_of_lab, shaded
from tests.imaging.edits import products

PICTURES = {"shaded": products.shaded(96, 120), "photo": products.photographed()}


def mean_inside(rgb, mask):
    return lab_of(rgb)[mask > 0.99].mean(axis=0)


def hue(lab):
    return np.degrees(np.arctan2(lab[2], lab[1]))


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("name", CHROMATIC)
def test_the_asked_hue_and_colour_are_reached_inside(name, picture):
    rgb, mask = PICTURES[picture]
    target = lab_of_colour(CLOTH[name])
    mean = mean_inside(recolour(rgb, mask, CLOTH[name]), mask)
    assert abs((hue(mean) - hue(target) + 180) % 360 - 180) < 8
    assert np.linalg.norm(mean - target) < 14
    assert abs(mean[0] - target[0]) < 6


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize(("name", "low", "high"), [("black", 0, 33.3), ("grey", 33.3, 66.7), ("white", 66.7, 100)])
def test_black_grey_and_white_reach_their_third_of_lightness(name, low, high, picture):
    rgb, mask = PICTURES[picture]
    lightness, *chroma = mean_inside(recolour(rgb, mask, BROWN_AND_GREYS[name]), mask)
    assert low < lightness < high
    assert np.hypot(*chroma) < 4


@pytest.mark.parametrize("picture", PICTURES)
def test_nothing_outside_changes_by_one_bit(picture):
    rgb, mask = PICTURES[picture]
    assert (mask == 0).mean() > 0.2
    assert np.array_equal(recolour(rgb, mask, (240, 130, 30))[mask == 0], rgb[mask == 0])


@pytest.mark.parametrize("name", CHROMATIC)
def test_the_order_of_shading_is_kept(name):
    rgb, mask = PICTURES["shaded"]
    before, after = (lab_of(one)[mask == 1][:, 0] for one in (rgb, recolour(rgb, mask, CLOTH[name])))
    ranked = after[np.argsort(before, kind="stable")]
    assert np.all(np.diff(ranked) > -0.5), "clipping to sRGB may move L* a little, never the order of what can be seen"
    assert ranked[-1] - ranked[0] > 5


@pytest.mark.parametrize("size", products.SIZES)
@pytest.mark.parametrize("covered", [0.0, 1.0])
def test_any_size_and_an_empty_or_full_mask_will_do(size, covered):
    rgb, _ = products.shaded(*size)
    mask = np.full(size, covered, dtype=np.float32)
    made = recolour(rgb, mask, (45, 90, 200))
    assert made.shape == rgb.shape and made.dtype == np.float32
    assert np.isfinite(made).all() and made.min() >= 0 and made.max() <= 1
    assert np.array_equal(made, rgb) == (covered == 0)


def test_lab_and_back():
    rgb = np.random.default_rng(0).random((20, 30, 3), dtype=np.float32)
    assert np.allclose(rgb_of_lab(lab_of(rgb)), rgb, atol=1.5 / 255), "OpenCV reads a table for CIELAB"
    assert lab_of_colour((255, 255, 255)) == pytest.approx([100, 0, 0], abs=0.05)


def test_shading_keeps_the_asked_mean_and_the_range():
    lightness = np.linspace(0, 100, 200, dtype=np.float32).reshape(10, 20)
    lit = shaded(lightness, np.ones_like(lightness), 70.0)
    assert lit.mean() == pytest.approx(70, abs=1)
    assert lit.min() >= 0 and lit.max() <= 100


def test_a_blend_is_a_mixture_by_the_mask():
    under, over = np.zeros((1, 3, 3), dtype=np.float32), np.ones((1, 3, 3), dtype=np.float32)
    mask = np.array([[0, 0.25, 1]], dtype=np.float32)
    assert blended(under, over, mask)[0, :, 0].tolist() == [0, 0.25, 1]
