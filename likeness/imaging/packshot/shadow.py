"""The shadows and the reflection that a placed product throws: how much of the light behind it is taken.

All are drawn on a copy whose short side is 400 px: shadows are soft. Beyond a shadow exactly nothing is taken.
"""

from collections.abc import Callable
from typing import Final, Literal

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats, luma
from likeness.imaging.edits.scene import FAINTEST, contact_shadow, old_shadow
from likeness.imaging.outline import reduced, scale_of
from likeness.imaging.packshot.placement import Placed, Placement

Kind = Literal["none", "contact", "cast", "keep", "reflection"]

LONG: Final = 0.55
"""Length of a cast shadow, of the product's height."""
FLAT: Final = 0.5
"""How much of a length towards the back is seen of it: the ground is looked at aslant."""
DARKEST: Final = 0.42
"""Share of the light that a cast shadow takes where the product stands."""
FADE: Final = 0.75
"""How much fainter it is at its end."""
SHARP: Final = 2.5
"""Sigma of its edge where the product stands, in px of a short side of 400."""
BLURRED: Final = 14.0
"""The same at its end."""
MARGIN: Final = 10.0
"""Px of a short side of 400 over which a shadow fades out before the frame's edge."""
MIRRORED: Final = 0.3
"""Share of the light that the ground mirrors right below the product."""
DEPTH: Final = 0.3
"""How far down a reflection is seen, of the product's height."""


def taken_by(kind: Kind, alpha: Bytes, angle: float, old: Floats | None) -> Floats | None:
    """Return the share of light that is taken behind a product, on a reduced copy of its frame; None for none.

    `alpha` (H x W, 0..255) is the product's in the frame. `angle` is where a cast shadow falls to, in degrees against
    the clock: 0 is to the right, 90 behind the product. `old` is the plane of a shadow that is kept.
    """
    if kind in ("none", "reflection"):
        return None
    small = reduced(np.multiply(alpha, np.float32(1 / 255), dtype=np.float32))
    scale = scale_of(small.shape)
    drawn: dict[str, Callable[[], Floats]] = {
        "contact": lambda: contact_shadow(small, scale),
        "cast": lambda: cast(small, scale, angle),
        "keep": lambda: contact_shadow(small, scale) if old is None else old,
    }
    taken = np.maximum(drawn[kind]() - FAINTEST, 0) * _inside(small.shape, scale)
    return np.asarray(taken, dtype=np.float32)


def cast(alpha: Floats, scale: float, angle: float) -> Floats:
    """Return the share of light that a product standing on the ground takes of what lies behind it, H x W."""
    height, width = alpha.shape
    rows = np.flatnonzero((alpha > 0.5).any(axis=1))
    if not rows.size:
        return np.zeros_like(alpha)
    base, tall = int(rows[-1]) + 1, int(rows[-1]) + 1 - int(rows[0])
    turn = np.deg2rad(angle)
    back = LONG * FLAT * float(np.sin(turn))
    back = back if abs(back) > 0.08 else 0.08
    aside = LONG * float(np.cos(turn))
    move = np.array([[1, aside / back, -base * aside / back], [0, 1 / back, base - base / back]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fallen = cv2.warpAffine(alpha, move, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    away = np.clip(np.abs(base - np.arange(height, dtype=np.float32)) / (abs(back) * tall), 0, 1)[:, None]
    sharp, soft = (cv2.GaussianBlur(fallen, (0, 0), max(0.5, sigma * scale)) for sigma in (SHARP, BLURRED))
    return np.asarray(DARKEST * (1 - FADE * away) * (sharp + away * (soft - sharp)), dtype=np.float32)


def kept(rgb: Bytes, alpha: Bytes, placement: Placement) -> Floats:
    """Return the shadow that a product throws in its original, moved with it to its new frame and reduced as that is.

    `rgb` and `alpha` (0..255) are those of the original. It becomes a contact shadow where the old background is too
    textured to tell.
    """
    light = luma(np.multiply(reduced(rgb), np.float32(1 / 255), dtype=np.float32))
    cover = reduced(np.multiply(alpha, np.float32(1 / 255), dtype=np.float32))
    taken = old_shadow(light, cover, scale_of(cover.shape))
    width, height = placement.size
    small = reduced(np.zeros((height, width), np.float32))
    down, across = height / small.shape[0], width / small.shape[1]
    back = cover.shape[0] / alpha.shape[0] / placement.scale
    move = np.array([[across * back, 0, -placement.right * back], [0, down * back, -placement.down * back]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(taken, move, small.shape[::-1], flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(moved, dtype=np.float32)


def mirrored(product: Placed) -> Placed | None:
    """Return the reflection of a product on the ground right below it; None where the frame leaves no room."""
    solid = np.flatnonzero((product.alpha >= 128).any(axis=1))
    if not solid.size:
        return None
    base = product.box.top + int(solid[-1]) + 1
    deep = min(round(DEPTH * (int(solid[-1]) + 1 - int(solid[0]))), product.size[1] - base)
    if deep < 2:
        return None
    rows = slice(int(solid[-1]) + 1 - deep, int(solid[-1]) + 1)
    fade = (MIRRORED * np.linspace(1, 0, deep, dtype=np.float32) ** 1.5)[:, None]
    colour = np.rint(product.colour[rows][::-1] * fade[..., None]).astype(np.uint8)
    alpha = np.rint(product.alpha[rows][::-1] * fade).astype(np.uint8)
    return Placed(product.size, product.box._replace(top=base, bottom=base + deep), colour, alpha)


def _inside(shape: tuple[int, ...], scale: float) -> Floats:
    """Return how much of a shadow is left near the edge of the frame, H x W: one that is cut off looks wrong."""
    down, across = (
        np.clip(np.minimum(np.arange(side), np.arange(side)[::-1]) / max(1.0, MARGIN * scale), 0, 1)
        for side in shape[:2]
    )
    return np.asarray(np.minimum(down[:, None], across[None]), dtype=np.float32)
