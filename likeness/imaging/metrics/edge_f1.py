"""Agreement of edges: the F1 score of Canny edges that lie within 2 px of each other.

Canny: "A Computational Approach to Edge Detection", IEEE PAMI 8(6), 1986.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats, luma

REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # a disc of 2 px
LEAST_HIGH = 60.0  # below it, noise and compression would count as edges

Gradients = tuple[NDArray[Any], NDArray[Any]]


def edge_f1(given: Floats, made: Floats) -> float:
    """Return the F1 of the edges of two H x W x 3 images in 0..1, on luma; 0..1, higher is better.

    Both images are smoothed (sigma 1 px) and judged by the given one's thresholds: high = mean + 1 standard deviation
    of |dx| + |dy| (3 x 3 Sobel on luma in 0..255), at least 60; low = half of that. No edges in either: 1; in one: 0.
    """
    ours, theirs = _gradients(given), _gradients(made)
    high = _high_threshold(ours)
    edges, others = _edges(ours, high), _edges(theirs, high)
    if not (edges.any() and others.any()):
        return float(edges.any() == others.any())
    recall, precision = _share_near(edges, others), _share_near(others, edges)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _gradients(rgb: Floats) -> Gradients:
    """Return the Sobel derivatives to the right and down, H x W int16, of smoothed luma in 0..255."""
    smooth = cv2.GaussianBlur(cv2.convertScaleAbs(luma(rgb), alpha=255), (5, 5), 1)
    return cv2.Sobel(smooth, cv2.CV_16S, 1, 0), cv2.Sobel(smooth, cv2.CV_16S, 0, 1)


def _high_threshold(gradients: Gradients) -> float:
    dx, dy = gradients
    mean, deviation = cv2.meanStdDev(np.abs(dx) + np.abs(dy))
    return max(LEAST_HIGH, float(mean[0, 0] + deviation[0, 0]))


def _edges(gradients: Gradients, high: float) -> Bytes:
    return np.asarray(cv2.Canny(*gradients, high / 2, high), dtype=np.uint8)


def _share_near(edges: Bytes, others: Bytes) -> float:
    """Return the share of `edges` that have one of `others` within 2 px."""
    near = cv2.bitwise_and(edges, cv2.dilate(others, REACH))
    return cv2.countNonZero(near) / cv2.countNonZero(edges)
