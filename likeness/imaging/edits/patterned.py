"""A pattern on a product: each of its inks dyes the cloth, lit as it is, where the pattern has that ink."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.colourway import Parts, Recoloured, recoloured, recoloured_cutout
from likeness.imaging.edits.drape import places
from likeness.imaging.edits.motifs import MOTIFS, Colour, tile_of
from likeness.imaging.matting import Matte

LARGEST_TILE = 1024
"""Px of the side of a repeat that is drawn; a larger one is enlarged from that."""


def patterned(rgb: Floats, matte: Matte, name: str, colour: Colour, parts: Parts = "main") -> Recoloured:
    """Return `rgb` (H x W x 3, 0..1) with a pattern of MOTIFS, in `colour` (sRGB 0..255), on its product's cloth.

    The pattern is as large as suits the product, follows its silhouette and folds, and has its light and shade; tags,
    prints and hangers stay as they are, and so does the cloth between stripes, dots and flowers.
    """
    return _inked(rgb, matte, name, colour, lambda ink: recoloured(rgb, matte, ink, parts))


def patterned_cutout(matte: Matte, name: str, colour: Colour, parts: Parts = "main") -> Recoloured:
    """Return the colours of a cut-out, H x W x 3, with a pattern; its alpha stays, and mixes them when it is shown."""
    return _inked(matte.colour, matte, name, colour, lambda ink: recoloured_cutout(matte, ink, parts))


def _inked(rgb: Floats, matte: Matte, name: str, colour: Colour, dyed: Callable[[Colour], Recoloured]) -> Recoloured:
    """Return `rgb` changed as far as each ink of a pattern lies on a pixel, by what that ink makes of all the cloth."""
    motif = MOTIFS[name]
    x, y, repeat = places(rgb, matte, motif.repeat)
    tile = tile_of(motif, int(np.clip(round(repeat), 4, LARGEST_TILE)))
    made = rgb.copy()
    for number, ink in enumerate(motif.inks(colour)):
        one = dyed(ink)
        change = one.rgb
        change -= rgb
        change *= _looked_up(tile[..., number], x, y)[..., None]
        made += change
    return replace(one, rgb=np.clip(made, 0, 1, out=made))


def _looked_up(plane: Floats, x: Floats, y: Floats) -> Floats:
    """Return what a repeat (side x side) has at places in repeats, between its pixels by their nearness."""
    side = np.float32(len(plane))
    wrapped = cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_WRAP)
    at = [np.mod(way, 1) * side + np.float32(0.5) for way in (x, y)]
    return np.asarray(cv2.remap(wrapped, at[0], at[1], cv2.INTER_LINEAR), dtype=np.float32)
