"""Outlines of cut-outs: hard and smooth along edges at any scale, soft along hair; and what is not product goes."""

import cv2
import numpy as np
import pytest

from likeness.contract.presets import Look
from likeness.imaging.packshot.cutout import Cutout, cut_out
from likeness.imaging.packshot.edge import firmness, unspilt
from likeness.imaging.packshot.remains import cleared, mended, uncrumbed
from likeness.imaging.packshot.shoot import shot_of

RED, WALL, BLUE = (190, 40, 50), (150, 160, 170), (40, 60, 190)


def disc(side: int, radius: float) -> np.ndarray:
    """Return the alpha of a disc in the middle of a square, antialiased, 0..1."""
    y, x = np.mgrid[:side, :side]
    return np.clip(radius - np.hypot(x - side / 2, y - side / 2) + 0.5, 0, 1).astype(np.float32)


def photo(alpha: np.ndarray, product=RED, wall=WALL, grain: float = 40) -> np.ndarray:
    """Return a product before a speckled wall."""
    noise = np.random.default_rng(2).normal(0, grain, (*alpha.shape, 1))
    mixed = np.array(product) * alpha[..., None] + (np.array(wall) + noise) * (1 - alpha[..., None])
    return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)


def ramp(alpha: np.ndarray, radius: float) -> float:
    """Return the mean width in px of a disc's transition from 10 to 90 %."""
    return float(((alpha > 25) & (alpha < 230)).sum()) / (2 * np.pi * radius)


