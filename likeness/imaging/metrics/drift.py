"""How far a picture was moved, by phase correlation.

Kuglin, Hines: "The phase correlation image alignment method", IEEE Conference on Cybernetics and Society, 1975; the
centroid of the peak gives parts of a pixel.
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
    (right, down), _ = cv2.phaseCorrelate(one, two, window)
    return right, down


def _texture(plane: Floats) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0])
