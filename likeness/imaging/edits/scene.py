"""A product, of its matte, before another background, with the shadow it throws there, or that it threw, or none."""

from typing import Literal

import cv2
import numpy as np

from likeness.imaging.colour import Floats, luma
from likeness.imaging.matting import Matte
from likeness.imaging.oklab import Numbers
from likeness.imaging.outline import reduced, scale_of

Shadow = Literal["keep", "contact", "none"]
Colour = tuple[int, int, int]

STRIP = 256
"""Rows worked on at a time, so that little memory is needed."""
CONTACTS = ((1.0, 1.2, 0.16), (4.0, 6.0, 0.16))
"""Of a contact shadow's parts: how far down it falls and its sigma, in px of a short side of 400, and its strength."""
FAINTEST = 0.006
"""Share of the light below which a shadow is none: farther off, a plain background is its very colour."""
LIT, SHADED = 0.97, 0.35
"""Light of the old background, of what is usual there, from which down it lies in a shadow; and the deepest kept."""
ROUGH = 0.02
"""Mean deviation of a background's light from which on it is textured, and its shadows cannot be told."""
DARKER, UNEVEN = 0.04, 0.12
"""Light lacking, and the share of a background far off the product that lacks so much, from which on it is uneven:
folds or areas of its own, not shadows."""
FALL = 60.0
"""How far off a product an old shadow may lie, in px of a short side of 400."""


def plain(height: int, width: int, colour: Colour) -> Floats:
    """Return H x W x 3 of one colour (sRGB 0..255), exactly; a view that takes no memory."""
    return np.broadcast_to(np.array(colour, dtype=np.float32) / np.float32(255), (height, width, 3))


def before(rgb: Floats, matte: Matte, background: Floats, shadow: Shadow = "contact") -> Floats:
    """Return the product of `matte`, found in `rgb`, before `background`; all H x W x 3 in 0..1.

    `keep` takes the shadows over that the old background shows near the product, `contact` draws a soft one below it;
    so does `keep` where that background is too textured or uneven for its shadows to be told.
    Where there is neither product nor shadow, the background's values are kept exactly.
    """
    light = _light(rgb, matte, shadow)
    made = np.empty_like(rgb)
    height, width = matte.alpha.shape
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height))
        alpha = matte.alpha[rows][..., None]
        behind = background[rows]
        if light is not None:
            behind = behind * rows_of(light, rows, (height, width))[..., None]
        made[rows] = alpha * matte.colour[rows] + (1 - alpha) * behind
    return made


def _light(rgb: Floats, matte: Matte, shadow: Shadow) -> Floats | None:
    """Return how much light is left behind the product, on the reduced copy, 0..1; None where there is no shadow."""
    alpha = reduced(matte.alpha)
    scale = scale_of(alpha.shape)
    if shadow == "none":
        return None
    taken = contact_shadow(alpha, scale) if shadow == "contact" else old_shadow(luma(reduced(rgb)), alpha, scale)
    return np.asarray(1 - np.maximum(taken - FAINTEST, 0), dtype=np.float32)


def contact_shadow(alpha: Floats, scale: float) -> Floats:
    """Return the share of light taken by a product that touches what it lies on or stands before, H x W."""
    (height, width), taken = alpha.shape, np.zeros_like(alpha)
    for fall, sigma, strength in CONTACTS:
        below = _moved(alpha, np.array([[1, 0, 0], [0, 1, -fall * scale]]), (height, width))
        taken = taken + np.float32(strength) * cv2.GaussianBlur(below, (0, 0), max(0.5, sigma * scale))
    return np.asarray(taken, dtype=np.float32)


def old_shadow(light: Floats, alpha: Floats, scale: float) -> Floats:
    """Return the share of light that the old background lacks near the product, beside what is usual around there."""
    free = (cv2.dilate(alpha, np.ones((3, 3), np.uint8)) < 0.02).astype(np.float32)
    if not free.any():
        return np.zeros_like(alpha)
    near = _mean(light, free, 3 * scale)
    usual = np.maximum(_mean(near, free * (near >= _mean(near, free, FALL * scale)), FALL * scale), 1e-3)
    rough = float(np.median((np.abs(light - near) / usual)[free > 0]))
    if rough > ROUGH:
        return contact_shadow(alpha, scale)
    taken = np.clip(LIT - rough - near / usual, 0, 1 - SHADED)
    away = np.minimum(cv2.distanceTransform((alpha < 0.5).astype(np.uint8), cv2.DIST_L2, 3), FALL * scale)
    far = taken[(free > 0) & (away >= FALL * scale / 2)]
    if far.size and float((far > DARKER).mean()) > UNEVEN:
        return contact_shadow(alpha, scale)
    return np.asarray(taken * np.clip(2 - 2 * away / (FALL * scale), 0, 1), dtype=np.float32)


def _mean(plane: Floats, weight: Floats, sigma: float) -> Floats:
    """Return the mean of what has weight around each px, and of what lies farther off where there is none."""
    total, share = np.zeros_like(plane), np.full_like(plane, 1e-12)
    for reach, trust in ((sigma, 1.0), (4 * sigma, 1e-3)):
        total += np.float32(trust) * _blurred(plane * weight, reach)
        share += np.float32(trust) * _blurred(weight, reach)
    return np.asarray(total / share, dtype=np.float32)


def _blurred(plane: Floats, sigma: float) -> Floats:
    """Return a Gaussian blur; a wide one is made on a smaller copy."""
    if sigma < 8:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(0.5, sigma)), dtype=np.float32)
    height, width = plane.shape
    small = cv2.resize(plane, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    wide = _blurred(np.asarray(small, dtype=np.float32), sigma / 4)
    return np.asarray(cv2.resize(wide, (width, height)), dtype=np.float32)


def rows_of(small: Floats, rows: slice, shape: tuple[int, int]) -> Floats:
    """Return some rows of a small plane made as large as `shape`."""
    down, across = small.shape[0] / shape[0], small.shape[1] / shape[1]
    move = np.array([[across, 0, across / 2 - 0.5], [0, down, (rows.start + 0.5) * down - 0.5]])
    return _moved(small, move, (rows.stop - rows.start, shape[1]))


def _moved(plane: Floats, move: Numbers, shape: tuple[int, int]) -> Floats:
    """Return a plane of `shape` whose px (x, y, 1) shows what lies at `move` (2 x 3) times that, the edge beyond."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    made = cv2.warpAffine(plane, move, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, dtype=np.float32)
