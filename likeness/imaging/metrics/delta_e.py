"""Colour difference, CIEDE2000.

Sharma, Wu, Dalal: "The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and
mathematical observations", Color Research and Application 30(1), 2005.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats

Reals = NDArray[np.floating[Any]]

XYZ_OF_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]], dtype=np.float32
)
D65 = np.array([0.95047, 1.0, 1.08883], dtype=np.float32)
DEGREE = np.pi / 180
TURN = 2 * np.pi
STRIP = 32  # rows at once, so that the intermediate planes stay in the processor's cache


def delta_e(given: Floats, made: Floats) -> float:
    """Return the mean CIEDE2000 of two H x W x 3 sRGB images in 0..1 (D65, 2 degrees); 0 is equal, lower is better.

    About 1 can just be seen side by side; 100 is black against white.
    """
    strips = (slice(top, top + STRIP) for top in range(0, len(given), STRIP))
    total = sum(float(ciede2000(lab(given[rows]), lab(made[rows])).sum(dtype=np.float64)) for rows in strips)
    return float(total / (given.shape[0] * given.shape[1]))


def lab(rgb: Floats) -> Reals:
    """Return 3 x H x W CIELAB planes of H x W x 3 sRGB; values beyond 0..1 are colours that sRGB cannot show."""
    size = np.abs(rgb)
    curved = np.where(size > 0.04045, np.power((size + 0.055) / 1.055, np.float32(2.4)), size / 12.92)
    linear = np.copysign(curved, rgb)
    xyz = np.asarray(cv2.transform(linear, XYZ_OF_RGB / D65[:, None]))
    x, y, z = np.moveaxis(np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116), 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: Reals, two: Reals) -> Reals:
    """Return the differences of two arrays of CIELAB colours, 3 x ..., with all parametric factors 1."""
    (light1, a1, b1), (light2, a2, b2) = one, two
    stretch = _neutral_stretch((np.sqrt(a1 * a1 + b1 * b1) + np.sqrt(a2 * a2 + b2 * b2)) / 2)
    chroma1, hue1 = _polar(a1 * stretch, b1)
    chroma2, hue2 = _polar(a2 * stretch, b2)
    turn = _shorter_turn(hue2 - hue1)
    mean_hue = np.where(chroma1 * chroma2 == 0, hue1 + hue2, _upwards(hue1 + turn / 2))
    mean_chroma = (chroma1 + chroma2) / 2
    off_middle = ((light1 + light2) / 2 - 50) ** 2

    light = (light2 - light1) / (1 + 0.015 * off_middle / np.sqrt(20 + off_middle))
    chroma = (chroma2 - chroma1) / (1 + 0.045 * mean_chroma)
    hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(turn / 2) / (1 + 0.015 * mean_chroma * _hue_weight(mean_hue))
    squares = light**2 + chroma**2 + hue**2 + _rotation(mean_chroma, mean_hue) * chroma * hue
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _neutral_stretch(mean_chroma: Reals) -> Reals:
    """1 + G of the paper: near grey, a* counts up to one and a half times."""
    return 1.5 - 0.5 * _saturation(mean_chroma)


def _saturation(chroma: Reals) -> Reals:
    """Return 0..1: the root of C^7 / (C^7 + 25^7)."""
    cube = chroma * chroma * chroma
    seventh = cube * cube * chroma
    return np.asarray(np.sqrt(seventh / (seventh + 25.0**7)))


def _polar(a: Reals, b: Reals) -> tuple[Reals, Reals]:
    """Return chroma and hue, the hue in radians, 0 to 2 pi."""
    return np.sqrt(a * a + b * b), _upwards(np.arctan2(b, a))


def _upwards(hue: Reals) -> Reals:
    """Return a hue of -pi..3 pi as 0..2 pi."""
    return np.where(hue < 0, hue + TURN, np.where(hue >= TURN, hue - TURN, hue))


def _shorter_turn(turn: Reals) -> Reals:
    """Return a difference of two hues as -pi..pi."""
    return np.where(turn > np.pi, turn - TURN, np.where(turn < -np.pi, turn + TURN, turn))


def _hue_weight(hue: Reals) -> Reals:
    """T of the paper."""
    return np.asarray(
        1
        - 0.17 * np.cos(hue - 30 * DEGREE)
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + 6 * DEGREE)
        - 0.20 * np.cos(4 * hue - 63 * DEGREE)
    )


def _rotation(mean_chroma: Reals, hue: Reals) -> Reals:
    """R_T of the paper: chroma and hue act together in the blues, around 275 degrees."""
    angle = 60 * DEGREE * np.exp(-(((hue / DEGREE - 275) / 25) ** 2))
    return np.asarray(-2 * _saturation(mean_chroma) * np.sin(angle))
