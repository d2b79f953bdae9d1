"""ICC profiles of RGB spaces that are primaries and curves, as cameras, phones and editors write them.

ICC.1:2022, 7.2 (header), 7.3 (tags), 10.6 (curveType), 10.18 (parametricCurveType), F.3 (three-component matrix).
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

MAX_TAGS: Final = 256
COLUMNS: Final = (b"rXYZ", b"gXYZ", b"bXYZ")
CURVES: Final = (b"rTRC", b"gTRC", b"bTRC")
PARAMETERS: Final = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""How many numbers each kind of parametric curve has: g, then a and b, then c, d, e and f."""


def matrix_and_curves(profile: bytes, grid: Reals) -> tuple[Reals, Reals] | None:
    """Return the 3 x 3 matrix from linear RGB to XYZ (D50), and the linear light of each of `grid` (0..1), 3 x N.

    None for a profile of another kind, or a damaged one.
    """
    if len(profile) < 132 or profile[16:24] != b"RGB XYZ " or profile[36:40] != b"acsp":
        return None
    tags = _tags(profile)
    if any(name.startswith(b"A2B") for name in tags):
        return None
    try:
        with np.errstate(all="ignore"):  # numbers out of all bounds give infinities, which are no curve
            matrix = np.array([_xyz(tags[name]) for name in COLUMNS]).T
            curves = np.array([_curve(tags[name], grid) for name in CURVES])
    except (KeyError, ValueError, struct.error):
        return None
    sound = np.isfinite(curves).all() and (np.diff(curves) >= 0).all() and abs(np.linalg.det(matrix)) > 1e-4
    return (matrix, np.clip(curves, 0, 1)) if sound else None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """Return name -> body of each tag that lies within the profile."""
    (count,) = struct.unpack_from(">I", profile, 128)
    table = profile[132 : 132 + 12 * min(count, MAX_TAGS)]
    rows = struct.iter_unpack(">4sII", table[: len(table) // 12 * 12])
    return {name: profile[at : at + size] for name, at, size in rows}


def _xyz(body: bytes) -> tuple[float, ...]:
    if body[:4] != b"XYZ ":
        raise ValueError("not of type XYZ")
    return tuple(number / 65_536 for number in struct.unpack_from(">iii", body, 8))


def _curve(body: bytes, grid: Reals) -> Reals:
    """Return a curve at each of `grid`. Raises ValueError or struct.error for what is none."""
    if body[:4] == b"para":
        kind = struct.unpack_from(">H", body, 8)[0]
        if kind not in PARAMETERS:
            raise ValueError("no such parametric curve")
        return _parametric(kind, [n / 65_536 for n in struct.unpack_from(f">{PARAMETERS[kind]}i", body, 12)], grid)
    if body[:4] != b"curv":
        raise ValueError("not a curve")
    (count,) = struct.unpack_from(">I", body, 8)
    if count == 0:
        return grid
    if count == 1:
        return np.asarray(np.power(grid, struct.unpack_from(">H", body, 12)[0] / 256))
    points = np.frombuffer(body, ">u2", count, 12).astype(np.float64) / 65_535
    return np.interp(grid, np.linspace(0, 1, count), points)


def _parametric(kind: int, numbers: list[float], grid: Reals) -> Reals:
    """Return (a x + b)^g + c from x = d on, and below it a line."""
    g, a, b, c, d, e, f = (*numbers, *[0.0] * (7 - len(numbers)))
    if kind == 0:
        return np.power(grid, g)
    if kind in (1, 2):  # c is added everywhere; the curve begins where its base is 0
        return np.power(np.maximum(a * grid + b, 0), g) + c
    offset = e if kind == 4 else 0.0
    return np.where(grid >= d, np.power(np.maximum(a * grid + b, 0), g) + offset, c * grid + (f if kind == 4 else 0.0))
