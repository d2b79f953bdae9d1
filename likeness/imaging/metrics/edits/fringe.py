"""The outline: pale or dark rims, an edit that ends where nothing ends, what ran out of the product."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.metrics.edits.pair import Pair, blurred_within, dilated, eroded, opened
from likeness.imaging.outline import Where, disc

LEAST_PIXELS = 100
AROUND = 4.0
"""Sigma of the colours on both sides of the outline, in px at short side 400."""
REACHED = 0.03
"""Share of a side near a pixel, from which on its colour there is known."""
SPILT = 8.0
"""CIELAB units from which on a pixel outside the product changed."""
EDGE, EDGE_NEAR, EDGE_FAR = 4.0, 2.0, 9.0
"""CIELAB units a px that an edge has at least; px within which it is at the outline; within which it is looked for."""
NEW, GROWN = 8.0, 0.2
"""CIELAB units a px of an edge that is seen; share of it that the cloth had before, up to which it is a new one."""


def fringe(pair: Pair) -> float | None:
    """Return by how much the rim's colours lie off the line between product and background, more than they did.

    Mean CIELAB distance in a band of 2 px inside to 3 px outside; about 0 is clean, lower is better. None where the
    outline is too short, as of a product that fills the image.
    """
    band, sides = _band(pair)
    if band.sum() < LEAST_PIXELS * pair.scale:
        return None
    return _off_line(pair.after, band, sides, pair.scale) - _off_line(pair.before, band, sides, pair.scale)


def _band(pair: Pair) -> tuple[Where, tuple[Where, Where]]:
    s, solid = pair.scale, pair.solid
    inside, outside = eroded(solid, 4 * s), ~dilated(solid, 6 * s)
    band = dilated(solid, 3 * s) & ~eroded(solid, 2 * s)
    band[:3] = band[-3:] = band[:, :3] = band[:, -3:] = False
    for side in (inside, outside):
        band &= cv2.GaussianBlur(side.astype(np.float32), (0, 0), AROUND * s) > REACHED
    return band, (inside, outside)


def _off_line(lab: Floats, band: Where, sides: tuple[Where, Where], scale: float) -> float:
    product, background = (blurred_within(lab, side, AROUND * scale)[band] for side in sides)
    apart, seen = product - background, lab[band] - background
    share = np.clip((seen * apart).sum(1) / np.maximum((apart * apart).sum(1), 1), 0, 1)
    return float(np.linalg.norm(seen - share[:, None] * apart, axis=1).mean())


def spill(pair: Pair) -> float | None:
    """Return what changed farther than 6 px outside the product, as a share of its area; 0.., lower is better.

    None where there is no product.
    """
    changed = opened(pair.away(6) & (pair.change > SPILT), pair.scale)
    return float(changed.sum() / pair.solid.sum()) if pair.solid.any() else None


def outline_agreement(pair: Pair) -> float | None:
    """Return the share of the change's outline that follows an edge of the given image; 0..1, higher is better.

    An edge of at least half the strength of the strongest within 9 px must lie within 2 px; outlines without any edge
    around them do not count. None where too little is left.
    """
    border = _border(pair)
    strength = gradient(pair.before, pair.scale)
    near, far = (strongest_within(strength, px * pair.scale) for px in (EDGE_NEAR, EDGE_FAR))
    told = border & (far > EDGE)
    if told.sum() < LEAST_PIXELS * pair.scale:
        return None
    return float((near[told] > 0.5 * far[told]).mean())


def new_edges(pair: Pair) -> float | None:
    """Return the share of the product that is sharp edges where it had none; 0..1, lower is better.

    There a dye ends in the middle of the cloth. None where there is no product.
    """
    if not pair.core.any():
        return None
    now, then = (gradient(lab, pair.scale) for lab in (pair.after, pair.before))
    new = pair.core & (now > NEW) & (strongest_within(then, EDGE_NEAR * pair.scale) < GROWN * now)
    return float(new.sum() / pair.solid.sum())


def _border(pair: Pair) -> Where:
    """Return the line around what changed, not along the image's own border."""
    changed = np.asarray(cv2.GaussianBlur(pair.change, (0, 0), max(0.5, pair.scale)), dtype=np.float32)
    usual = float(np.median(changed[pair.solid])) if pair.solid.any() else 0.0
    return border_line(opened(changed > max(0.5 * usual, 4.0), 3 * pair.scale))


def border_line(area: Where) -> Where:
    """Return the outermost pixels of an area, without those along the image's own border."""
    line = area & ~eroded(area, 1)
    line[:3] = line[-3:] = line[:, :3] = line[:, -3:] = False
    return line


def gradient(lab: Floats, scale: float) -> Floats:
    """Return how steeply CIELAB colours change, H x W, in units a px."""
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), max(0.6, scale)), dtype=np.float32)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt((across**2 + down**2).sum(2)), dtype=np.float32)


def strongest_within(strength: Floats, px: float) -> Floats:
    """Return the greatest value within so many px of each pixel, H x W."""
    return np.asarray(cv2.dilate(strength, disc(px)), dtype=np.float32)
