"""The product's matte itself: an outline in doubt, a product missed or cut too large, fog left about it."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of_colour
from likeness.imaging.metrics.edits.fringe import (
    EDGE_FAR,
    EDGE_NEAR,
    LEAST_PIXELS,
    border_line,
    gradient,
    strongest_within,
)
from likeness.imaging.metrics.edits.pair import SOLID, Pair, blurred_within, dilated, eroded, opened
from likeness.imaging.outline import Where, doubt_of
from likeness.imaging.white_ground import STRONG, edge_of, off_white

FAINT = 2.0
"""CIELAB units a px that an edge of the product has at least, before a background much like it."""
RIM, INSIDE, ASIDE = 10.0, 12.0, 4.0
"""Px at short side 400: how far in a background may have been taken for product; where the product's and the
background's own colours begin."""
REACH = 10.0
"""Sigma of those colours, in the same px."""
APART, BEHIND, STRANGE = 15.0, 0.35, 0.5
"""CIELAB units by which both sides differ where they can be told; place between the background's colour, 0, and the
product's, 1, up to which a pixel is background; its distance from the line between both, in their distance."""
SEEN = 20.0
"""CIELAB units by which background changed where anybody sees it."""
FOG = (3.0, 12.0)
"""Px outside the product, at short side 400, between which fog lies."""
BLACK = np.array([16, 0, 0], dtype=np.float32)
"""CIELAB towards black is a straight line to (-16, 0, 0), by its definition, but for the darkest colours."""


def doubt(pair: Pair) -> float | None:
    """Return what the segmenter left undecided, as a share of the product; 0.., lower is better.

    None where it was not asked.
    """
    return None if pair.found is None else doubt_of(pair.found, pair.solid)


def left_out(pair: Pair) -> float | None:
    """Return what stands on a white ground and was not taken for product, as a share of that; 0.., lower is better.

    Farther than 8 px from the product, and no shadow. None where the image does not stand on white, where the product
    was not looked for, or is the ground itself.
    """
    off = off_white(pair.given)
    if off is None or pair.found is None or edge_of(pair.product).mean() > SOLID:
        return None
    missed = opened((off > STRONG) & pair.away(8), 2 * pair.scale)
    return float(missed.sum() / max(int(pair.solid.sum()), 1))


def on_edge(pair: Pair) -> float | None:
    """Return the share of the matte's outline that lies on an edge of the given image; 0..1, higher is better.

    Within 2 px there must be an edge of at least half the strength of the strongest within 9 px. None where there is
    too little outline.
    """
    line = border_line(pair.matte > SOLID)
    if line.sum() < LEAST_PIXELS * pair.scale:
        return None
    strength = gradient(pair.before, pair.scale)
    near, far = (strongest_within(strength, px * pair.scale)[line] for px in (EDGE_NEAR, EDGE_FAR))
    return float(((near > 0.5 * far) & (near > FAINT)).mean())


def bleed(pair: Pair) -> float | None:
    """Return the largest area of background, taken for product at its outline, that changed; px2 at short side 400.

    0.., lower is better. Background has the colour of what lies beside the outline and not the product's. None where
    one of them is too small to know its colour.
    """
    behind = _background_inside(pair)
    if behind is None:
        return None
    areas = opened(behind & (pair.change > SEEN), 1.5 * pair.scale).astype(np.uint8)
    sizes = cv2.connectedComponentsWithStats(areas, connectivity=8)[2][1:, cv2.CC_STAT_AREA]
    return float(sizes.max(initial=0)) / pair.scale**2


def _background_inside(pair: Pair) -> Where | None:
    """Return where the rim of the matte shows the background beside it; None where the sides are too small."""
    s, solid = pair.scale, pair.matte > SOLID
    within, outside = eroded(solid, INSIDE * s), ~dilated(pair.matte > 0.1, ASIDE * s)
    if min(within.sum(), outside.sum()) < LEAST_PIXELS:
        return None
    product, background = (blurred_within(pair.before, side, REACH * s) for side in (within, outside))
    apart, seen = product - background, pair.before - background
    length = np.linalg.norm(apart, axis=2)
    place = (seen * apart).sum(2) / np.maximum(length, 1) ** 2
    off = np.linalg.norm(seen - place[..., None] * apart, axis=2)
    rim: Where = solid & ~eroded(solid, RIM * s) & (length > APART)
    return np.asarray(rim & (place < BEHIND) & (off < STRANGE * length))


def halo(pair: Pair, colour: tuple[int, int, int]) -> float | None:
    """Return how far a plain background is from its colour in any shade, 3 to 12 px outside the product.

    Mean CIELAB distance to the colour and its shadows; 0.., lower is better. None where too little lies there.
    """
    away = cv2.distanceTransform((pair.matte <= SOLID).astype(np.uint8), cv2.DIST_L2, 5) / max(pair.scale, 1e-3)
    ring = (away > FOG[0]) & (away <= FOG[1])
    if ring.sum() < LEAST_PIXELS * pair.scale:
        return None
    return float(_off_shades(pair.after[ring], lab_of_colour(colour)).mean())


def _off_shades(lab: Floats, colour: Floats) -> Floats:
    """Return how far N x 3 CIELAB colours are from a colour or the nearest of what less light makes of it."""
    seen, lit = lab + BLACK, colour + BLACK
    light = np.clip(seen @ lit / (lit @ lit), 0, 1)
    return np.asarray(np.linalg.norm(seen - light[:, None] * lit, axis=1), dtype=np.float32)
