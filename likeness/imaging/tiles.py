"""Images larger than an engine takes: overlapping tiles, made one by one and blended back.

The other way, to shrink the image, make it small and put the lost detail back, was not taken: detail that is copied
or invented is not recreated. Tiles keep every pixel at the engine's own scale, and the inside of a tile equals what
the whole image would give where an engine looks no further than the overlap (the starter autoencoder's norms are
local, so its do).
"""

from dataclasses import dataclass

import numpy as np

from likeness.imaging.colour import Floats


@dataclass(frozen=True)
class Box:
    """A part of a canvas, in px; `right` and `bottom` are the first column and row outside."""

    left: int
    top: int
    right: int
    bottom: int

    def cut(self, canvas: Floats) -> Floats:
        """Return this part of an array H x W x channels, as a view."""
        return canvas[self.top : self.bottom, self.left : self.right]


def boxes(height: int, width: int, tile: int, overlap: int, multiple: int) -> list[Box]:
    """Return boxes that cover a canvas, row by row: at most `tile` px a side, neighbours sharing at least `overlap` px.

    Every side and corner is a multiple of `multiple`; so must be all that is given, and overlap < tile. Otherwise
    ValueError.
    """
    if any(value % multiple for value in (height, width, tile, overlap)) or not 0 <= overlap < tile:
        raise ValueError(
            f"{height} x {width}, tile {tile}, overlap {overlap}: not multiples of {multiple}, or too much"
        )
    return [
        Box(left, top, left + min(tile, width), top + min(tile, height))
        for top in _starts(height, tile, overlap, multiple)
        for left in _starts(width, tile, overlap, multiple)
    ]


def _starts(side: int, tile: int, overlap: int, multiple: int) -> list[int]:
    """Return where tiles start along one side, as evenly as `multiple` allows."""
    last = max(0, side - tile)
    gaps = -(-last // (tile - overlap))
    return [last * index // (gaps * multiple) * multiple for index in range(gaps)] + [last]


class Blend:
    """A canvas put together from made tiles, each fading into its neighbours over `overlap` px by a raised cosine."""

    def __init__(self, height: int, width: int, overlap: int) -> None:
        self._sum = np.zeros((height, width, 3), dtype=np.float32)
        self._weight = np.zeros((height, width, 1), dtype=np.float32)
        self._overlap = overlap

    def add(self, box: Box, pixels: Floats) -> None:
        """Add a made tile, float32 of the box's height x width x 3."""
        height, width = self._weight.shape[:2]
        rows = self._fade(box.bottom - box.top, box.top > 0, box.bottom < height)
        columns = self._fade(box.right - box.left, box.left > 0, box.right < width)
        weight = (rows[:, None] * columns)[..., None]
        self._sum[box.top : box.bottom, box.left : box.right] += pixels * weight
        self._weight[box.top : box.bottom, box.left : box.right] += weight

    def result(self) -> Floats:
        """Return the canvas, H x W x 3. Raises ValueError while a pixel is not covered."""
        if not self._weight.all():
            raise ValueError("the tiles added so far do not cover the canvas")
        blended: Floats = self._sum / self._weight
        return blended

    def _fade(self, length: int, at_start: bool, at_end: bool) -> Floats:
        """Return weights along one side: 1 inside and at the canvas' own edges, rising from 0 where a neighbour is."""
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(self._overlap, dtype=np.float32) + 0.5) / max(1, self._overlap))
        weights = np.ones(length, dtype=np.float32)
        if at_start:
            weights[: self._overlap] *= rise
        if at_end:
            weights[length - self._overlap :] *= rise[::-1]
        return weights
