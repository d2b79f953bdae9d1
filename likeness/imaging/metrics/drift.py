"""How far an image was moved: whole pixels by phase correlation, parts of a pixel by least squares on the gradient.

Kuglin, Hines: "The phase correlation image alignment method", IEEE Conference on Cybernetics and Society, 1975.
Lucas, Kanade: "An iterative image registration technique with an application to stereo vision", IJCAI 1981.

OpenCV's own parts of a pixel are not used: the centroid of its peak is off by half a pixel where a side is odd and by
a third at shifts of half a pixel, and its iterative search loses the peak when one image is blurred.
"""

from math import ceil, floor

import cv2
import numpy as np

from likeness.imaging.colour import Floats, luma

LEAST_SIDE = 16
LEAST_TEXTURE = 1 / 255  # standard deviation of luma
STEPS = 3
LONGEST_STEP = 1.0  # px; a gradient says little about what lies further away


def drift(given: Floats, made: Floats) -> tuple[float, float] | None:
    """Return by how many px (right, down) `made` is shifted against `given`, both H x W x 3 in 0..1, on luma.

    Good to a tenth of a pixel through blur, noise and compression. None where there is nothing to go by: a side under
    16 px, a standard deviation of luma under 1 of 255, or a best match so far off that under half a side is shared.
    """
    one, two = luma(given), luma(made)
    if min(one.shape) < LEAST_SIDE or min(_texture(one), _texture(two)) < LEAST_TEXTURE:
        return None
    window = np.asarray(cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F), dtype=np.float32)
    # Windowed here: given the window, phaseCorrelate multiplies its own arguments by it, for some sizes.
    (right, down), _ = cv2.phaseCorrelate(one * window, two * window)
    right, down = round(right), round(down)
    for _ in range(STEPS):
        if abs(right) > one.shape[1] / 2 or abs(down) > one.shape[0] / 2:
            return None
        right, down = _closer(one, two, window, right, down)
    return right, down


def _closer(one: Floats, two: Floats, window: Floats, right: float, down: float) -> tuple[float, float]:
    """Return a better shift: move `two` back by this one, and explain what is left by the gradient of both."""
    height, width = one.shape
    move = np.array([[1, 0, right], [0, 1, down]], dtype=np.float32)
    back = cv2.warpAffine(two, move, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    shared = _shared(height, down), _shared(width, right)
    middle, left_over, weight = (one + back)[shared] / 2, (one - back)[shared], window[shared]
    slopes = [cv2.Sobel(middle, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    weighted = [slope * weight for slope in slopes]
    normal = [[np.vdot(row, column) for column in slopes] for row in weighted]
    step = np.linalg.lstsq(normal, [np.vdot(row, left_over) for row in weighted], rcond=1e-6)[0]
    step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
    return right + float(step[0]), down + float(step[1])


def _shared(side: int, shift: float) -> slice:
    """Return the part of a side that both images show, without its outermost pixels."""
    return slice(max(0, ceil(-shift)) + 1, min(side, floor(side - shift)) - 1)


def _texture(plane: Floats) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0])
