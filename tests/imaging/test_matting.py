import cv2
import numpy as np
import pytest

from likeness.imaging.matting import Matte, matte_of, matte_of_alpha
from tests.imaging.edits import products

RED, GREY, BLUE = (0.75, 0.1, 0.15), (0.8, 0.8, 0.78), (0.2, 0.3, 0.7)


def flat(colour, height, width, seed=0, noise=0.01):
    rng = np.random.default_rng(seed)
    return (np.array(colour) + noise * rng.standard_normal((height, width, 1))).astype(np.float32)


def star(height, width, points=9):
    """Return the share of a star in each pixel, antialiased, H x W."""
    turn = np.linspace(0, 2 * np.pi, 2 * points, endpoint=False)
    radius = np.where(np.arange(2 * points) % 2, 0.28, 0.4) * min(height, width)
    corners = np.stack([width / 2 + radius * np.cos(turn), height / 2 + radius * np.sin(turn)], axis=1) * 8
    large = np.zeros((height * 8, width * 8), dtype=np.uint8)
    cv2.fillPoly(large, [corners.astype(np.int32)], 255)
    return (cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA) / 255).astype(np.float32)


def composed(alpha, product, background):
    return (alpha[..., None] * product + (1 - alpha[..., None]) * background).astype(np.float32)


def blurred(alpha, sigma=4):
    """Return what a segmenter sees of a shape: soft, and so a few px wrong at every corner."""
    return cv2.GaussianBlur(alpha, (0, 0), sigma)


@pytest.mark.parametrize("scale", [1, 2])
def test_a_known_composite_is_found_again_better_than_its_mask(scale):
    height, width = 240 * scale, 200 * scale
    alpha, background = star(height, width), flat(GREY, height, width, 1)
    rgb = composed(alpha, flat(RED, height, width, 2), background)
    mask = blurred(alpha, 4 * scale)
    found = matte_of(rgb, mask)
    assert np.abs(found.alpha - alpha).mean() < 0.2 * np.abs(mask - alpha).mean()
    rim = (alpha > 0.2) & (alpha < 0.8)
    assert np.abs(found.colour[rim] - np.array(RED)).mean() < 0.06, "no grey is left in the product's rim"
    assert np.abs(rgb[rim] - np.array(RED)).mean() > 0.2


def test_a_background_in_another_colour_has_no_fringe_of_the_old_one():
    alpha = star(240, 200)
    product, new = flat(RED, 240, 200, 2), flat(BLUE, 240, 200, 3, 0)
    rgb = composed(alpha, product, flat(GREY, 240, 200, 1))
    found = matte_of(rgb, blurred(alpha))
    wanted = composed(alpha, product, new)
    near = cv2.dilate(((alpha > 0) & (alpha < 1)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    raw = composed(blurred(alpha), rgb, new)
    made = composed(found.alpha, found.colour, new)
    assert np.abs(made - wanted)[near].mean() < 0.25 * np.abs(raw - wanted)[near].mean()


def test_where_colours_are_alike_the_mask_is_followed():
    alpha = star(240, 200, 5)
    rgb = composed(alpha, flat(GREY, 240, 200, 2), flat(GREY, 240, 200, 1))
    mask = blurred(alpha)
    found = matte_of(rgb, mask).alpha
    assert ((found > 0.5) == (mask > 0.5)).mean() > 0.98
    assert np.abs(found - mask).mean() < 0.05


def test_an_opening_that_the_mask_doubts_and_shows_the_wall_is_open():
    alpha = np.zeros((240, 200), dtype=np.float32)
    alpha[40:200, 40:160] = 1
    alpha[40:70, 70:130] = 0
    rgb = composed(alpha, flat(RED, 240, 200, 2), flat(GREY, 240, 200, 1))
    mask = alpha.copy()
    mask[40:70, 70:130] = 0.5
    found = matte_of(rgb, blurred(mask, 2)).alpha
    assert found[45:65, 75:125].max() < 0.05
    assert found[80:190, 50:150].min() > 0.95


def test_a_doubtful_area_within_the_product_is_filled():
    alpha = np.zeros((240, 200), dtype=np.float32)
    alpha[30:210, 30:170] = 1
    rgb = composed(alpha, flat(RED, 240, 200, 2), flat(GREY, 240, 200, 1))
    rgb[100:140, 80:120] = flat(GREY, 40, 40, 5)
    mask = alpha.copy()
    mask[100:140, 80:120] = 0.5
    assert matte_of(rgb, blurred(mask, 2)).alpha[60:180, 60:140].min() > 0.95


def test_what_hangs_about_in_a_colour_of_its_own_and_in_doubt_is_left_out():
    alpha = np.zeros((240, 200), dtype=np.float32)
    alpha[80:210, 30:170] = 1
    rgb = composed(alpha, flat(RED, 240, 200, 2), flat(GREY, 240, 200, 1))
    rgb[50:66, 20:180] = flat((0.2, 0.5, 0.2), 16, 160, 5)
    mask = alpha.copy()
    mask[50:66, 20:180] = 0.5
    assert matte_of(rgb, blurred(mask, 1.5)).alpha[:62].max() < 0.1


def test_a_hole_that_the_mask_knows_stays_a_hole():
    alpha = star(240, 200)
    alpha[100:130, 85:115] = 0
    rgb = composed(alpha, flat(RED, 240, 200, 2), flat(GREY, 240, 200, 1))
    assert matte_of(rgb, blurred(alpha, 2)).alpha[108:122, 93:107].max() < 0.05


def test_the_inside_keeps_the_picture_to_the_bit():
    rgb, mask = products.photographed()
    found = matte_of(rgb, mask)
    assert np.array_equal(found.colour[found.alpha == 1], rgb[found.alpha == 1])


@pytest.mark.parametrize("size", products.SIZES)
@pytest.mark.parametrize("covered", [0.0, 0.5, 1.0, None])
def test_any_size_and_mask_give_a_matte_and_leave_what_was_given(size, covered):
    rgb, mask = products.shaded(*size)
    mask = mask if covered is None else np.full(size, covered, dtype=np.float32)
    before = rgb.copy(), mask.copy()
    found = matte_of(rgb, mask)
    assert found.alpha.shape == size and found.colour.shape == (*size, 3)
    assert found.alpha.dtype == found.colour.dtype == np.float32
    assert np.isfinite(found.colour).all() and found.alpha.min() >= 0 and found.alpha.max() <= 1
    assert np.array_equal(rgb, before[0]) and np.array_equal(mask, before[1])
    if covered is not None:
        assert np.array_equal(found.alpha, mask), "a mask without two sides is taken as it is"


def test_a_picture_with_alpha_has_its_matte():
    rgb, mask = products.shaded(30, 40)
    alpha = np.rint(mask * 255).astype(np.uint8)
    found = matte_of_alpha(rgb, alpha)
    assert isinstance(found, Matte)
    assert np.array_equal(np.rint(found.alpha * 255).astype(np.uint8), alpha)
    assert np.array_equal(found.colour[alpha > 0], rgb[alpha > 0])
    assert matte_of_alpha(rgb, np.zeros_like(alpha)).alpha.max() == 0
