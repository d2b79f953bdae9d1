"""A product in another size: what is left of it where it was, and what the frame cuts off."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.metrics.edits.pair import Pair, blurred_within, dilated
from likeness.imaging.outline import Where

LEAST_HOLE, LEAST_BACKGROUND = 100, 200
AROUND, LINE, FINE = 11.0, 3.0, 6.0
"""Px of a short side of 400: how far around a product is taken out, how wide the line around that is, and the sigma of
the light that things stand out from."""
SEEN, UNUSUAL = 8.0, 20.0
"""Difference in L* from which on a thing is seen, and how many times as much as usual it has to be."""
STRANGE = 10.0
"""CIELAB distance from every colour of the background, from which on a pixel is none of it."""


def residue(pair: Pair, factor: float) -> float | None:
    """Return the share of what the old product uncovered that has no colour of the background; 0..1, lower is better.

    None where nothing was uncovered, as when a product grows.
    """
    matrix = placement(pair.solid, factor)
    height, width = pair.solid.shape
    new = cv2.warpAffine(pair.product, matrix, (width, height)) > 0.3
    hole = dilated(pair.product > 0.3, 6 * pair.scale) & ~dilated(new, 2 * pair.scale)
    background = ~dilated(pair.product > 0.05, 10 * pair.scale) & ~dilated(new, 4 * pair.scale)
    if hole.sum() < LEAST_HOLE or background.sum() < LEAST_BACKGROUND:
        return None
    pixels = pair.before[background]
    chosen = np.random.default_rng(0).choice(len(pixels), min(6000, len(pixels)), replace=False)
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    _, _, colours = cv2.kmeans(pixels[chosen], 12, np.empty(0, np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
    uncovered = pair.after[hole]
    off = np.min([np.linalg.norm(uncovered - colour, axis=1) for colour in colours], axis=0)
    return float((off > STRANGE).mean())


def cut(pair: Pair, factor: float) -> float:
    """Return the share of the product that lies outside the frame in its new size; 0..1, lower is better."""
    rows, columns = np.nonzero(pair.solid)
    if not len(rows):
        return 0.0
    height, width = pair.solid.shape
    (across, _, right), (_, down, below) = placement(pair.solid, factor)
    x, y = columns * across + right, rows * down + below
    return float(((x < 0) | (x >= width) | (y < 0) | (y >= height)).mean())


def broken_off(pair: Pair, factor: float) -> float | None:
    """Return the share of the line around what was taken out on which something of the background ends; 0..1.

    A rail, a joint of a floor or a shadow that led up to the old product ends there, and stands out from what is usual
    on the background. None where nothing was uncovered.
    """
    hole = dilated(pair.product > 0.06, AROUND * pair.scale)
    ring = dilated(hole, LINE * pair.scale) & ~hole
    if factor >= 1 or ring.sum() < LEAST_HOLE:
        return None
    light = np.ascontiguousarray(pair.before[..., :1])
    detail = np.abs(light - blurred_within(light, ~hole, FINE * pair.scale))[..., 0]
    return float((detail > max(SEEN, UNUSUAL * float(np.median(detail[~hole]))))[ring].mean())


def placement(solid: Where, factor: float) -> Floats:
    """Return the 2 x 3 matrix that scales a product about its middle, or about the border that it touches."""
    rows, columns = np.nonzero(solid)
    height, width = solid.shape
    x, y = _still(columns, width), _still(rows, height)
    return np.array([[factor, 0, x * (1 - factor)], [0, factor, y * (1 - factor)]], dtype=np.float32)


def _still(at: "np.ndarray[tuple[int], np.dtype[np.intp]]", side: int) -> float:
    """Return the place along one side that does not move."""
    first, last = at.min() < 2, at.max() > side - 3
    if first == last:
        return float(at.mean())
    return 0.0 if first else side - 1.0
