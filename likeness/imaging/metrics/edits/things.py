"""Things on the product that are not its cloth, and were dyed: tags, labels, prints, buttons, hangers."""

import cv2
import numpy as np

from likeness.imaging.edits.cloth import cloth_of
from likeness.imaging.metrics.edits.pair import Pair
from likeness.imaging.outline import Where, disc

FULLY = 20.0
"""Change of a* and b* that counts as wholly dyed."""
NEUTRAL, APART, COLOURED = 15.0, 25.0, 10.0
"""Chroma up to which a part is neutral, L* by which it differs from the product, chroma it gained when it was dyed."""
WEIGHTS = np.array([0.7, 1.6, 1.6], dtype=np.float32)
ODD, COMMON = 22.0, 0.08
"""Weighted distance of an odd colour from every colour that has this share of the product."""


def odd_dyed(pair: Pair) -> float:
    """Return the share of the product in small parts of colours that are rare on it, and were dyed; 0..1."""
    weighted = pair.before * WEIGHTS
    pixels = weighted[pair.core]
    if len(pixels) < 100:
        return 0.0
    chosen = np.random.default_rng(0).choice(len(pixels), min(6000, len(pixels)), replace=False)
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 25, 1.0)
    _, label, centres = cv2.kmeans(pixels[chosen], 8, np.empty(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
    common = centres[np.bincount(label[:, 0], minlength=8) > COMMON * len(chosen)]
    off = np.min([np.linalg.norm(weighted - centre, axis=2) for centre in common], axis=0)
    odd = cv2.morphologyEx(((off > ODD) & pair.solid).astype(np.uint8), cv2.MORPH_OPEN, disc(1))
    return float((odd * _dyed(pair)).sum() / max(int(pair.solid.sum()), 1))


def _dyed(pair: Pair) -> Where:
    turned = np.linalg.norm(pair.after[..., 1:] - pair.before[..., 1:], axis=2)
    return np.minimum(turned / FULLY, 1)


def things_dyed(pair: Pair) -> float:
    """Return the share of the product that is not its cloth and was dyed; 0..1, lower is better.

    What is cloth is told by `imaging.edits.cloth`; what was half dyed counts half.
    """
    kept = cloth_of(pair.given, pair.product, pair.scale).kept
    return float((kept * _dyed(pair)).sum() / max(int(pair.solid.sum()), 1))


def tinted(pair: Pair) -> float:
    """Return the share of the product that was neutral and apart in lightness, and became coloured; 0..1."""
    core = pair.core
    if not core.any():
        return 0.0
    usual = float(np.median(pair.before[..., 0][core]))
    was, now = (np.hypot(lab[..., 1], lab[..., 2]) for lab in (pair.before, pair.after))
    apart = core & (np.abs(pair.before[..., 0] - usual) > APART) & (was < NEUTRAL)
    return float((apart & (now > NEUTRAL) & (now > was + COLOURED)).sum() / core.sum())
