"""A print: what lies under it, whether it is on the product, whether it can be read, whether its ink is even."""

from dataclasses import dataclass

import cv2
import numpy as np

from likeness.imaging.metrics.edits.pair import Pair

INK = 12.0
"""CIELAB units from which on a pixel was printed."""
GROUND = 18.0
"""Distance from the ground's median colour of what is not plain ground."""
LEAST_SIGN = 12
"""Px at short side 400 of the smallest sign."""


@dataclass(frozen=True)
class Print:
    """`busy`: share of the ground under the print that is not its colour. `off`: share of its box off the product.

    `contrast`: least distance of a sign's mean colour to the ground about it. `spread`: of the signs' mean L*.
    """

    busy: float
    off: float
    contrast: float | None
    spread: float | None


def print_of(pair: Pair) -> Print | None:
    """Return what there is to say of the print; None where nothing was printed."""
    ink = pair.change > INK
    if ink.sum() < 30:
        return None
    rows, columns = np.nonzero(ink)
    (top, bottom), (left, right) = (np.percentile(at, (1, 99)).astype(int) for at in (rows, columns))
    box = slice(top, bottom + 1), slice(left, right + 1)
    ground = pair.before[box][pair.solid[box]]
    busy = 1.0 if not len(ground) else float((np.linalg.norm(ground - np.median(ground, 0), axis=1) > GROUND).mean())
    signs = _signs(pair, ink.astype(np.uint8))
    return Print(
        busy,
        float((pair.product[box] < 0.5).mean()),
        min((far for far, _ in signs), default=None),
        float(np.std([light for _, light in signs])) if signs else None,
    )


def _signs(pair: Pair, ink: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> list[tuple[float, float]]:
    """Return of each connected sign its distance to the ring of 2 to 4 px around it, and its mean L*."""
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
            mean = pair.after[box][sign].mean(0)
            found.append((float(np.linalg.norm(mean - pair.after[box][ring].mean(0))), float(mean[0])))
    return found