def wobble(alpha: np.ndarray) -> float:
    """Return how far a disc's outline is from a circle, in px, as standard deviation."""
    edge, _ = cv2.findContours((alpha >= 128).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(edge, key=len)[:, 0].astype(np.float64)
    return float(np.hypot(*(points - points.mean(axis=0)).T).std())


def test_an_edge_is_smooth_and_hard_before_a_speckled_wall() -> None:
    alpha = disc(400, 120)
    product = cut_out(photo(alpha), cv2.GaussianBlur(alpha, (0, 0), 4))
    assert ramp(product.alpha, 120) < 2.5 and wobble(product.alpha) < 0.8
    assert np.abs(product.alpha / 255 - alpha).mean() < 0.004


def test_stripes_in_the_grounds_own_colour_leave_no_notches() -> None:
    alpha, ground = disc(400, 120), np.array((225, 222, 215))
    pattern = np.where((np.arange(400) // 6 % 2 == 0)[None, :, None], (150, 140, 130), ground - 9)
    mixed = pattern * alpha[..., None] + ground * (1 - alpha[..., None])
    rgb = np.clip(mixed + np.random.default_rng(2).normal(0, 5, mixed.shape), 0, 255).astype(np.uint8)
    product = cut_out(rgb, cv2.GaussianBlur(alpha, (0, 0), 4))
    assert ramp(product.alpha, 120) < 2.5 and wobble(product.alpha) < 0.8


def test_an_edge_that_is_enlarged_is_no_softer() -> None:
    alpha = disc(400, 60)
    rgb = photo(alpha)
    shot = shot_of(rgb, cut_out(rgb, cv2.GaussianBlur(alpha, (0, 0), 4)), Look(size="1200x1200", fill=0.9))
    assert shot.placement.scale > 4
    assert ramp(shot.alpha, 540) < 2.5 and wobble(shot.alpha) < 0.8 * shot.placement.scale
    rim = (shot.alpha > 200) & (cv2.erode(shot.alpha, np.ones((13, 13), np.uint8)) < 255)
    assert np.abs(shot.composed.pixels[rim].astype(int) - RED).mean() < 16, "the rim has the product's own colour"


def test_hair_stays_soft() -> None:
    random = np.random.default_rng(1)
    alpha = np.clip(disc(400, 90) + cv2.GaussianBlur(disc(400, 140), (0, 0), 12), 0, 1) * 0.999
    alpha = np.where(disc(400, 90) > 0.5, 1, alpha * random.uniform(0.2, 1, alpha.shape)).astype(np.float32)
    hairy, hard = (firmness(np.rint(255 * one).astype(np.uint8)) for one in (alpha, disc(400, 120)))
    ring = (disc(400, 140) > 0.5) & (disc(400, 110) < 0.5)
    assert hairy[ring].mean() < 60 and hard[ring].mean() > 250


def test_a_lace_is_not_smoothed_away() -> None:
    alpha = disc(400, 80)
    cv2.line(alpha, (200, 200), (200, 40), 1.0, 2)
    product = cut_out(photo(alpha, grain=4), alpha)
    assert (product.alpha[60:110, 196:205].max(axis=1) > 150).all()


def test_haze_far_from_the_product_is_cleared_for_good() -> None:
    alpha = disc(400, 90)
    mask = np.maximum(alpha, 0.3 * disc(400, 150))
    product = cut_out(photo(alpha, wall=RED, grain=4), mask)
    assert product.alpha[disc(400, 110) == 0].max() == 0


@pytest.mark.parametrize("belief", [0.8, 1.0])
def test_a_cord_in_another_colour_goes_and_a_strap_in_the_products_stays(belief: float) -> None:
    alpha = disc(400, 90)
    cord, strap = np.zeros_like(alpha), np.zeros_like(alpha)
    cord[:120, 198:204] = 1
    strap[197:203, 280:360] = 1
    rgb = photo(np.maximum(alpha, strap), grain=4)
    rgb[(cord > 0) & (alpha == 0)] = (30, 160, 60)
    mask = cleared(rgb, cv2.GaussianBlur(np.maximum.reduce([alpha, belief * cord, strap]), (0, 0), 1))
    assert mask[:100].max() < 0.05 and mask[200, 300:350].min() > 0.9 and mask[200, 200] > 0.99


def test_a_sure_part_within_the_frame_stays_whatever_its_colour() -> None:
    alpha = disc(400, 90)
    cord = np.zeros_like(alpha)
    cord[60:120, 198:204] = 1
    rgb = photo(alpha, grain=4)
    rgb[(cord > 0) & (alpha == 0)] = (30, 160, 60)
    mask = np.maximum(alpha, cord)
    assert cleared(rgb, mask) is mask


def test_the_walls_colour_is_taken_off_the_rim_and_the_products_own_detail_is_not() -> None:
    alpha = np.rint(255 * disc(400, 120)).astype(np.uint8)
    grey = np.full((400, 400, 3), 60, np.uint8)
    grey[::7] = 90
    rgb = np.where(alpha[..., None] == 255, grey, np.array((200, 30, 40), np.uint8))
    spilt = rgb.copy()
    rim = (alpha == 255) & (cv2.erode(alpha, np.ones((5, 5), np.uint8)) < 255)
    spilt[rim] = np.clip(rgb[rim] + np.array((40, -20, -18)), 0, 255).astype(np.uint8)
    made = unspilt(spilt, spilt, alpha)
    left = np.ptp(made[rim].astype(int), axis=1)
    assert np.ptp(spilt[rim].astype(int), axis=1).mean() > 50 > 12 > left.mean()
    deep = cv2.erode(alpha, np.ones((15, 15), np.uint8)) == 255
    assert (made[deep] == spilt[deep]).all()
    own = Cutout(made, alpha).rgb
    assert np.abs(own[rim].mean(axis=1) - spilt[rim].mean(axis=1)).max() < 14


def test_a_notch_of_a_pattern_is_filled_and_a_gap_between_hairs_is_not() -> None:
    alpha = np.rint(255 * disc(400, 120)).astype(np.uint8)
    mask = disc(400, 120)
    bitten, parted = alpha.copy(), alpha.copy()
    bitten[300:330, 196:206] = 0
    parted[300:330, 199:201] = 0
    assert (mended(bitten, mask)[300:315, 196:206] > 200).all()
    assert mended(parted, mask) is parted
    known = mask.copy()
    known[296:, 190:212] = 0
    assert mended(bitten, known) is bitten, "the mask knows of this one"


def test_crumbs_are_left_out_and_a_pair_is_not() -> None:
    alpha = np.zeros((400, 800), np.uint8)
    alpha[100:300, 100:300] = alpha[100:300, 500:700] = 255
    pair = alpha.copy()
    alpha[20:28, 400:404] = 255
    assert (uncrumbed(alpha) == pair).all() and uncrumbed(pair) is pair
