"""Made colours to the entries of a given palette."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats, palette_of, palette_table, samples_of
from likeness.imaging.picture import Picture

Indices = NDArray[np.intp]

FEW = 65_536
"""Pixels that are quicker sorted than put into a table of all colours, and colours that are worked on at a time."""


@dataclass(frozen=True, eq=False)
class Palette:
    """The palette of an image: `colours` as stored (3 bytes each), its 256 x 4 `table`, and H x W `indices`."""

    colours: bytes
    table: Bytes
    indices: Bytes

    @classmethod
    def of(cls, picture: Picture) -> "Palette":
        """Return the palette of an image of mode P."""
        colours = palette_of(picture.pixels)
        indices = samples_of(picture.pixels).astype(np.uint8, copy=False)
        return cls(colours, palette_table(colours, picture.transparency), indices)

    def nearest(self, rgb: Bytes) -> Bytes:
        """Return H x W indices whose colours are nearest to H x W x 3 `rgb` among those of the given pixel's alpha.

        A pixel that is hidden, or whose given entry has that very colour already, keeps its given index.
        """
        given = self.table[self.indices]
        kept = (given[..., 3] == 0) | (given[..., :3] == rgb).all(axis=2)
        made = self.indices.copy()
        for alpha in np.unique(given[~kept][:, 3]):
            where = ~kept & (given[..., 3] == alpha)
            made[where] = self._nearest_entry(rgb[where], alpha)
        return made

    def _nearest_entry(self, rgb: Bytes, alpha: np.uint8) -> Bytes:
        """Return N indices for N x 3 colours among the entries of one alpha; each colour is looked up once."""
        entries = self._usable(alpha)
        colours = self.table[entries, :3].astype(np.float32)
        packed = rgb.astype(np.int32) @ np.array([65_536, 256, 1], dtype=np.int32)
        if len(packed) <= FEW:
            few, places = np.unique(packed, return_inverse=True)
            nearest: Bytes = entries[_closest(_unpacked(few.astype(np.intp)), colours)].astype(np.uint8)
            return nearest[places]
        present = np.zeros(2**24, dtype=bool)
        present[packed] = True
        lookup = np.zeros(2**24, dtype=np.uint8)
        for found in np.array_split(np.flatnonzero(present), present.sum() // FEW + 1):
            lookup[found] = entries[_closest(_unpacked(found), colours)]
        return lookup[packed]

    def _usable(self, alpha: np.uint8) -> Indices:
        """Return the indices with this alpha that the palette holds or the image points to (maybe beyond it)."""
        usable = np.bincount(self.indices.ravel(), minlength=256) > 0
        usable[: len(self.colours) // 3] = True
        return np.flatnonzero(usable & (self.table[:, 3] == alpha))


def _unpacked(packed: Indices) -> Floats:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.float32)


def _closest(colours: Floats, entries: Floats) -> Indices:
    """Return for N x 3 colours which of M x 3 entries is closest: the least |e|^2 - 2 c.e, exact for 8-bit values."""
    distance = (entries**2).sum(axis=1) - 2 * colours @ entries.T
    closest: Indices = distance.argmin(axis=1)
    return closest
