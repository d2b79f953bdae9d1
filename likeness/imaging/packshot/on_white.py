"""Originals that stand on white already, where what is not white is the product, whatever stands out of it."""

from typing import Final

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.outline import disc, reduced, scale_of
from likeness.imaging.packshot.cutout import Where
from likeness.imaging.white_ground import STRONG, off_white

MISSED: Final = 0.15
"""Share of the product that a mask has to lack for it to be completed."""
GAP: Final = 3.0
"""Px of a picture whose short side is 400 that an outline may be open."""


def completed(rgb: Bytes, mask: Floats) -> Floats:
    """Return a soft mask (H x W, 0..1) with what it lacks of a product on white, in `rgb` (H x W x 3, 0..255)."""
    small = np.multiply(reduced(rgb), np.float32(1 / 255), dtype=np.float32)
    off = off_white(small)
    if off is None:
        return mask
    product, seen = _filled(off > STRONG, scale_of(off.shape)), reduced(mask) > 0.5
    if float((product & ~seen).sum()) < MISSED * max(1, int(product.sum())):
        return mask
    height, width = mask.shape
    whole = cv2.resize(product.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(mask, np.asarray(whole, np.float32))


def _filled(where: Where, scale: float) -> Where:
    """Return what is true, with gaps in its outlines closed and everything that they enclose."""
    shut = cv2.morphologyEx(np.pad(where.astype(np.uint8), 1), cv2.MORPH_CLOSE, disc(GAP * scale))
    _, outside, _, _ = cv2.floodFill(shut, None, (0, 0), 2)
    return np.asarray(outside[1:-1, 1:-1] != 2)
