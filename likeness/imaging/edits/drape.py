"""How a pattern lies on a product: upright as it lies, as large as suits it, wider where it is wider, bent by folds.

Px are those of the reduced copy, whose short side is at most 400.
"""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.matting import Matte
from likeness.imaging.outline import reduced

LEAST_TURN, MOST_TURN, LONG = 4.0, 35.0, 1.25
"""Degrees by which a product has to lie aslant, at least and at most, for its pattern to turn with it; and how many
times as long as wide it has to be for that to be told."""
FOLLOWS, NARROWEST, WIDEST = 0.3, 0.85, 1.2
"""Exponent of a row's width over the usual one that a pattern widens by, and the least and most that it does."""
ROWS = 0.08
"""Sigma of the rows' widths, as a share of the product's size."""
ROUND, ROUNDNESS = 0.045, 0.10
"""Sigma of the silhouette whose slope says where a product turns away, and by how much a pattern is narrowed there, as
shares of its size."""
FOLDS, BEND, MOST_BEND = 0.016, 0.004, 0.3
"""Sigma of the lightness whose slope bends a pattern, and how far a slope of 1 L* per hundredth of the size bends it,
both as shares of the product's size; and the most, in repeats."""
WANDER, STRAY = 0.25, 0.04
"""How far apart, as a share of the size, cloth strays from the straight, and by how many repeats."""
LEAST_REPEAT = 8.0
"""Px of a photo that a repeat takes at least, so that it can be seen."""


def places(rgb: Floats, matte: Matte, share: float) -> tuple[Floats, Floats, float]:
    """Return where each pixel of a photo lies on its product's cloth, x and y in repeats, and px of a repeat.

    `share` is a repeat's length as a share of the product's size, the root of its area.
    """
    small, alpha = reduced(rgb), reduced(matte.alpha)
    enlarged = min(matte.alpha.shape) / min(alpha.shape)
    size = max(4.0, float(np.sqrt((alpha > 0.5).sum())))
    repeat = max(share * size, LEAST_REPEAT / enlarged)
    y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]].astype(np.float32)
    moves = _turned_away(alpha, size), _folded(small, alpha, size, repeat), _strayed(alpha.shape, size, repeat)
    across, down = _upright(x + sum(move[0] for move in moves), y + sum(move[1] for move in moves), alpha)
    across = _as_wide(across, down, alpha, size)
    shape = matte.alpha.shape[::-1]
    at = [cv2.resize(plane / np.float32(repeat), shape, interpolation=cv2.INTER_CUBIC) for plane in (across, down)]
    return np.asarray(at[0], np.float32), np.asarray(at[1], np.float32), repeat * enlarged


def _upright(x: Floats, y: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Return places relative to the product's centre, along its own axes."""
    about = cv2.moments((alpha > 0.5).astype(np.uint8), binaryImage=True)
    area = max(about["m00"], 1.0)
    x, y = x - np.float32(about["m10"] / area), y - np.float32(about["m01"] / area)
    wide, high, mixed = (about[name] / area for name in ("mu20", "mu02", "mu11"))
    apart = np.hypot(wide - high, 2 * mixed)
    ratio = np.sqrt((wide + high + apart) / max(wide + high - apart, 1e-6))
    turn = np.rad2deg(0.5 * np.arctan2(2 * mixed, wide - high))
    turn = (turn + 45) % 90 - 45
    if ratio < LONG or not LEAST_TURN <= abs(turn) <= MOST_TURN:
        return x, y
    cos, sin = np.float32(np.cos(np.deg2rad(turn))), np.float32(np.sin(np.deg2rad(turn)))
    return cos * x + sin * y, cos * y - sin * x


def _as_wide(across: Floats, down: Floats, alpha: Floats, size: float) -> Floats:
    """Return `across` about the middle of each row of the product, narrowed as the row is narrower than usual."""
    solid = alpha > 0.5
    if not solid.any():
        return across
    first = int(np.floor(down.min()))
    row = np.rint(down[solid] - first).astype(np.int64)
    length = int(np.ceil(down.max())) - first + 2
    width = np.bincount(row, minlength=length).astype(np.float32)
    middle = np.bincount(row, weights=across[solid], minlength=length).astype(np.float32)
    sigma = max(1.0, ROWS * size)
    mass, moment, rows = (
        cv2.GaussianBlur(plane[:, None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)[:, 0]
        for plane in (width, middle, (width > 0).astype(np.float32))
    )
    usual = float(np.median(width[width > 0]))
    ratio = np.clip((mass / np.maximum(rows, 1e-3) / usual) ** FOLLOWS, NARROWEST, WIDEST)
    centre = moment / np.maximum(mass, 1e-3)
    at, grid = (down - first).ravel(), np.arange(length)
    wide, mid = (np.interp(at, grid, plane).astype(np.float32).reshape(down.shape) for plane in (ratio, centre))
    return np.asarray((across - mid) / wide + mid, dtype=np.float32)


def _turned_away(alpha: Floats, size: float) -> tuple[Floats, Floats]:
    """Return how much farther out on the cloth a place lies than it looks, near the outline, where cloth turns away."""
    sigma = max(1.0, ROUND * size)
    shape = cv2.GaussianBlur((alpha > 0.5).astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    across, down = _slopes(np.asarray(shape, dtype=np.float32))
    reach = np.float32(-ROUNDNESS * size * sigma)
    return reach * across, reach * down


def _folded(small: Floats, alpha: Floats, size: float, repeat: float) -> tuple[Floats, Floats]:
    """Return how far the slope of the product's blurred lightness bends what lies on it."""
    solid, sigma = (alpha > 0.5).astype(np.float32), max(1.0, FOLDS * size)
    share = np.maximum(cv2.GaussianBlur(solid, (0, 0), sigma), np.float32(1e-3))
    light = cv2.GaussianBlur(lab_of(small)[..., 0] * solid, (0, 0), sigma) / share
    most, by = MOST_BEND * repeat, BEND * size * size / 100
    bent = [
        cv2.GaussianBlur(np.float32(most) * np.tanh(np.float32(by / most) * slope) * solid, (0, 0), sigma)
        for slope in _slopes(np.asarray(light, dtype=np.float32))
    ]
    return np.asarray(bent[0], np.float32), np.asarray(bent[1], np.float32)


def _strayed(shape: tuple[int, ...], size: float, repeat: float) -> tuple[Floats, Floats]:
    """Return gentle waves from a fixed seed, so that lines are as straight as cloth lies and no straighter."""
    rng = np.random.default_rng(5)
    grid = [max(2, round(side / (WANDER * size)) + 1) for side in shape[:2]]
    one, two = (
        cv2.resize(rng.standard_normal(grid).astype(np.float32), shape[1::-1], interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    )
    return np.float32(STRAY * repeat) * one, np.float32(STRAY * repeat) * two


def _slopes(plane: Floats) -> tuple[Floats, Floats]:
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return np.asarray(across, np.float32), np.asarray(down, np.float32)
