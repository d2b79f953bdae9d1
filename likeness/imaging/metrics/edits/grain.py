"""What should not be in a photo: new noise, the blocks of JPEG made visible, new clipping."""

import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.metrics.edits.pair import Pair, blurred_within
from likeness.imaging.outline import Where

LEAST_PIXELS, FEWEST = 300, 100
"""Px at short side 400, and in any copy, of which an area needs one or the other to show a figure."""
BLOCK = 8
"""Px of a block of JPEG."""
WINDOW = 1024
"""Px, the most that blocks are looked for in, a side."""
LOW, HIGH = 1.5 / 255, 253.5 / 255


def grain(pair: Pair, where: Where) -> float | None:
    """Return by how much fine contrast (below 1.5 px) grew where there was least of it; CIELAB, lower is better.

    The median of its local rms, over the smoother half of what is there: texture that was there does not count, noise
    and the blocks of JPEG that brightening brings out do.
    """
    if where.sum() < max(FEWEST, LEAST_PIXELS * pair.scale**2):
        return None
    was, now = (_local_rms(lab, where, pair.scale)[where] for lab in (pair.before, pair.after))
    smooth = was <= np.median(was)
    return float(np.median(now[smooth]) - np.median(was[smooth]))


def _local_rms(lab: Floats, where: Where, scale: float) -> Floats:
    fine = lab - blurred_within(lab, where, 1.5 * scale)
    power = np.ascontiguousarray((fine**2).sum(2))[..., None]
    return np.asarray(np.sqrt(np.maximum(blurred_within(power, where, 3 * scale)[..., 0], 0)), dtype=np.float32)


def clipped(pair: Pair, where: Where) -> float:
    """Return the share of what is there that became pure white or pure black; 0..1, lower is better."""
    if not where.any():
        return 0.0
    was, now = (_at_an_end(rgb[where]) for rgb in (pair.given, pair.made))
    return float((now & ~was).mean())


def _at_an_end(pixels: Floats) -> Where:
    return np.asarray((pixels >= HIGH).all(1) | (pixels <= LOW).all(1))


def blocks(given: Floats, made: Floats, product: Floats | None) -> float:
    """Return how much higher the steps at a grid of 8 px are in `made` than between, less what they were in `given`.

    Both H x W x 3 in 0..1, at full size; looked for where the product is, H x W; L* (0..100), lower is better.
    """
    rows, columns = _window(product, given.shape[:2])
    inside = None if product is None else product[rows, columns] > 0.5
    before, after = (_block_steps(rgb[rows, columns], inside) for rgb in (given, made))
    return after - before


def _window(product: Floats | None, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return at most WINDOW x WINDOW px about the middle of the product, aligned to blocks."""
    middle = [side / 2 for side in shape]
    if product is not None and (product > 0.5).any():
        middle = [float(np.median(np.flatnonzero((product > 0.5).any(axis=axis)))) for axis in (1, 0)]
    starts = [
        int(np.clip(at - WINDOW / 2, 0, max(0, side - WINDOW))) // BLOCK * BLOCK
        for at, side in zip(middle, shape, strict=True)
    ]
    return slice(starts[0], starts[0] + WINDOW), slice(starts[1], starts[1] + WINDOW)


def _block_steps(rgb: Floats, inside: Where | None) -> float:
    light = lab_of(rgb)[..., 0]
    return max(_along(light, inside), _along(light.T, None if inside is None else inside.T))


def _along(light: Floats, inside: Where | None) -> float:
    """Return the excess of the steps from column to column at the worst of the eight places of a grid."""
    steps = np.minimum(np.abs(np.diff(light, axis=1)), 12)
    counted = np.ones_like(steps) if inside is None else (inside[:, 1:] & inside[:, :-1]).astype(np.float32)
    sums, counts = (steps * counted).sum(0), counted.sum(0)
    width = len(sums) // BLOCK * BLOCK
    if width < 2 * BLOCK:
        return 0.0
    means = sums[:width].reshape(-1, BLOCK).sum(0) / np.maximum(counts[:width].reshape(-1, BLOCK).sum(0), 1)
    return float(means.max() - np.median(means))
