"""What a network takes for product and is not, and what a matte misses of it: cords, crumbs, notches in outlines."""

from typing import Final

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.outline import Where, disc, main_parts, reduced, scale_of

THIN: Final = 6.0
"""Half the width up to which a thing is thin, in px of a picture whose short side is 400."""
LONG: Final = 12.0
"""Px of the same up to which a thin thing is no more than a corner of the product."""
FAINT: Final = 0.25
"""The mask from which on there may be something."""
SURE: Final = 0.95
"""The mask from which on there is product."""
BELIEVED: Final = 0.9
"""Upper quartile of the mask from which on a thin thing that ends within the frame is a part, such as a strap."""
DOUBTED: Final = 0.65
"""The same up to which it is none, whatever its colours."""
LEAST: Final = 0.2
"""Share of the product that has to be left inside it, for its colours to be read there and not out to its outline."""
STRANGE: Final = 0.5
"""Share of a thing's colours that are not the product's, from which on they are its own."""
LEVELS: Final = 12
"""Bins of a channel in which colours are compared."""
OCCURS: Final = 2e-3
"""Share of the product that a colour has to cover to be one of its colours."""
BITE: Final = 10.0
"""Half the width in the same px of a notch that a pattern in the background's colours leaves in an outline."""
NARROW: Final = 1.8
"""Half the width in the same px of a gap between hairs."""
CERTAIN: Final = 0.6
"""The mask from which on such a notch is none."""


def mended(alpha: Bytes, mask: Floats) -> Bytes:
    """Return alpha (H x W, 0..255) without broad notches in its outline that its soft mask (0..1) takes for product.

    They come of patterns that have the background's colours. Narrow ones are left, such as those between hairs.
    """
    small, sure = reduced(alpha) > 127, reduced(mask) > CERTAIN
    scale = scale_of(small.shape)
    shut = cv2.morphologyEx(np.pad(small.astype(np.uint8), 16), cv2.MORPH_CLOSE, disc(BITE * scale))[16:-16, 16:-16]
    bites = _broad((shut > 0) & ~small & sure, NARROW * scale)
    if not bites.any():
        return alpha
    filled = cv2.resize(255 * bites.astype(np.uint8), alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(alpha, filled))


def _broad(areas: Where, radius: float) -> Where:
    """Return those of the connected areas in which a disc of the radius in px finds room."""
    _, found = cv2.connectedComponents(areas.astype(np.uint8), connectivity=8)
    room = cv2.distanceTransform(areas.astype(np.uint8), cv2.DIST_L2, 5) >= radius
    return np.asarray(areas & np.isin(found, np.unique(found[room])))


def uncrumbed(alpha: Bytes) -> Bytes:
    """Return alpha (H x W, 0..255) without pieces that are small beside the largest."""
    small = reduced(alpha) > 12
    crumbs = small & ~main_parts(small)
    if not crumbs.any():
        return alpha
    gone = cv2.dilate(crumbs.astype(np.uint8), disc(2)) & (~main_parts(small)).astype(np.uint8)
    left = cv2.resize(1 - gone, alpha.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(alpha * left)


def cleared(rgb: Bytes, mask: Floats) -> Floats:
    """Return a soft mask (H x W, 0..1) of the product in `rgb` (H x W x 3, 0..255) without thin things that are none.

    Those in colours that the product has not go where they lead to the frame's edge, such as cords and the lines of a
    wall, or where the mask is not sure, such as a hanger's hook; those that it hardly believes in go in any colour.
    """
    small, seen = reduced(mask), reduced(rgb)
    scale = scale_of(small.shape)
    product = small > FAINT
    body = cv2.morphologyEx(product.astype(np.uint8), cv2.MORPH_OPEN, disc(THIN * scale)) > 0
    near = cv2.dilate(body.astype(np.uint8), disc(2 * scale)) > 0
    core = cv2.erode((small > SURE).astype(np.uint8), disc(THIN * scale)) > 0
    strange = ~_own_colours(seen, core if core.sum() > LEAST * body.sum() else body)
    gone = np.zeros(product.shape, bool)
    count, things, boxes, _ = cv2.connectedComponentsWithStats((product & ~near).astype(np.uint8), connectivity=8)
    for thing in range(1, count):
        where = things == thing
        long = max(boxes[thing, cv2.CC_STAT_WIDTH], boxes[thing, cv2.CC_STAT_HEIGHT]) > LONG * scale
        believed = float(np.percentile(small[where], 75))
        other = float(strange[where].mean()) > STRANGE and (_at_the_edge(where) or believed < BELIEVED)
        if long and (other or believed < DOUBTED):
            gone |= where
    if not gone.any():
        return mask
    rim = cv2.dilate(gone.astype(np.uint8), disc(4 * scale)) > 0
    return _without(mask, rim & ~near)


def _without(mask: Floats, gone: Where) -> Floats:
    height, width = mask.shape
    left = cv2.resize((~gone).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(mask * left, np.float32)


def _at_the_edge(where: Where) -> bool:
    return bool(where[:2].any() or where[-2:].any() or where[:, :2].any() or where[:, -2:].any())


def _own_colours(rgb: Floats, body: Where) -> Where:
    """Return where `rgb` (H x W x 3, 0..255) is of a colour that occurs in the body of the product, or nearly so."""
    bins = np.minimum(rgb * (LEVELS / 256), LEVELS - 1).astype(np.intp)
    counts = np.zeros((LEVELS,) * 3, np.float32)
    np.add.at(counts, tuple(bins[body].T), 1)
    occurs = (counts > OCCURS * max(1, int(body.sum()))).astype(np.float32)
    wide = np.pad(occurs, 1)
    for axis in range(3):
        parts = [np.take(wide, range(at, wide.shape[axis] - 2 + at), axis) for at in range(3)]
        wide = np.maximum.reduce(parts)
    return np.asarray(wide[tuple(np.moveaxis(bins, 2, 0))] > 0)
