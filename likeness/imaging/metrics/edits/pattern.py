"""A pattern: whether it lies in the folds, or as flat as on paper."""

import numpy as np

from likeness.imaging.metrics.edits.pair import Pair, blurred_within

LAGS = (96, 64, 32)
"""Px of a pattern's period, at full size; the drawn ones repeat at these."""
BETWEEN = 24.0
LEAST_PAIRS = 500


def rigid(pair: Pair) -> float:
    """Return the highest autocorrelation of the change at the periods of a flat pattern; -1..1, lower is better."""
    change = pair.after - pair.before
    change = change - blurred_within(change, pair.core, BETWEEN * pair.scale)
    best = 0.0
    height, width = pair.core.shape
    for lag in (round(period * pair.reduction) for period in LAGS):
        for down, right in ((0, lag), (lag, 0)):
            if height <= down + 8 or width <= right + 8:
                continue
            both = pair.core[: height - down, : width - right] & pair.core[down:, right:]
            if both.sum() < LEAST_PAIRS:
                continue
            one, two = change[: height - down, : width - right][both], change[down:, right:][both]
            power = float(np.sqrt((one**2).sum() * (two**2).sum())) + 1e-6
            best = max(best, float((one * two).sum()) / power)
        if best > 0:
            break
    return best
