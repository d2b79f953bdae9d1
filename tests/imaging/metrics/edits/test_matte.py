"""The figures of the matte on drawn pictures: a sound one has no fault, and a fault of known size has that figure."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from likeness.imaging.metrics.edits import matte
from likeness.imaging.metrics.edits.pair import Pair, pair_of

SIDE, RADIUS = 400, 100
BLUE = (150, 195, 235)
GREEN, WALL, WHITE = (np.float32(colour) for colour in ([0.2, 0.5, 0.3], [0.7, 0.6, 0.5], [1, 1, 1]))
Y, X = np.mgrid[:SIDE, :SIDE].astype(np.float32)
AWAY = np.hypot(X - 200, Y - 200)
Canvas = np.ndarray


def disc(radius: float) -> Canvas:
    return cv2.GaussianBlur((radius > AWAY).astype(np.float32), (0, 0), 1)


DISC = disc(RADIUS)


def drawn(product: Canvas = GREEN, behind: Canvas = WALL, mask: Canvas = DISC) -> Canvas:
    return mask[..., None] * product + (1 - mask[..., None]) * behind


def below(px: int) -> Canvas:
    """Return a strip of the wall below the disc, so many px wide."""
    return ((Y > 200) & (RADIUS < AWAY) & (RADIUS + px > AWAY) & (abs(X - 200) < 50)).astype(np.float32)


def on_blue(mask: Canvas = DISC, fog: Canvas | float = 0.0) -> Canvas:
    """Return the disc before blue, with so much of the wall left in it."""
    return drawn(behind=np.float32(BLUE) / 255 * (1 - fog) + WALL * fog, mask=mask)


def pair(made: Canvas, mask: Canvas = DISC, given: Canvas | None = None) -> Pair:
    return pair_of(drawn() if given is None else given, made.astype(np.float32), mask, mask)


def test_a_sound_matte_has_no_fault() -> None:
    one = pair(on_blue())
    on_edge, halo, doubt = matte.on_edge(one), matte.halo(one, BLUE), matte.doubt(one)
    assert on_edge == 1 and matte.bleed(pair(drawn(BLUE_OF_CLOTH))) == 0
    assert halo is not None and halo < 0.05 and doubt is not None and doubt < 0.05
    assert matte.left_out(one) is None, "it does not stand on white"


BLUE_OF_CLOTH = np.float32([0.2, 0.3, 0.7])


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_doubt_is_what_is_undecided_beside_the_product(share: float) -> None:
    strip = (Y < 80) & (share * DISC.sum() / 80 > X)
    mask = np.where(strip, np.float32(0.45), DISC)
    assert matte.doubt(pair(on_blue(), mask)) == pytest.approx(share + 0.03, abs=0.02)


def test_a_sent_mask_is_in_no_doubt() -> None:
    one = replace(pair(on_blue(), 0.5 * DISC), found=None)
    assert matte.doubt(one) is None and matte.left_out(one) is None


def test_what_stands_on_white_and_was_left_out_is_a_share_of_the_product() -> None:
    beside = ((X < 60) & (X > 20) & (abs(Y - 200) < 100))[..., None]
    given = np.where(beside, GREEN, drawn(behind=WHITE))
    one = pair(given, given=given)
    assert matte.left_out(one) == pytest.approx(39 * 199 / (DISC > 0.5).sum(), rel=0.05)
    assert matte.left_out(pair(given, given=drawn(behind=WHITE))) == 0
    assert matte.left_out(pair(given, 1 - DISC, given)) is None, "the ground itself is what was asked for"
    shaded = drawn(behind=np.where(beside, np.float32(0.95), WHITE))
    assert matte.left_out(pair(given, given=shaded)) == 0, "a soft shadow on white is no product"


@pytest.mark.parametrize("radius", [RADIUS - 20, RADIUS + 20])
def test_a_mask_beside_the_edge_lies_on_none(radius: int) -> None:
    on_edge = matte.on_edge(pair(on_blue(disc(radius)), disc(radius)))
    assert on_edge is not None and on_edge < 0.1


def test_half_an_outline_beside_the_edge_is_half() -> None:
    mask = np.where(X < 200, DISC, disc(RADIUS + 16))
    assert matte.on_edge(pair(on_blue(), mask)) == pytest.approx(0.46, abs=0.06)


def test_colour_on_the_wall_has_its_area() -> None:
    mask = np.maximum(DISC, below(14))
    area = matte.bleed(pair(drawn(BLUE_OF_CLOTH, mask=mask), mask))
    assert area == pytest.approx(float(below(10).sum()), rel=0.3)
    assert matte.bleed(pair(drawn(), mask)) == 0, "a wall that was not dyed"


def test_figures_of_areas_do_not_depend_on_the_size_of_the_file() -> None:
    mask = np.maximum(DISC, below(14))
    planes = drawn(), drawn(BLUE_OF_CLOTH, mask=mask), mask
    whole, half = (
        matte.bleed(pair_of(*(cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in planes)))
        for side in (SIDE, SIDE // 2)
    )
    assert whole is not None and whole > 500 and half == pytest.approx(whole, rel=0.35)


@pytest.mark.parametrize("strength", [0.1, 0.3])
def test_fog_is_as_strong_as_it_is_and_a_shadow_is_none(strength: float) -> None:
    near = ((AWAY < RADIUS + 15)[..., None]).astype(np.float32)
    foggy, full = (matte.halo(pair(on_blue(fog=near * amount)), BLUE) for amount in (strength, 1))
    assert foggy is not None and full is not None and full > 20
    assert foggy == pytest.approx(strength * full, rel=0.35)
    shadow = on_blue() * np.where(DISC[..., None] > 0.5, 1, 1 - 0.3 * near)
    shaded = matte.halo(pair(shadow), BLUE)
    assert shaded is not None and shaded < 1


def test_a_picture_without_a_product_or_with_nothing_else_has_no_figure_that_is_not_a_number() -> None:
    for mask in (np.zeros_like(DISC), np.ones_like(DISC)):
        one = pair(drawn(behind=WHITE), mask)
        values = [matte.doubt(one), matte.left_out(one), matte.on_edge(one), matte.bleed(one), matte.halo(one, BLUE)]
        assert all(value is None or np.isfinite(value) for value in values)
