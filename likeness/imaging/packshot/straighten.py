"""A product that stands aslant, turned upright."""

from typing import Final

import cv2
import numpy as np

from likeness.imaging.colour import Bytes
from likeness.imaging.packshot.cutout import SOLID, Cutout

MOST: Final = 15.0
"""Degrees; what leans more was meant to lie so."""
GAIN: Final = 0.02
"""Share by which the box around the product has to shrink for its lean to be one."""


def lean_of(alpha: Bytes) -> float:
    """Return by how many degrees, counter-clockwise, a product leans; 0 where nothing says that it does.

    It is the turn that makes the box around its outline smallest: Freeman and Shapira, "Determining the
    Minimum-Area Encasing Rectangle for an Arbitrary Closed Curve", CACM 18(7), 1975.
    """
    points = cv2.findNonZero((alpha >= SOLID).astype(np.uint8))
    if points is None:
        return 0.0
    hull = cv2.convexHull(points)
    (_, (width, height), angle) = cv2.minAreaRect(hull)
    lean = -(angle - 90 * round(angle / 90))
    _, _, across, down = cv2.boundingRect(hull)
    shrinks = width * height < (1 - GAIN) * across * down
    return float(lean) if shrinks and abs(lean) <= MOST else 0.0


def turned(cutout: Cutout, degrees: float) -> Cutout:
    """Return a cut-out turned clockwise by so many degrees, in a frame that holds all of it."""
    if degrees == 0:
        return cutout
    height, width = cutout.alpha.shape
    move = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    across = int(np.ceil(abs(move[0, 0]) * width + abs(move[0, 1]) * height)) + 2
    down = int(np.ceil(abs(move[0, 0]) * height + abs(move[0, 1]) * width)) + 2
    move[:, 2] += (across - width) / 2, (down - height) / 2
    alpha = cv2.warpAffine(cutout.alpha, move, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    rgb = cv2.warpAffine(cutout.rgb, move, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Cutout(np.asarray(rgb, np.uint8), np.asarray(alpha, np.uint8))
