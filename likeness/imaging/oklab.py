"""Oklab, in which a colour keeps its hue when only its lightness and chroma change.

Björn Ottosson, "A perceptual color space for image processing", 2020 (https://bottosson.github.io/posts/oklab/).
For single colours and tables; whole pictures go through OpenCV's CIELAB.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
"""Of either precision: tables are made in double."""

CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Of linear sRGB, Rec. 709."""


def linear(rgb: Numbers) -> Numbers:
    """Return the light of sRGB samples, both in 0..1 (IEC 61966-2-1)."""
    return np.asarray(np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4))


def encoded(light: Numbers) -> Numbers:
    """Undo `linear`."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


def oklab_of(light: Numbers) -> Numbers:
    """Return ... x 3 Oklab (L 0..1) of ... x 3 linear sRGB."""
    return np.asarray(np.cbrt(light @ CONES.T) @ OPPONENTS.T)


def light_of(oklab: Numbers) -> Numbers:
    """Return ... x 3 linear sRGB, outside 0..1 where sRGB lacks the colour."""
    return np.asarray((oklab @ np.linalg.inv(OPPONENTS).T) ** 3 @ np.linalg.inv(CONES).T)


def lightness(luminance: Numbers) -> Numbers:
    """Return CIELAB's L* 0..100 of relative luminance 0..1."""
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * (24389 / 27))


def luminance(light: Numbers) -> Numbers:
    """Undo `lightness`."""
    return np.where(light > 8, ((light + 16) / 116) ** 3, light * (27 / 24389))
