"""What an outline is like: a transition of known width has that width, and a frayed one is told from a smooth one."""

import cv2
import numpy as np
import pytest

from likeness.imaging.assessment.edit_figures import LARGEST, measured_cutout
from likeness.imaging.metrics.edits import backdrop
from likeness.imaging.metrics.edits.contour import contour_of
from likeness.imaging.metrics.edits.pair import pair_of

SIDE, RADIUS = 400, 120.0
Y, X = np.mgrid[:SIDE, :SIDE].astype(np.float32)
INWARDS = RADIUS - np.hypot(X - 200.3, Y - 199.4)
WHITE = (255, 255, 255)
Plane = np.ndarray


def disc(width: float) -> Plane:
    return np.clip(INWARDS / width + 0.5, 0, 1).astype(np.float32)


def frayed(px: float) -> Plane:
    """Return a sharp disc whose rim strays by so many px (standard deviation)."""
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=INWARDS.shape), (0, 0), 1.5)
    return np.clip(INWARDS + px * noise / noise.std() + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("width", [2.0, 4.0, 8.0])
def test_a_transition_has_its_width(width: float) -> None:
    found = contour_of(disc(width))
    assert found is not None and found.width == pytest.approx(width, rel=0.05)
    assert found.ragged < 0.05, "it is soft and not ragged"


def test_the_more_an_outline_frays_the_more_ragged_it_is() -> None:
    found = [contour_of(frayed(px)) for px in (0, 0.5, 1, 2)]
    ragged = [one.ragged for one in found if one]
    assert ragged == sorted(ragged) and ragged[0] < 0.05 and ragged[3] > 0.3
    assert found[1] and found[1].width < 2, "it is ragged and not soft"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_an_outline_there_is_no_figure(share: float) -> None:
    assert contour_of(np.full((SIDE, SIDE), share, np.float32)) is None
    assert contour_of(np.where(np.hypot(X - 200, Y - 200) < 3, 1, 0).astype(np.float32)) is None, "a speck"


def test_the_border_of_the_image_is_no_outline() -> None:
    half = np.clip((X - 200) / 3 + 0.5, 0, 1).astype(np.float32)
    found = contour_of(half)
    assert found is not None and found.width == pytest.approx(3, rel=0.1)


def test_before_a_plain_background_the_width_is_that_of_the_product() -> None:
    cloth = np.float32([0.3, 0.2, 0.5])
    given = disc(1.5)[..., None] * cloth + (1 - disc(1.5)[..., None]) * np.float32([0.6, 0.5, 0.4])
    for width in (2.0, 5.0):
        made = (disc(width)[..., None] * cloth + (1 - disc(width)[..., None])).astype(np.float32)
        found = backdrop.outline_before(pair_of(given.astype(np.float32), made, disc(1.5)), WHITE)
        assert found is not None and found.width == pytest.approx(width, rel=0.3)


def test_an_enlarged_cut_out_is_soft_and_one_made_smaller_is_not() -> None:
    alpha = np.rint(disc(1.5) * 255).astype(np.uint8)
    large = cv2.resize(alpha, (1200, 1200), interpolation=cv2.INTER_LANCZOS4)
    small = cv2.resize(alpha, (200, 200), interpolation=cv2.INTER_AREA)
    widths = [measured_cutout(one, 0.0)["soft"] for one in (large, alpha, small)]
    assert all(width is not None for width in widths)
    assert widths[0] > 4 > 2 > widths[1] > widths[2]


def test_a_large_cut_out_is_judged_as_it_is_seen() -> None:
    alpha = np.rint(disc(2) * 255).astype(np.uint8)
    huge = cv2.resize(alpha, (2 * LARGEST, 2 * LARGEST), interpolation=cv2.INTER_LINEAR)
    seen = cv2.resize(huge, (LARGEST, LARGEST), interpolation=cv2.INTER_AREA)
    assert measured_cutout(huge, 0.0) == measured_cutout(seen, 0.0)
