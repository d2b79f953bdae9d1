"""Control maps: what steers an engine, drawn from an image."""

from collections.abc import Callable

import cv2
import numpy as np

from likeness.imaging.colour import Floats, as_rgb, luma

CANNY_LOW, CANNY_HIGH = 60, 140
"""Hysteresis thresholds on the gradient of 8-bit luma."""
LINE_WIDTH, LINE_SHARE, LINE_STEEPNESS = 0.8, 0.98, 60.0
"""Sigma in px; how much darker than its surroundings a line must be (less than 1 leaves grain out); contrast."""


def canny(rgb: Floats) -> Floats:
    """Return thin white edges on black, H x W x 3 (Canny 1986, OpenCV's) of H x W x 3 in 0..1."""
    grey = cv2.GaussianBlur(cv2.cvtColor(as_rgb(rgb), cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    return _three(cv2.Canny(grey, CANNY_LOW, CANNY_HIGH).astype(np.float32) / np.float32(255))


def soft_edge(rgb: Floats) -> Floats:
    """Return soft edges, 0..1, H x W x 3: the length of the luma's Sobel gradient at two scales, the greater of both.

    A filter, not the learned HED detector (Xie & Tu 2015) that other tools mean by the name.
    """
    grey = luma(rgb)
    return _three(np.maximum(_gradient(grey, 1.0), _gradient(grey, 2.5)))


def line_art(rgb: Floats) -> Floats:
    """Return white lines on black, H x W x 3, as if drawn: an extended difference of Gaussians (Winnemoeller 2012).

    A filter, not the learned Informative Drawings that other tools mean by the name.
    """
    grey = luma(rgb)
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (LINE_WIDTH, 1.6 * LINE_WIDTH))
    darker = np.minimum(fine - LINE_SHARE * coarse, 0)
    return _three(np.abs(np.tanh(LINE_STEEPNESS * darker)).astype(np.float32))


def _gradient(grey: Floats, sigma: float) -> Floats:
    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    return np.clip(np.hypot(across, down) * sigma * 1.5, 0, 1).astype(np.float32)


def _three(plane: Floats) -> Floats:
    return np.repeat(plane[..., None], 3, axis=2)


CONTROLS: dict[str, Callable[[Floats], Floats]] = {"canny": canny, "soft_edge": soft_edge, "line_art": line_art}
"""The maps that a filter draws; depth needs a model (worker/diffusion/control_maps.py)."""
