"""Light and tone: what became of flat areas, and whether the light changed as was asked."""

import cv2
import numpy as np

from likeness.imaging.metrics.edits.pair import Pair, correlation

PATCH = 12.0
"""Px at short side 400, the side of a patch whose mean tone is compared."""


def tone_drift(pair: Pair) -> float:
    """Return the 95th percentile, over patches of 12 px, of the CIELAB distance of their mean colours; 0.., lower."""
    side = max(2.0, PATCH * pair.scale)
    height, width = pair.solid.shape
    to = max(1, round(width / side)), max(1, round(height / side))
    was, now = (cv2.resize(lab, to, interpolation=cv2.INTER_AREA) for lab in (pair.before, pair.after))
    return float(np.percentile(np.linalg.norm(now - was, axis=2), 95))


def greyness(pair: Pair) -> float:
    """Return the 99th percentile of the made chroma, CIELAB; 0 is grey, lower is better."""
    return float(np.percentile(np.hypot(pair.after[..., 1], pair.after[..., 2]), 99))


def shifts(pair: Pair) -> tuple[float, float, float]:
    """Return by how much the mean L* and b* grew, and by which factor the spread of L* (standard deviation) did."""
    before, after = pair.before, pair.after
    spread = float(after[..., 0].std()) / max(float(before[..., 0].std()), 1e-3)
    return float((after[..., 0] - before[..., 0]).mean()), float((after[..., 2] - before[..., 2]).mean()), spread


def tones_kept(pair: Pair) -> float:
    """Return the correlation of the L* of both images; -1..1, higher is better."""
    return correlation(pair.before[..., 0].ravel(), pair.after[..., 0].ravel())
