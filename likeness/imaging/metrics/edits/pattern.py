"""A pattern: whether it can be seen, on cloth that had none, in its folds and not as flat as on paper."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.metrics.edits.pair import Pair, blurred_within

LAGS = range(40, 121, 2)
"""Px, of a short side of 400, at which a flat pattern, whatever its period, comes back to itself."""
BETWEEN = 24.0
LEAST_PAIRS = 500
FINE, COARSE = 5.0, 8.0
"""Sigmas, in px of a short side of 400, of what the marks of cloth, and those of a pattern, stand out from."""
MOST = 85
"""Percentile of what stands out on cloth; more are seams, buttons and folds."""


def rigid(pair: Pair) -> float | None:
    """Return the highest autocorrelation of the change at LAGS, sideways or down; -1..1, lower is better.

    None where the product is too small to tell.
    """
    change = pair.after - pair.before
    change = change - blurred_within(change, pair.core, BETWEEN * pair.scale)
    lags = sorted({round(lag * pair.scale) for lag in LAGS} - {0})
    found = [_alike(change, pair, *way) for lag in lags for way in ((0, lag), (lag, 0))]
    return max((one for one in found if one is not None), default=None)


def _alike(change: Floats, pair: Pair, down: int, right: int) -> float | None:
    """Return how far a change resembles itself so many px off, where enough of the product is under both."""
    height, width = pair.core.shape
    if height <= down + 8 or width <= right + 8:
        return None
    both = pair.core[: height - down, : width - right] & pair.core[down:, right:]
    if both.sum() < max(LEAST_PAIRS, 0.2 * pair.core.sum()):
        return None
    one, two = change[: height - down, : width - right][both], change[down:, right:][both]
    power = float(np.sqrt((one**2).sum() * (two**2).sum())) + 1e-6
    return float((one * two).sum()) / power


def own_pattern(pair: Pair) -> float | None:
    """Return by how much what is on the cloth stood out before (dE76): prints and patterns that show through."""
    return _outstanding(pair.before, pair, FINE, MOST)


def pattern_seen(pair: Pair) -> float | None:
    """Return by how much what is on the cloth stands out now (dE76, median)."""
    return _outstanding(pair.after, pair, COARSE, 50)


def _outstanding(lab: Floats, pair: Pair, sigma: float, percentile: int) -> float | None:
    if not pair.core.any():
        return None
    off = lab - cv2.GaussianBlur(lab, (0, 0), max(1.0, sigma * pair.scale))
    return float(np.percentile(np.linalg.norm(off, axis=2)[pair.core], percentile))
