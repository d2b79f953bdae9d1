"""Structural similarity at several scales.

Wang, Simoncelli, Bovik: "Multiscale structural similarity for image quality assessment", Asilomar Conference on
Signals, Systems and Computers, 2003.
"""

import cv2
import numpy as np

from likeness.imaging.colour import Floats, luma
from likeness.imaging.metrics.ssim import WINDOW, similarity_maps

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(given: Floats, made: Floats) -> float:
    """Return the MS-SSIM of two H x W x 3 images in 0..1, on luma as in the paper; 0..1, higher is better.

    Five scales need a short side of 176 px. A smaller image is measured at those scales at which the window of 11 px
    fits (at one scale always), with their weights made to sum to 1. A negative term counts as 0.
    """
    one, two = luma(given), luma(made)
    weights = np.array(WEIGHTS[: scales(*one.shape)])
    last = len(weights) - 1
    terms = []
    for scale in range(len(weights)):
        structure, brightness = similarity_maps(one, two)
        term = structure * brightness if scale == last else structure
        terms.append(max(0.0, float(term.mean())))
        one, two = _halved(one), _halved(two)
    return float(np.prod(np.power(terms, weights / weights.sum())))


def scales(height: int, width: int) -> int:
    """Return at how many scales, 1..5, an image of this size can be measured."""
    return max(1, sum(min(height, width) >> scale >= WINDOW for scale in range(len(WEIGHTS))))


def _halved(plane: Floats) -> Floats:
    """Average each 2 x 2 px into one; an odd last row or column is left out. A side of 1 px stays."""
    height, width = plane.shape
    size = (max(1, width // 2), max(1, height // 2))
    halved = cv2.resize(plane[: 2 * size[1], : 2 * size[0]], size, interpolation=cv2.INTER_AREA)
    return np.asarray(halved, dtype=np.float32)
