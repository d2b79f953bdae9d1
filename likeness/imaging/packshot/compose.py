"""A placed product before its background, with what it throws there."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.edits.scene import rows_of
from likeness.imaging.packshot.cutout import Where
from likeness.imaging.packshot.placement import Placed, Size

STRIP: Final = 256
"""Rows worked on at a time, so that little memory is needed."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Composed:
    """A finished packshot: `pixels` H x W x 3, or x 4 on nothing, 0..255; `free` is where nothing but background is."""

    pixels: Bytes
    free: Where


def backdrop_of(background: Bytes | Colour | None, size: Size) -> Bytes | None:
    """Return a background of `size`, H x W x 3: a colour, or a picture cut to its shape; None stays None."""
    width, height = size
    if background is None:
        return None
    if isinstance(background, tuple):
        return np.broadcast_to(np.array(background, np.uint8), (height, width, 3))
    down, across = background.shape[:2]
    scale = max(width / across, height / down)
    wide, high = width / scale, height / scale
    left, top = (across - wide) / 2, (down - high) / 2
    cut = (left, top, left + wide, top + high)
    return np.asarray(Image.fromarray(background).resize((width, height), Image.Resampling.LANCZOS, cut))


def composed(product: Placed, backdrop: Bytes | None, taken: Floats | None, mirror: Placed | None) -> Composed:
    """Return a product before `backdrop`, or on nothing, with a shadow that takes light, or a reflection.

    Where there is neither product nor shadow, the background's samples are kept exactly.
    """
    width, height = product.size
    pixels = np.zeros((height, width, 4), np.uint8) if backdrop is None else backdrop.copy()
    free = np.ones((height, width), bool)
    if taken is not None:
        _shaded(pixels, taken, free)
    for layer in (mirror, product):
        if layer is not None:
            _laid(pixels, layer, free)
    return Composed(pixels, free)


def _shaded(pixels: Bytes, taken: Floats, free: Where) -> None:
    """Take light from what is there, in place: on nothing, a shadow is black that covers so much."""
    height, width = pixels.shape[:2]
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height))
        dark = rows_of(taken, rows, (height, width))
        strip = pixels[rows]
        if pixels.shape[2] == 4:
            strip[..., 3] = np.rint(255 * dark)
        else:
            strip[:] = np.rint(strip * (1 - dark[..., None]))
        free[rows] &= dark <= 0


def _laid(pixels: Bytes, layer: Placed, free: Where) -> None:
    """Lay premultiplied pixels over what is there, in place."""
    box = layer.box
    for top in range(box.top, box.bottom, STRIP):
        rows = slice(top, min(top + STRIP, box.bottom))
        own = slice(rows.start - box.top, rows.stop - box.top)
        below = pixels[rows, box.left : box.right]
        alpha, colour = layer.alpha[own][..., None], layer.colour[own]
        if pixels.shape[2] == 4:
            below[:] = _over_nothing(colour, alpha, below)
        else:
            left = (255 - alpha.astype(np.uint16)) * below
            below[:] = np.minimum(colour.astype(np.uint16) + (left + 127) // 255, 255)
        free[rows, box.left : box.right] &= alpha[..., 0] == 0


def _over_nothing(colour: Bytes, alpha: Bytes, below: Bytes) -> Bytes:
    """Return premultiplied pixels over others, not premultiplied, as pixels that are not premultiplied."""
    share, under = alpha.astype(np.float32) / 255, below[..., 3:].astype(np.float32) / 255
    total = share + (1 - share) * under
    mixed = colour + (1 - share) * under * below[..., :3]
    flat = np.rint(np.clip(mixed / np.maximum(total, np.float32(1 / 255)), 0, 255))
    return np.concatenate([flat, np.rint(255 * total)], axis=2).astype(np.uint8)


def away_from(alpha: Bytes, px: int) -> Where:
    """Return what lies over `px` px from every px of a product that shows at all, H x W."""
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((2 * px + 1, 2 * px + 1), np.uint8))
    return np.asarray(near == 0)
