import cv2
import numpy as np
import pytest

from likeness.imaging.edits.resize import resized, scaled_product
from likeness.imaging.matting import Matte
from tests.imaging.edits import products

GROUND = 0.8


def block(left, top, right, bottom, side=200):
    """Return a dark block on a plain ground, and its soft mask."""
    mask = np.zeros((side, side), dtype=np.float32)
    mask[top:bottom, left:right] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), 1)
    rgb = GROUND * (1 - mask[..., None]) + 0.2 * mask[..., None]
    return rgb.repeat(3, axis=2).astype(np.float32), mask


def extent(made):
    """Return the left, top, right and bottom of what is dark."""
    rows, columns = np.nonzero(made[..., 0] < 0.5)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def completed(made, hole):
    """Fill the hole as an engine would that knows the ground."""
    return np.where(hole[..., None], np.float32(GROUND), made)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_the_product_is_scaled_about_its_centre(factor):
    rgb, mask = block(60, 50, 140, 130)
    made, hole = scaled_product(rgb, mask, factor)
    assert made.shape == rgb.shape and made.dtype == np.float32 and hole.dtype == bool
    half = 40 * factor
    expected = (100 - half, 90 - half, 100 + half, 90 + half)
    assert np.allclose(extent(completed(made, hole)), expected, atol=1)


def test_no_ghost_of_the_old_product_is_left_around_the_hole():
    rgb, mask = block(60, 50, 140, 130)
    made, hole = scaled_product(rgb, mask, 0.8)
    near = np.abs(completed(made, hole) - GROUND)
    near[54:126, 64:136] = 0
    assert near.max() < 0.02


def test_a_larger_product_leaves_no_hole_and_a_far_away_ground_as_it_was():
    rgb, mask = block(60, 50, 140, 130)
    made, hole = scaled_product(rgb, mask, 1.25)
    assert not hole.any()
    assert np.array_equal(made[:30], rgb[:30])


@pytest.mark.parametrize(
    ("block_at", "side"),
    [((60, 120, 140, 200), 3), ((60, 0, 140, 80), 1), ((0, 60, 80, 140), 0), ((120, 60, 200, 140), 2)],
)
@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_product_that_the_edge_cuts_off_stays_at_the_edge(block_at, side, factor):
    rgb, mask = block(*block_at)
    made, hole = scaled_product(rgb, mask, factor)
    there = extent(completed(made, hole))
    assert there[side] == block_at[side]
    assert max(there[2] - there[0], there[3] - there[1]) == pytest.approx(80 * factor, abs=2)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_product_from_edge_to_edge_will_do(factor):
    rgb, mask = block(0, 60, 200, 140)
    made, hole = scaled_product(rgb, mask, factor)
    assert np.isfinite(made).all()
    assert hole.any() == (factor < 1)


@pytest.mark.parametrize("size", products.SIZES)
@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_any_size_will_do_and_without_a_product_nothing_changes(size, factor):
    rgb, mask = products.shaded(*size)
    made, hole = scaled_product(rgb, mask, factor)
    assert made.shape == rgb.shape and hole.shape == mask.shape
    assert np.isfinite(made).all() and made.min() >= 0 and made.max() <= 1
    same, nowhere = scaled_product(rgb, np.zeros_like(mask), factor)
    assert np.array_equal(same, rgb) and not nowhere.any()


def disc(radius: float, at: tuple[float, float] = (100, 100), side: int = 200) -> Matte:
    """Return the matte of a red disc."""
    y, x = np.mgrid[:side, :side]
    alpha = np.clip(radius - np.hypot(y - at[1] + 0.5, x - at[0] + 0.5) + 0.5, 0, 1).astype(np.float32)
    return Matte(alpha, np.full((side, side, 3), (0.7, 0.1, 0.1), np.float32))


def over(matte: Matte, spread: float = 0.02) -> np.ndarray:
    """Return the disc before a grey wall with grain."""
    wall = 0.6 + spread * np.random.default_rng(3).standard_normal((*matte.alpha.shape, 3))
    return (matte.alpha[..., None] * matte.colour + (1 - matte.alpha[..., None]) * wall).astype(np.float32)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_product_is_scaled_whole_before_what_was_behind_it(factor: float) -> None:
    matte = disc(50)
    made = resized(over(matte), matte, factor)
    red = made.rgb[..., 0] - made.rgb[..., 1] > 0.3
    assert made.factor == factor
    assert red.sum() == pytest.approx(np.pi * (50 * factor) ** 2, rel=0.03), "no old product is left beside it"
    ring = np.hypot(*(np.mgrid[:200, :200] - 99.5))
    gone = (ring > 52 * factor) & (ring < 60)
    if gone.any():
        assert made.rgb[gone].mean() == pytest.approx(0.6, abs=0.02)
        assert made.rgb[gone].std() == pytest.approx(0.02, rel=0.5), "with the wall's grain"
    assert (made.rgb[ring > 75] == over(matte)[ring > 75]).all()


def test_a_product_grows_no_further_than_the_image_does() -> None:
    matte = disc(50, at=(60, 100))
    made = resized(over(matte), matte, 1.25)
    assert made.factor == pytest.approx(0.97 * 60 / 50, abs=0.03)
    assert not (made.rgb[:, 0, 0] - made.rgb[:, 0, 1] > 0.3).any()


def test_without_a_product_nothing_is_resized() -> None:
    empty = Matte(np.zeros((64, 64), np.float32), np.zeros((64, 64, 3), np.float32))
    assert resized(empty.colour, empty, 1.25).factor == 1


def test_the_shadow_beside_a_product_that_shrinks_is_taken_out_with_it():
    rgb, mask = block(120, 100, 280, 260, side=400)
    clean = rgb.copy()
    shadow = np.zeros_like(mask)
    shadow[262:280, 110:290] = 0.25
    rgb -= (cv2.GaussianBlur(shadow, (0, 0), 4) * (1 - mask))[..., None] * rgb
    made = resized(rgb, Matte(mask, np.full_like(rgb, 0.2)), 0.7).rgb
    below = np.s_[262:290, 110:290]
    assert (clean - rgb)[below].max() > 0.1
    assert np.abs(made[below] - GROUND).max() < 0.03


def test_a_textured_background_is_continued_with_its_texture_and_a_hook_is_not_repeated() -> None:
    y, x = np.mgrid[:300, :300].astype(np.float32)
    rgb = np.repeat((0.6 + 0.08 * np.sin(x / 2))[..., None], 3, axis=2).astype(np.float32)
    rgb[20:45, 145:155] = 0.02
    mask = ((np.abs(x - 150) < 70) & (np.abs(y - 150) < 85)).astype(np.float32)
    shown = np.where(mask[..., None] > 0, np.float32([0.7, 0.1, 0.1]), rgb)
    made = resized(shown, Matte(mask, np.full_like(rgb, 0.2)), 0.6).rgb
    beside, below = made[75:85, 100:135, 0], made[80:90, 140:160, 0]
    assert 0.6 < beside.std() / rgb[75:85, 100:135, 0].std() < 1.4
    assert below.min() > 0.25 and np.abs(made[:20] - rgb[:20]).max() < 1e-6
