"""How far a picture was moved, by phase correlation.

Hrazdira, Druckmuller, Habbal: "Iterative phase correlation algorithm for high-precision subpixel image registration",
Astrophysical Journal Supplement Series 247(1), 2020. The older way, the centroid of the peak (cv2.phaseCorrelate), was
found to be off by a third of a pixel at shifts of half a pixel.
"""

import cv2

from likeness.imaging.colour import Floats, luma

LEAST_SIDE = 16
LEAST_TEXTURE = 1 / 255  # standard deviation of luma


def drift(given: Floats, made: Floats) -> tuple[float, float] | None:
    """Return by how many px (right, down) `made` is shifted against `given`, both H x W x 3 in 0..1, on luma.

    None where there is nothing to go by: a side under 16 px, or a standard deviation of luma under 1 of 255.
    """
    one, two = luma(given), luma(made)
    if min(one.shape) < LEAST_SIDE or min(_texture(one), _texture(two)) < LEAST_TEXTURE:
        return None
    window = cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F)
    right, down = cv2.phaseCorrelateIterative(one * window, two * window)
    return right, down


def _texture(plane: Floats) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0])
