"""A hanger's hook goes with what of it shows above the garment; what a product has of its own stays."""

import cv2
import numpy as np
import pytest

from likeness.imaging.packshot.cutout import cut_out
from likeness.imaging.packshot.hanger import unhung

RED, BLACK, WALL = (190, 40, 50), (20, 20, 25), (200, 200, 205)
GARMENT = [(170, 110), (230, 110), (330, 140), (310, 380), (90, 380), (70, 140)]
STRAPS = [[(140, 120), (150, 60), (165, 118)], [(235, 118), (250, 60), (260, 120)]]
HANDLE = [(150, 112), (165, 50), (235, 50), (250, 112)]
COLLAR = [(185, 112), (178, 92), (200, 112), (222, 92), (215, 112)]


def drawn(*strokes: list[tuple[int, int]], width: int = 6, own: tuple[int, int, int] = BLACK):
    """Return a picture of a garment with strokes in a colour of their own, and alpha (0..255) with and without them."""
    rgb = np.full((400, 400, 3), WALL, np.uint8)
    rgb = np.clip(rgb + np.random.default_rng(0).normal(0, 4, rgb.shape), 0, 255).astype(np.uint8)
    alone, whole = np.zeros((400, 400), np.uint8), np.zeros((400, 400), np.uint8)
    for stroke in strokes:
        cv2.polylines(rgb, [np.array(stroke)], False, own, width, cv2.LINE_AA)
        cv2.polylines(whole, [np.array(stroke)], False, 255, width, cv2.LINE_AA)
    cv2.fillPoly(rgb, [np.array(GARMENT)], RED, cv2.LINE_AA)
    cv2.fillPoly(alone, [np.array(GARMENT)], 255, cv2.LINE_AA)
    return rgb, np.maximum(whole, alone), alone


def without(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return unhung(rgb, (alpha / 255).astype(np.float32), alpha)


HOOK = [(180, 60), (185, 45), (200, 40), (212, 50), (208, 62), (200, 72), (200, 112)]


@pytest.mark.parametrize("scale", [0.64, 1, 3])
def test_a_hook_goes_at_any_size_and_the_garment_stays(scale: float) -> None:
    rgb, alpha, alone = (cv2.resize(plane, None, fx=scale, fy=scale) for plane in drawn(HOOK))
    made = without(rgb, alpha)
    far = cv2.dilate(alone, np.ones((9, 9), np.uint8)) == 0
    assert alpha[far].max() == 255 and made[far].mean() < 0.02 * alpha[far].mean()
    inside = cv2.erode(alone, np.ones((9, 9), np.uint8)) == 255
    assert (made[inside] == 255).all()


def test_a_network_that_left_the_hook_out_is_enough_for_the_bar_to_go() -> None:
    bar = [(176, 112), (190, 92), (210, 92), (224, 112)]
    rgb, seen, _ = drawn(HOOK, bar)
    _, alpha, alone = drawn(bar)
    made = unhung(rgb, (seen / 255).astype(np.float32), alpha)
    above = np.arange(400) < 104
    assert alpha[above].max() == 255 and made[above].max() < 40 and (made[alone == 255] == 255).mean() > 0.99


@pytest.mark.parametrize("strokes", [STRAPS, [HANDLE], [COLLAR]], ids=["straps", "handle", "collar"])
@pytest.mark.parametrize("own", [RED, BLACK])
def test_straps_handles_and_collars_stay_in_any_colour(strokes: list, own: tuple[int, int, int]) -> None:
    rgb, alpha, _ = drawn(*strokes, own=own)
    assert without(rgb, alpha) is alpha


def test_a_stalk_in_the_products_colour_stays() -> None:
    rgb, alpha, _ = drawn(HOOK, own=RED)
    assert without(rgb, alpha) is alpha


def test_laces_below_the_top_stay() -> None:
    rgb, alpha, _ = drawn([(150, 300), (120, 395)], [(340, 150), (370, 250)])
    assert without(rgb, alpha) is alpha


def test_what_lies_before_the_cloth_stays_so_that_there_is_no_hole() -> None:
    rgb, alpha, _ = drawn(HOOK)
    cv2.line(rgb, (200, 100), (200, 150), BLACK, 5)
    made = without(rgb, alpha)
    assert made is not alpha and made[125:150, 195:206].min() == 255


def test_a_cut_out_tells_of_the_hanger_and_follows_a_mask_that_has_it() -> None:
    rgb, alpha, _ = drawn(HOOK)
    mask = (alpha / 255).astype(np.float32)
    left, kept = cut_out(rgb, mask, mask), cut_out(rgb, mask)
    assert left.hung and left.alpha[40:90].max() < 40
    assert not kept.hung and kept.alpha[80:100, 195:206].max() > 200
