"""Sizes that a metric's network takes: large images reduced, so that measuring is bounded in time and memory."""

import math

import cv2
import numpy as np

from likeness.imaging.colour import Floats


def bounded(rgb: Floats, most: int) -> Floats:
    """Return H x W x 3 averaged down to at most `most` px, in its proportion; a smaller image as it is."""
    height, width = rgb.shape[:2]
    if height * width <= most:
        return np.ascontiguousarray(rgb)
    share = math.sqrt(most / (height * width))
    size = (max(1, int(width * share)), max(1, int(height * share)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
