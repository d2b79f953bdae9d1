"""A product in another colour, exactly: its cloth dyed, what is not cloth left alone, its rim dyed as the mixture it is."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.cloth import cloth_of
from likeness.imaging.edits.dye import Colour, dye_for
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.matting import Matte, parted
from likeness.imaging.outline import Where, disc, reduced, scale_of

Parts = Literal["main", "all"]

STRIP = 256
"""Rows worked on at a time, so that little memory is needed."""
OUTER, INNER = 3.0, 1.5
"""Px around the outline of what is kept, out- and inwards, in which colours tell it from cloth (short side 400)."""


@dataclass(frozen=True)
class Dyed:
    """A product in its new colour.

    `colour`: H x W x 3, the product's, as Matte.colour. `kept`: H x W in 0..1, what of it is not cloth and was left as
    it was. `kept_area`: the share of the product that this is. `garments`: how many large parts of different colours
    stand out, the dyed one included.
    """

    colour: Floats
    kept: Floats
    kept_area: float
    garments: int


def dyed(matte: Matte, colour: Colour, parts: Parts = "main") -> Dyed:
    """Return the product of a matte with its cloth, or all of it, in `colour` (sRGB 0..255), lit as before."""
    small, alpha = reduced(matte.colour), reduced(matte.alpha)
    scale = scale_of(alpha.shape)
    cloth = cloth_of(small, alpha, scale)
    kept = cloth.kept if parts == "main" else np.zeros_like(cloth.kept)
    pure = (alpha > 0.9) & ~kept
    dye = dye_for(colour, lab_of(small)[..., 0][pure if pure.any() else alpha > 0.5])
    share = _cloth_share(matte.colour, kept, scale)
    made = matte.colour.copy()
    for rows in _strips(matte.alpha):
        own = share.colour[rows]
        made[rows] += share.alpha[rows][..., None] * (dye.of(own) - own)
    left = np.multiply(1 - share.alpha, matte.alpha, dtype=np.float32)
    return Dyed(made, left, float(left.sum() / max(float(matte.alpha.sum()), 1.0)), cloth.garments)


def put_on(rgb: Floats, matte: Matte, colour: Floats) -> Floats:
    """Return `rgb` (H x W x 3, 0..1) with its product, of `matte`, in other colours, H x W x 3.

    The background shows through the rim as it did: I + alpha (P' - P).
    """
    made = rgb.copy()
    for rows in _strips(matte.alpha):
        made[rows] += matte.alpha[rows][..., None] * (colour[rows] - matte.colour[rows])
    return np.clip(made, 0, 1, out=made)


def _cloth_share(colour: Floats, kept: Where, scale: float) -> Matte:
    """Return how much of each pixel is cloth and not a thing on it, and in which colour."""
    inner = cv2.erode(kept.astype(np.uint8), disc(INNER * scale)) > 0
    if not inner.any() or kept.all():
        return Matte(np.ones(colour.shape[:2], dtype=np.float32), colour)
    near = cv2.dilate(kept.astype(np.uint8), disc(OUTER * scale)) > 0
    sure = np.where(inner, np.float32(0), np.where(near, np.float32(0.5), np.float32(1)))
    soft = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), max(0.5, scale))
    return parted(colour, np.clip(1.3 - soft * 1.3, 0, 1), sure, scale)


def _strips(alpha: Floats) -> list[slice]:
    """Return the rows, some at a time, in which there is any product."""
    starts = range(0, len(alpha), STRIP)
    return [slice(start, start + STRIP) for start in starts if alpha[start : start + STRIP].any()]
