"""Structural similarity.

Wang, Bovik, Sheikh, Simoncelli: "Image quality assessment: from error visibility to structural similarity", IEEE
Transactions on Image Processing 13(4), 2004.
"""

import cv2
import numpy as np

from likeness.imaging.colour import Floats

WINDOW = 11
SIGMA = 1.5
C1, C2 = 0.01**2, 0.03**2


def ssim(given: Floats, made: Floats) -> float:
    """Return the mean SSIM of two H x W x 3 images in 0..1, each RGB channel alone; -1..1, higher is better.

    Gaussian window of 11 px. A side shorter than that is measured to its edges, with the image reflected there.
    """
    return float(np.mean([_ssim_of_plane(given[..., channel], made[..., channel]) for channel in range(3)]))


def _ssim_of_plane(given: Floats, made: Floats) -> float:
    structure, brightness = similarity_maps(np.ascontiguousarray(given), np.ascontiguousarray(made))
    return float(np.mean(structure * brightness))


def similarity_maps(given: Floats, made: Floats) -> tuple[Floats, Floats]:
    """Return (contrast and structure, luminance) where the window fits: H - 10 x W - 10, of two planes H x W."""
    mean_given, mean_made = _blurred(given), _blurred(made)
    mean_product = mean_given * mean_made
    mean_squares = mean_given * mean_given + mean_made * mean_made
    covariance = _blurred(given * made) - mean_product
    variances = _blurred(given * given + made * made) - mean_squares
    structure = np.divide(2 * covariance + C2, variances + C2, dtype=np.float32)
    brightness = np.divide(2 * mean_product + C1, mean_squares + C1, dtype=np.float32)
    return _inside(structure), _inside(brightness)


def _blurred(plane: Floats) -> Floats:
    blurred = cv2.GaussianBlur(plane, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, dtype=np.float32)


def _inside(values: Floats) -> Floats:
    """Cut off the border that the window does not fit into, along each side that is long enough."""
    border = WINDOW // 2
    rows, columns = (slice(border, -border) if side >= WINDOW else slice(None) for side in values.shape[:2])
    return values[rows, columns]
