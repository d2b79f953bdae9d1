"""A segmenter's doubts settled: what lies within the product is filled, and what hangs about it is there or is not."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats

Where = NDArray[np.bool_]

WORKING_SIDE = 400
"""Px of the short side of the copy on which colours and outlines are studied."""

DOUBTFUL, CERTAIN = 0.12, 0.95
RIM = 5.0
"""Widest soft rim of an outline, in px of a picture whose short side is 400; what is thinner encloses nothing."""
AROUND = 6
"""How many such widths about a doubtful area tell the colours of its sides."""
ENCLOSED = 0.85
"""Share of a doubtful area's border that is product, from which on the area lies within it."""
ALIKE = 0.3
"""Place between the background's colour, 0, and the product's, 1, up to which an area is of the one, or the other."""
STRANGE = 0.35
"""Distance from the line between both colours, in their distance, from which on an area is of neither."""
THERE = 0.8
"""Mean share from which on a doubtful area in a colour of its own, about the product, is a part of it."""
UNDECIDED = 0.2
"""Distance of an area's mean share from a half, below which it is not decided where colours do not tell either."""
BARELY, MOSTLY = 0.2, 0.8
"""Shares of product between which a pixel is neither product nor background."""
SMALL = 0.01
"""Share of the largest part of a product, up to which another part is a crumb."""


def reduced(plane: Floats | Bytes) -> Floats:
    """Return a copy, H x W or H x W x channels, whose short side is at most WORKING_SIDE px."""
    height, width = plane.shape[:2]
    scale = min(1.0, WORKING_SIDE / min(height, width))
    to = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(plane, to, interpolation=cv2.INTER_AREA) if scale < 1 else plane, dtype=np.float32)


def scale_of(shape: tuple[int, ...]) -> float:
    """Return the short side of a picture's reduced copy over WORKING_SIDE: what widths in its px are multiplied by."""
    return min(WORKING_SIDE, *shape[:2]) / WORKING_SIDE


def disc(radius: float) -> NDArray[np.uint8]:
    """Return a round structuring element of at least 3 px."""
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def doubt_of(mask: Floats, product: Where) -> float:
    """Return how large what a soft mask (H x W, 0..1) leaves undecided is beside the `product` cut out by it; 0.. ."""
    undecided = (mask > BARELY) & (mask < MOSTLY)
    return float(undecided.mean()) / max(float(product.mean()), 1e-6)


def settled(rgb: Floats, mask: Floats, scale: float) -> Floats:
    """Return a mask (H x W, 0..1) whose doubtful areas, wider than a soft rim, are decided.

    `scale` is short side / 400.

    One that product encloses is filled. Of the others, those in the background's colour go and those in the product's
    stay; those in neither, such as hangers, stay where the mask believes in them. Mixtures, as of fur, stay doubtful.
    """
    doubtful = ((mask > DOUBTFUL) & (mask < CERTAIN)).astype(np.uint8)
    wide = cv2.morphologyEx(doubtful, cv2.MORPH_OPEN, disc(RIM * scale / 2))
    solid = cv2.morphologyEx((mask > CERTAIN).astype(np.uint8), cv2.MORPH_OPEN, disc(RIM * scale)) > 0
    count, areas, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    made = mask.copy()
    for area in range(1, count):
        part = _window(stats[area], AROUND * RIM * scale)
        inside = areas[part] == area
        border = _around(inside, RIM * scale)
        enclosed = border.any() and solid[part][border].mean() > ENCLOSED
        share = 1.0 if enclosed else _by_colour(rgb[part], mask[part], inside, scale)
        if share is not None:
            made[part][inside] = share
    return made


def _window(stats: NDArray[np.int32], radius: float) -> tuple[slice, slice]:
    """Return the rows and columns of an area and of all that lies within so many px of it."""
    left, top, width, height = (int(value) for value in stats[: cv2.CC_STAT_AREA])
    more = math.ceil(max(1.0, radius)) + 1
    return slice(max(0, top - more), top + height + more), slice(max(0, left - more), left + width + more)


def tidied(shares: Floats, sure: Floats) -> tuple[Floats, Where]:
    """Return shares (H x W, 0..1) without holes that no background reaches, nor crumbs that no product reaches.

    Also returns where that was, a px around included. `sure` is 1 for sure product, 0 for sure background.
    """
    lost = _apart(shares < 0.5, sure == 0)
    crumbs = _apart(shares > 0.05, main_parts(sure == 1))
    made = np.where(lost, np.float32(1), np.where(crumbs, np.float32(0), shares))
    return made, cv2.dilate((lost | crumbs).astype(np.uint8), disc(1)) > 0


def main_parts(product: Where) -> Where:
    """Return the connected areas that are not small beside the largest."""
    _, areas, stats, _ = cv2.connectedComponentsWithStats(product.astype(np.uint8), connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    return np.asarray((sizes > SMALL * sizes.max())[areas])


def _apart(what: Where, from_where: Where) -> Where:
    """Return the connected areas of `what` that touch nothing of `from_where`."""
    _, areas = cv2.connectedComponents((what | from_where).astype(np.uint8), connectivity=8)
    reached = np.zeros(int(areas.max()) + 1, dtype=bool)
    reached[areas[from_where]] = True
    lost: Where = what & ~reached[areas]
    return lost


def _by_colour(rgb: Floats, mask: Floats, area: Where, scale: float) -> float | None:
    """Return whether a doubtful area is product, 1, or background, 0, by the colours about it; None where mixed."""
    near = _around(area, AROUND * RIM * scale)
    sides = near & (mask > CERTAIN), near & (mask < DOUBTFUL)
    mean = float(mask[area].mean())
    believed = None if abs(mean - 0.5) < UNDECIDED else float(mean > 0.5)
    if not sides[0].any() or not sides[1].any():
        return believed
    product, background = (rgb[side].mean(axis=0) for side in sides)
    apart, seen = product - background, rgb[area].mean(axis=0) - background
    length = float(np.linalg.norm(apart))
    if length < 2 * float(max(np.linalg.norm(rgb[side].std(axis=0)) for side in sides)):
        return believed
    place = float(seen @ apart) / length**2
    if float(np.linalg.norm(seen - place * apart)) > STRANGE * length:
        return float(mean > THERE)
    return 0.0 if place < ALIKE else 1.0 if place > 1 - ALIKE else None


def _around(area: Where, radius: float) -> Where:
    """Return what lies within so many px of an area, outside it."""
    away = cv2.distanceTransform((~area).astype(np.uint8), cv2.DIST_L2, 3)
    wide: Where = (away <= max(1.0, radius)) & ~area
    return wide
