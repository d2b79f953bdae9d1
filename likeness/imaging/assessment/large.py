"""How images of many pixels are measured: on a part of them that tells the same, and each figure says on which.

Up to MANY pixels everything is measured on all of them. Beyond that a report of 12 megapixels would take six seconds of
a processor, most of them for figures that are means over pixels: those are taken of an even share.
"""

from collections.abc import Iterator
from math import isqrt
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.contract.report import Score
from likeness.imaging.colour import Floats
from likeness.imaging.metrics.drift import drift
from likeness.imaging.metrics.ms_ssim import ms_ssim
from likeness.imaging.metrics.ssim import WINDOW, ssim

MANY = 4_000_000
SPREAD = 1_000_000
"""Pixels, at least, of an even share."""
BAND, EVERY = 64, 8
"""Rows of windows in a band, and which of the bands are looked at."""

Value = TypeVar("Value", bound=np.generic)

AT_HALF_SIZE = "measured at half size"
IN_BANDS = f"measured in every {EVERY}th band of {BAND} rows"


def is_large(image: Floats) -> bool:
    """Return whether an image, H x W x 3, has more than MANY pixels."""
    return bool(image.shape[0] * image.shape[1] > MANY)


def step_of(image: Floats) -> int:
    """Return which pixels of which rows belong to an even share: every so-manieth; 1 is all."""
    return isqrt(image.shape[0] * image.shape[1] // SPREAD) if is_large(image) else 1


def spread(image: NDArray[Value], step: int) -> NDArray[Value]:
    """Return every so-manieth pixel of every so-manieth row of H x W (x 3)."""
    return image if step == 1 else np.ascontiguousarray(image[::step, ::step])


def halved(image: Floats) -> Floats:
    """Return H x W x 3 with the mean of each 2 x 2 px; an odd last row or column is left out."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    small = cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def said(score: Score, step: int) -> Score:
    """Return a score with the share of pixels that it was taken of, where that is not all and nothing else is said."""
    if step == 1 or score.value is None or score.reason:
        return score
    return score.model_copy(update={"reason": f"measured on 1 of {step * step} pixels, evenly spread"})


def ssim_of(given: Floats, made: Floats) -> tuple[float, str | None]:
    """Return ssim, of a large image in even bands of rows where it has so many, and what is to be said of it."""
    bands = [ssim(*pair) for pair in _bands(given, made)] if is_large(given) else []
    return (float(np.mean(bands)), IN_BANDS) if bands else (ssim(given, made), None)


def _bands(given: Floats, made: Floats) -> Iterator[tuple[Floats, Floats]]:
    rows = BAND + WINDOW - 1
    for top in range(BAND * (EVERY // 2), len(given) - rows + 1, BAND * EVERY):
        yield given[top : top + rows], made[top : top + rows]


def ms_ssim_of(given: Floats, made: Floats) -> tuple[float, str | None]:
    """Return ms_ssim, of a large image at half size, and what is to be said of it."""
    if not is_large(given):
        return ms_ssim(given, made), None
    return ms_ssim(halved(given), halved(made)), AT_HALF_SIZE


def drift_of(given: Floats, made: Floats) -> tuple[tuple[float, float] | None, str | None]:
    """Return drift in px of the full image, of a large one seen at half size, and what is to be said of it."""
    if not is_large(given):
        return drift(given, made), None
    found = drift(halved(given), halved(made))
    return found and (2 * found[0], 2 * found[1]), AT_HALF_SIZE
