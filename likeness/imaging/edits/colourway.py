"""A product in another colour, exactly: its cloth dyed, the rest left alone, its rim dyed as the mixture that it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.cloth import cloth_of
from likeness.imaging.edits.dye import Colour, Dye, dye_for
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.matting import Matte, parted
from likeness.imaging.outline import Where, disc, reduced, scale_of

Parts = Literal["main", "all"]

STRIP = 128
"""Rows worked on at a time, so that little memory is needed."""
OUTER, INNER = 3.0, 1.5
"""Px around the outline of what is kept, out- and inwards, in which colours tell it from cloth (short side 400)."""


@dataclass(frozen=True)
class Recoloured:
    """A picture whose product has another colour, and what was left alone.

    `rgb`: H x W x 3 in 0..1. `kept`: H x W in 0..1, how much of each pixel is of the product and not cloth, and was
    left as it was. `kept_area`: the share of the product that this is. `garments`: how many large parts of different
    colours stand out, the dyed one included.
    """

    rgb: Floats
    kept: Floats
    kept_area: float
    garments: int


@dataclass(frozen=True)
class _Plan:
    """How a product is dyed: its dye, what is kept (on the reduced copy, H x W), and that copy."""

    dye: Dye
    kept: Where
    garments: int
    small: Floats
    scale: float


def recoloured(rgb: Floats, matte: Matte, colour: Colour, parts: Parts = "main") -> Recoloured:
    """Return `rgb` (H x W x 3, 0..1) with its product's cloth, or all of it, in `colour` (sRGB 0..255), lit as before.

    Each pixel changes by its share of cloth, I + alpha (P' - P), so that the background shows through the rim as it
    did. `parts`: "all" dyes tags, prints, buttons and hangers as well.
    """
    return _applied(rgb, matte.colour, matte.alpha, matte.alpha, _planned(matte, colour, parts))


def recoloured_cutout(matte: Matte, colour: Colour, parts: Parts = "main") -> Recoloured:
    """Return the colours of a cut-out, H x W x 3, dyed; its alpha stays, and mixes them when it is shown."""
    visible = (matte.alpha > 0).astype(np.float32)
    return _applied(matte.colour, matte.colour, visible, matte.alpha, _planned(matte, colour, parts))


def _planned(matte: Matte, colour: Colour, parts: Parts) -> _Plan:
    small, alpha = reduced(matte.colour), reduced(matte.alpha)
    scale = scale_of(alpha.shape)
    cloth = cloth_of(small, alpha, scale)
    kept = cloth.kept if parts == "main" else np.zeros_like(cloth.kept)
    pure = (alpha > 0.9) & ~kept
    dye = dye_for(colour, lab_of(small)[..., 0][pure if pure.any() else alpha > 0.5])
    return _Plan(dye, kept, cloth.garments, small, scale)


def _applied(rgb: Floats, own: Floats, weight: Floats, alpha: Floats, plan: _Plan) -> Recoloured:
    """Return `rgb` with its product's `own` colours dyed, as far as `weight` (H x W) says and what is kept allows."""
    made = np.empty_like(rgb)
    for rows, columns in _strips(weight, made, rgb):
        colours = own[rows, columns]
        change = plan.dye.of(colours)
        change -= colours
        change *= weight[rows, columns][..., None]
        change += rgb[rows, columns]
        np.clip(change, 0, 1, out=made[rows, columns])
    if not plan.kept.any():
        return Recoloured(made, np.zeros_like(alpha), 0.0, plan.garments)
    share = _leave(made, rgb, own, weight, plan)
    kept = (1 - share) * alpha
    return Recoloured(made, kept, float(kept.sum() / max(float(alpha.sum()), 1e-6)), plan.garments)


def _leave(made: Floats, rgb: Floats, own: Floats, weight: Floats, plan: _Plan) -> Floats:
    """Put what is not cloth back into what was `made` of `rgb`, and return the cloth's share of each pixel, H x W.

    At its edge, as at the rim, only the cloth's share of a pixel is dyed, in the cloth's own colour there.
    """
    inner = cv2.erode(plan.kept.astype(np.uint8), disc(INNER * plan.scale)) > 0
    inner = inner if inner.any() else plan.kept
    near = cv2.dilate(plan.kept.astype(np.uint8), disc(OUTER * plan.scale)) > 0
    sure = np.where(inner, np.float32(0), np.where(near, np.float32(0.5), np.float32(1)))
    if not (sure == 1).any():
        made[:] = rgb
        return np.zeros_like(weight)
    soft = cv2.GaussianBlur(plan.kept.astype(np.float32), (0, 0), max(0.5, plan.scale))
    share, mixed = parted(own, plan.small, np.clip(1.3 - 1.3 * soft, 0, 1), sure, plan.scale, whole=False)
    whole = share == 0
    made[whole] = rgb[whole]
    at = tuple(mixed.places)
    change = plan.dye.of(mixed.colour[None])[0] - mixed.colour
    made[at] = np.clip(rgb[at] + (weight[at] * mixed.share)[:, None] * change, 0, 1)
    return share


def _strips(weight: Floats, made: Floats, under: Floats) -> Iterator[tuple[slice, slice]]:
    """Give the rows and columns, some at a time, in which there is any product; elsewhere `made` becomes `under`."""
    columns = np.flatnonzero(weight.any(axis=0))
    across = slice(int(columns[0]), int(columns[-1]) + 1) if columns.size else slice(0, 0)
    for start in range(0, len(weight), STRIP):
        rows = slice(start, start + STRIP)
        if not weight[rows].any():
            made[rows] = under[rows]
            continue
        made[rows, : across.start], made[rows, across.stop :] = under[rows, : across.start], under[rows, across.stop :]
        yield rows, across
