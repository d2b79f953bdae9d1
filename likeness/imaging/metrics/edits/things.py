"""Things on the product that are not its cloth, and were dyed: tags, labels, prints, buttons, hangers."""

import cv2
import numpy as np

from likeness.imaging.edits.cloth import cloth_of
from likeness.imaging.metrics.edits.pair import Pair, opened
from likeness.imaging.outline import Where

FULLY, MOSTLY = 20.0, 0.7
"""Change in CIELAB that counts as wholly dyed; the mean share of that from which on a thing was dyed, not touched."""
NEUTRAL, APART, COLOURED = 15.0, 25.0, 10.0
"""Chroma up to which a part is neutral, L* by which it differs from the product, chroma it gained when it was dyed."""
WEIGHTS = np.array([0.7, 1.6, 1.6], dtype=np.float32)
ODD, COMMON = 22.0, 0.08
"""Weighted distance of an odd colour from every colour that has this share of the product."""
CLUSTERS, SAMPLES = 8, 6000
LEAST_AREA, DARK = 25.0, 15.0
"""Px at short side 400 of the smallest thing; the L* below which it may be a shadow."""
MANY, MUCH = 20, 0.15
"""Things, and their share of the product, from which on they are its print, which is dyed as a whole."""


def things_dyed(pair: Pair) -> float:
    """Return the share of the product that is small things of rare colours which were dyed; 0..1, lower is better.

    Where there are many, or they cover much, they are the product's pattern. Dark ones count where the cloth does not
    explain them as its shade (`imaging.edits.cloth`).
    """
    odd = opened(_rare(pair), 2 * pair.scale)
    count, areas, stats, _ = cv2.connectedComponentsWithStats(odd.astype(np.uint8), connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA]
    things = [at for at in range(1, count) if sizes[at] >= LEAST_AREA * pair.scale**2]
    area = max(int(pair.solid.sum()), 1)
    if not things or len(things) > MANY or sizes[things].sum() > MUCH * area:
        return 0.0
    dye = np.minimum(pair.change / FULLY, 1)
    kept = cloth_of(pair.given, pair.product, pair.scale).kept.astype(np.float32)
    means = [np.bincount(areas.ravel(), plane.ravel(), count) / sizes for plane in (dye, kept, pair.before[..., 0])]
    dyed, told, light = means
    return float(sum(sizes[at] for at in things if dyed[at] > MOSTLY and (light[at] > DARK or told[at] > 0.5)) / area)


def _rare(pair: Pair) -> Where:
    """Return where the product has a colour that is far from all its common ones."""
    weighted = pair.before * WEIGHTS
    pixels = weighted[pair.core]
    if len(pixels) < CLUSTERS * 10:
        return np.zeros_like(pair.solid)
    chosen = np.random.default_rng(0).choice(len(pixels), min(SAMPLES, len(pixels)), replace=False)
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 25, 1.0)
    _, label, centres = cv2.kmeans(pixels[chosen], CLUSTERS, np.empty(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
    counts = np.bincount(label[:, 0], minlength=CLUSTERS)
    common = centres[counts > min(COMMON * len(chosen), counts.max() - 1)]
    off = np.min([np.linalg.norm(weighted - centre, axis=2) for centre in common], axis=0)
    rare: Where = (off > ODD) & pair.solid
    return rare


def tinted(pair: Pair) -> float:
    """Return the share of the product that was neutral and apart in lightness, and became coloured; 0..1."""
    core = pair.core
    if not core.any():
        return 0.0
    usual = float(np.median(pair.before[..., 0][core]))
    was, now = (np.hypot(lab[..., 1], lab[..., 2]) for lab in (pair.before, pair.after))
    apart = core & (np.abs(pair.before[..., 0] - usual) > APART) & (was < NEUTRAL)
    return float((apart & (now > NEUTRAL) & (now > was + COLOURED)).sum() / core.sum())
