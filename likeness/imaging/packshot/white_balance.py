"""The colour of the light taken out of a photo: by a grey patch in it, or by its background."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from likeness.contract.options import Box
from likeness.imaging.colour import Bytes, Floats

NORM: Final = 6
"""Of the mean of light: with 1 all pixels count alike, with more the bright ones count more."""
MOST: Final = 2.0
"""Largest gain of a channel; a light that needs more is no light but a colour."""
THIN: Final = 256
"""Px a side of what is looked at: a light is the same all over."""

Gains = tuple[float, float, float]


def gains_of_patch(rgb: Bytes, patch: Box) -> Gains:
    """Return the gains of linear red, green and blue that make a patch of an image (H x W x 3, 0..255) grey."""
    height, width = rgb.shape[:2]
    top, left = int(patch.top * height), int(patch.left * width)
    bottom = max(top + 1, round((patch.top + patch.height) * height))
    right = max(left + 1, round((patch.left + patch.width) * width))
    seen = linear(rgb[top:bottom, left:right].reshape(-1, 3))
    return _gains(seen.mean(axis=0))


def gains_of(rgb: Bytes, alpha: Bytes) -> Gains:
    """Return the gains that take the light's colour out of an image, judged by all that is not its product.

    Shades of grey: Finlayson and Trezzi, "Shades of Gray and Colour Constancy", Color Imaging Conference, 2004. The
    whole image is judged where the product leaves nothing.
    """
    step = max(1, min(rgb.shape[:2]) // THIN)
    thin, cover = rgb[::step, ::step], alpha[::step, ::step]
    seen = thin[cover == 0]
    seen = seen if len(seen) > cover.size // 50 else thin.reshape(-1, 3)
    usable = seen[seen.max(axis=1) < 255]
    light = linear(usable if len(usable) > len(seen) // 2 else seen)
    return _gains(np.mean(light.astype(np.float64) ** NORM, axis=0) ** (1 / NORM))


def balanced(rgb: Bytes, gains: Gains) -> Bytes:
    """Return an image (H x W x 3, 0..255) with the gains applied to its linear light."""
    levels = linear(np.arange(256, dtype=np.uint8))
    tables = [np.rint(255 * _encoded(np.clip(levels * np.float32(gain), 0, 1))).astype(np.uint8) for gain in gains]
    return np.dstack([table[rgb[..., channel]] for channel, table in enumerate(tables)])


def linear(samples: Bytes) -> Floats:
    """Return sRGB samples, 0..255, as linear light, 0..1 (IEC 61966-2-1)."""
    unit = samples.astype(np.float32) / 255
    return np.asarray(np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4), dtype=np.float32)


def _encoded(light: Floats) -> Floats:
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055), np.float32)


def _gains(light: NDArray[np.floating]) -> Gains:
    """Return what makes a light grey and keeps its green, which is most of what is seen as its brightness."""
    red, green, blue = (max(float(one), 1e-4) for one in light)
    one, other = (min(max(green / side, 1 / MOST), MOST) for side in (red, blue))
    return one, 1.0, other
