"""What the numbers of an image mean: RGB spaces by their primaries and curves, from ICC profiles and PNG chunks.

Everything is worked on and measured as sRGB; images in another space are converted on the way in, and back on the way
out. Profiles that are more than primaries and curves (tables, as of scanners and printers), those of grey and of CMYK,
and curves for HDR (PQ, HLG) are kept, and their numbers taken as they are, as those of an image that says nothing.

ICC.1:2022; PNG Specification, Third Edition, 4.3 and 11.3.2; ITU-T H.273 (the codes of cICP).
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats, rgb_of
from likeness.imaging.icc import matrix_and_curves
from likeness.imaging.picture import ColourChunks, Picture

Reals = NDArray[np.float64]
Values = TypeVar("Values", Floats, Reals)

STEPS: Final = 65_536
"""Of a table: every sample of 8 or 16 bits is one of them."""
STRIP: Final = 256
"""Rows worked on at a time, so that little memory is needed."""
GRID: Final = np.linspace(0, 1, STEPS)
D50: Final = np.array([0.9642, 1.0, 0.8249])
SRGB_CHROMATICITIES: Final = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""White, red, green and blue, x and y of each, in the order of cHRM."""
PRIMARIES: Final = {
    1: SRGB_CHROMATICITIES,
    9: (0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    12: (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
"""By code: BT.709, BT.2020, Display P3."""
SRGB_GAMMA: Final = 45_455
"""Of gAMA: what writers of sRGB put beside it."""
BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
WORST_CONDITION: Final = 1e4
"""Of a matrix; that of BT.2020 is about 3."""
ALIKE: Final = 2 / 255
"""Difference in any colour up to which a space is sRGB: the profiles that are in use for it differ by so much."""


class Told(Protocol):
    """What a file says of its colours: a header, a decoded image, or its frame."""

    @property
    def icc_profile(self) -> bytes | None:
        """The profile as stored."""

    @property
    def colour_chunks(self) -> ColourChunks:
        """A PNG's chunks as stored."""


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """An RGB space: the matrix from its linear light to that of sRGB, and tables for each channel, 3 x STEPS.

    `curves` has the linear light of each step of the space, `back` the number of the space for each step of sRGB.
    """

    matrix: Reals
    curves: Floats
    back: Floats

    @classmethod
    def of(cls, matrix: Reals, curves: Reals) -> "ColourSpace":
        """Return a space of a 3 x 3 matrix and ascending curves, 3 x STEPS."""
        light = decoded(GRID)
        back = np.stack([np.interp(light, curve, GRID) for curve in curves])
        return cls(matrix, curves.astype(np.float32), back.astype(np.float32))

    def to_srgb(self, rgb: Floats) -> Floats:
        """Return sRGB of stored samples, H x W x 3 in 0..1; below 0 and above 1 where sRGB has no such colour."""
        made = np.empty_like(rgb)
        for top in range(0, len(rgb), STRIP):
            linear = _looked_up(self.curves, rgb[top : top + STRIP])
            made[top : top + STRIP] = encoded(_mixed(self.matrix, linear))
        return made

    def from_srgb(self, rgb: Floats) -> Floats:
        """Return H x W x 3 in 0..1 of sRGB in 0..1; what lies outside this space is cut to it."""
        inverse, made = np.asarray(np.linalg.inv(self.matrix), np.float64), np.empty_like(rgb)
        for top in range(0, len(rgb), STRIP):
            linear = np.clip(_mixed(inverse, decoded(rgb[top : top + STRIP])), 0, 1)
            made[top : top + STRIP] = _looked_up(self.back, encoded(linear))
        return made


def _mixed(matrix: Reals, linear: Floats) -> Floats:
    return np.asarray(cv2.transform(linear, matrix), dtype=np.float32)


def _looked_up(tables: Floats, values: Floats) -> Floats:
    """Return for H x W x 3 in 0..1 what each channel's table has at its nearest step."""
    places = np.rint(values * np.float32(STEPS - 1)).astype(np.uint16)
    return np.stack([table[places[..., n]] for n, table in enumerate(tables)], axis=2)


def srgb_of(picture: Picture, *, cut: bool = True) -> Floats:
    """Return the stored image (not turned) in sRGB, H x W x 3; `cut` to 0..1, or beyond where sRGB lacks a colour."""
    rgb, space = rgb_of(picture), space_of(picture)
    if space is None:
        return rgb
    shown = space.to_srgb(rgb)
    return np.clip(shown, 0, 1) if cut else shown


def space_of(told: Told) -> ColourSpace | None:
    """Return the space of an RGB image; None for sRGB, and for what is taken as it is.

    Where a PNG says several things, cICP overrules the profile, that overrules sRGB, and that gAMA with cHRM.
    """
    chunks = dict(told.colour_chunks)
    if "cICP" in chunks:
        return _of_codes(chunks["cICP"])
    if told.icc_profile is not None:
        return _of_profile(told.icc_profile)
    if "sRGB" in chunks or "gAMA" not in chunks:
        return None
    return _of_gamma(chunks["gAMA"], chunks.get("cHRM"))


def colours_of(told: Told) -> str:
    """Return in words which of the things that a file says decides on its colours; "sRGB" where it says nothing."""
    chunks = dict(told.colour_chunks)
    if "cICP" in chunks:
        codes = chunks["cICP"]
        return "sRGB" if codes[:2] == bytes((1, 13)) else "cICP " + "/".join(map(str, codes))
    if told.icc_profile is not None:
        return "ICC profile"
    if "sRGB" in chunks or "gAMA" not in chunks or _gamma_is_srgb(chunks["gAMA"], chunks.get("cHRM")):
        return "sRGB"
    said = " ".join(f"{number:g}" for number in _chromaticities(chunks.get("cHRM")))
    return f"gamma {_gamma(chunks['gAMA']):g}, white and primaries {said}"


def encoded(linear: Values) -> Values:
    """Return sRGB's values of linear light; negative light gives negative values, as in IEC 61966-2-1, annex F."""
    size = np.abs(linear)
    curved = 1.055 * np.power(size, size.dtype.type(1 / 2.4)) - 0.055
    return np.asarray(np.copysign(np.where(size > 0.0031308, curved, 12.92 * size), linear), dtype=linear.dtype)


def decoded(srgb: Values) -> Values:
    """Undo `encoded`."""
    size = np.abs(srgb)
    curved = np.power((size + 0.055) / 1.055, size.dtype.type(2.4))
    return np.asarray(np.copysign(np.where(size > 0.04045, curved, size / 12.92), srgb), dtype=srgb.dtype)


@lru_cache(maxsize=32)
def _of_profile(profile: bytes) -> ColourSpace | None:
    found = matrix_and_curves(profile, GRID)
    return None if found is None else _space(*found)


@lru_cache(maxsize=32)
def _of_codes(codes: bytes) -> ColourSpace | None:
    """Return the space of cICP's codes: primaries, curve, matrix, whether the whole range is used."""
    primaries, curve, matrix, whole = codes
    curves = {1: _bt709, 4: lambda x: x**2.2, 5: lambda x: x**2.8, 6: _bt709, 8: lambda x: x, 13: decoded}
    curves |= {14: _bt709, 15: _bt709}
    if primaries not in PRIMARIES or curve not in curves or (matrix, whole) != (0, 1):
        return None
    return _space(_xyz_of(PRIMARIES[primaries]), np.tile(curves[curve](GRID), (3, 1)))


@lru_cache(maxsize=32)
def _of_gamma(gamma: bytes, chromaticities: bytes | None) -> ColourSpace | None:
    if _gamma_is_srgb(gamma, chromaticities) or not _gamma(gamma):
        return None
    try:
        return _space(_xyz_of(_chromaticities(chromaticities)), np.tile(GRID ** (1 / _gamma(gamma)), (3, 1)))
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None


def _space(xyz_of_linear: Reals, curves: Reals) -> ColourSpace | None:
    """Return a space by its matrix to XYZ (D50) and its curves; None where it is sRGB, or primaries lie on one line."""
    matrix = np.linalg.inv(_xyz_of(SRGB_CHROMATICITIES)) @ xyz_of_linear
    if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > WORST_CONDITION:
        return None
    space = ColourSpace.of(matrix, curves)
    steps = np.linspace(0, 1, 6, dtype=np.float32)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=3).reshape(-1, 1, 3)
    return None if np.abs(space.to_srgb(colours) - colours).max() < ALIKE else space


def _xyz_of(chromaticities: tuple[float, ...]) -> Reals:
    """Return the matrix from linear RGB to XYZ, adapted to D50 by Bradford's method, of white and primaries."""
    pairs = zip(chromaticities[::2], chromaticities[1::2], strict=True)
    white, *primaries = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in pairs)
    columns = np.array(primaries).T
    matrix = columns * np.linalg.solve(columns, white)
    cones = (BRADFORD @ D50) / (BRADFORD @ white)
    return np.asarray(np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ matrix)


def _gamma_is_srgb(gamma: bytes, chromaticities: bytes | None) -> bool:
    own = np.array(_chromaticities(chromaticities))
    return int.from_bytes(gamma, "big") == SRGB_GAMMA and bool(np.abs(own - SRGB_CHROMATICITIES).max() < 0.0005)


def _gamma(body: bytes) -> float:
    return int.from_bytes(body, "big") / 100_000


def _chromaticities(body: bytes | None) -> tuple[float, ...]:
    """Return those of cHRM; of sRGB where there are none."""
    if body is None:
        return SRGB_CHROMATICITIES
    return tuple(number / 100_000 for number in struct.unpack(">8I", body))


def _bt709(values: Reals) -> Reals:
    """Return linear light by the inverse of BT.709's curve."""
    return np.where(values < 0.081, values / 4.5, np.power((values + 0.099) / 1.099, 1 / 0.45))
