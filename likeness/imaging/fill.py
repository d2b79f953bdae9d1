"""Colour for pixels that have none, taken smoothly from their neighbours, so that hidden colour cannot bleed.

Push-pull on a pyramid, after Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
"""

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats

NOTHING_VISIBLE = 0.5


def fill_hidden(rgb: Floats, alpha: Bytes) -> Floats:
    """Return H x W x 3 where pixels of alpha 0 take the colour of those around them; the others are unchanged."""
    known = (alpha > 0).astype(np.float32)
    if known.all():
        return rgb
    if not known.any():
        return np.full_like(rgb, NOTHING_VISIBLE)
    return np.where(known[..., None] > 0, rgb, _push_pull(rgb, known))


def _push_pull(rgb: Floats, known: Floats) -> Floats:
    """Average downwards, weighted by how much of each cell is known; then fill each level from the one below it."""
    height, width = known.shape
    if known.all() or height * width == 1:
        return rgb
    half = ((width + 1) // 2, (height + 1) // 2)
    share = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(rgb * known[..., None], half, interpolation=cv2.INTER_AREA)
    mean = colour / np.maximum(share, np.finfo(np.float32).tiny)[..., None]
    below = _push_pull(mean.astype(np.float32, copy=False), (share > 0).astype(np.float32))
    above = cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR)
    filled: Floats = np.where(known[..., None] > 0, rgb, above)
    return filled
