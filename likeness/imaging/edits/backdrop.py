"""Another background behind what a mask covers: a plain colour, a gradient or a texture, with a soft shadow."""

from collections.abc import Callable

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import blended

Colour = tuple[int, int, int]

SHADOW = 0.12
"""Share of the light that the deepest part of the shadow takes away."""


def plain(height: int, width: int, colour: Colour) -> Floats:
    """Return H x W x 3 of one colour."""
    return np.broadcast_to(np.array(colour, dtype=np.float32) / np.float32(255), (height, width, 3)).copy()


def gradient(height: int, width: int, colour: Colour) -> Floats:
    """Return the colour lighter at the top and darker at the bottom."""
    light = np.linspace(1.25, 0.75, height, dtype=np.float32)[:, None, None]
    return np.asarray(np.clip(plain(height, width, colour) * light, 0, 1))


def wood(height: int, width: int) -> Floats:
    """Return boards with a running grain."""
    y, x = _grid(height, width)
    grain = np.sin(y * 0.55 + 2.5 * np.sin(x * 0.02) + np.sin(y * 0.13))
    boards = np.where(y % 64 < 2, 0.6, 1.0)
    return _tinted((0.85 + 0.09 * grain) * boards, (176, 128, 84))


def marble(height: int, width: int) -> Floats:
    """Return pale stone with grey veins."""
    y, x = _grid(height, width)
    field = np.sin((x + y) * 0.03 + 2.2 * np.sin(y * 0.045) + 1.6 * np.sin(x * 0.035))
    return _tinted(1 - 0.28 * np.exp(-((field / 0.16) ** 2)), (236, 234, 230))


def concrete(height: int, width: int) -> Floats:
    """Return a cloudy grey wall."""
    y, x = _grid(height, width)
    clouds = np.sin(x * 0.05 + np.sin(y * 0.07)) + np.sin(y * 0.06 + np.sin(x * 0.04) * 1.7)
    return _tinted(0.92 + 0.06 * clouds, (160, 160, 156))


TEXTURES: dict[str, Callable[[int, int], Floats]] = {"wood": wood, "marble": marble, "concrete": concrete}


def on_backdrop(rgb: Floats, mask: Floats, backdrop: Floats) -> Floats:
    """Return `rgb` (H x W x 3, 0..1) with `backdrop` where `mask` (H x W, 0..1) is 0, under a soft shadow."""
    return blended(backdrop * (1 - _shadow(mask))[..., None], rgb, mask)


def _shadow(mask: Floats) -> Floats:
    """Return the share of light taken, H x W: the mask moved down a little and blurred."""
    reach = max(2, round(0.03 * max(mask.shape)))
    moved = np.zeros_like(mask)
    moved[reach:] = mask[:-reach] if len(mask) > reach else 0
    return np.asarray(SHADOW * cv2.GaussianBlur(moved, (0, 0), reach), dtype=np.float32)


def _grid(height: int, width: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return y, x


def _tinted(light: Floats, colour: Colour) -> Floats:
    return np.asarray(np.clip(light[..., None] * np.array(colour, dtype=np.float32) / 255, 0, 1), dtype=np.float32)
