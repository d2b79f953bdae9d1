"""A print: what lies under it, whether it is on the product, whether it can be read, whether its ink is even."""

from dataclasses import dataclass

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.metrics.edits.pair import Pair
from likeness.imaging.outline import Where

INK = 12.0
"""CIELAB units from which on a pixel was printed."""
GROUND = 18.0
"""Distance from the ground's median colour of what is not plain ground."""
EDGE, DIM, LEAST_DIM = 4.0, 45.0, 0.6
"""Slope in L* per px of an edge that is no fold; below L* DIM less is one, in proportion, down to LEAST_DIM of it."""
FULL = 0.7
"""Share of a sign's change from which on a px is full ink, and not the soft rim of a stroke."""
LARGE = 0.3
"""Share of the median sign's area from which on a sign's light is compared: a full stop is mostly rim."""
GAINS = np.linspace(0, 1, 5)
"""Powers of the ground's light with which ink may follow it."""
LEAST_SIGN = 12
"""Px at short side 400 of the smallest sign."""


@dataclass(frozen=True)
class Print:
    """`busy`: share of the ground under the print of another colour or at an edge. `off`: of its box, off it.

    `contrast`: least distance of a sign's ink to the ground about it. `spread`: of the signs' L*, as far as the light
    on the ground does not explain it.
    """

    busy: float
    off: float
    contrast: float | None
    spread: float | None


@dataclass(frozen=True)
class Sign:
    """One sign of `area` px: how `far` its ink is from its `ground` in CIELAB, and the L* of both."""

    area: int
    far: float
    light: float
    ground: float


def print_of(pair: Pair) -> Print | None:
    """Return what there is to say of the print; None where nothing was printed."""
    ink = pair.change > INK
    if ink.sum() < 30:
        return None
    rows, columns = np.nonzero(ink)
    (top, bottom), (left, right) = (np.percentile(at, (1, 99)).astype(int) for at in (rows, columns))
    box = slice(top, bottom + 1), slice(left, right + 1)
    signs = _signs(pair, ink.astype(np.uint8))
    return Print(
        _busy(pair, box),
        float((pair.product[box] < 0.5).mean()),
        min((sign.far for sign in signs), default=None),
        _spread(signs) if signs else None,
    )


def _busy(pair: Pair, box: tuple[slice, slice]) -> float:
    """Return the share of the product in a box that is of another colour, or at an edge that light does not make."""
    solid = pair.solid[box]
    if not solid.any():
        return 1.0
    lab = pair.before[box]
    apart = np.linalg.norm(lab - np.median(lab[solid], axis=0), axis=2) > GROUND
    light = cv2.GaussianBlur(np.ascontiguousarray(pair.before[..., 0]), (0, 0), max(0.5, pair.scale))
    slope = np.hypot(*np.gradient(light))[box]
    edge = slope > EDGE * np.clip(light[box] / DIM, LEAST_DIM, 1)
    return float((apart | edge)[solid].mean())


def _spread(signs: list[Sign]) -> float:
    """Return the standard deviation of the signs' L*, in the light of their ground as far as that explains it."""
    least = LARGE * float(np.median([sign.area for sign in signs]))
    large = [sign for sign in signs if sign.area >= least]
    ink, ground = np.array([sign.light for sign in large]), np.array([sign.ground for sign in large])
    lit = np.maximum(ground, 1) / max(float(ground.mean()), 1.0)
    return min(float(np.std(ink / lit**gain)) for gain in GAINS)


def _signs(pair: Pair, ink: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> list[Sign]:
    """Return the connected signs of a print, each beside the ring of 2 to 4 px around it."""
    count, areas, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found = []
    for at in range(1, count):
        left, top, width, height, area = (int(number) for number in stats[at])
        if area < LEAST_SIGN * pair.scale**2:
            continue
        box = slice(max(0, top - 5), top + height + 5), slice(max(0, left - 5), left + width + 5)
        sign, others = areas[box] == at, areas[box] > 0
        near, far = (cv2.dilate(sign.astype(np.uint8), np.ones((side, side), np.uint8)) > 0 for side in (5, 9))
        ring = far & ~near & ~others
        if ring.any():
            found.append(_sign(pair.after[box], pair.change[box], sign, ring))
    return found


def _sign(lab: Floats, change: Floats, sign: Where, ring: Where) -> Sign:
    full = sign & (change >= FULL * np.percentile(change[sign], 95))
    ground = lab[ring].mean(0)
    return Sign(
        int(sign.sum()),
        float(np.linalg.norm(lab[full].mean(0) - ground)),
        float(lab[full][:, 0].mean()),
        float(ground[0]),
    )
