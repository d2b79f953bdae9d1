"""Materials for what a mask covers, following its shading.

All are drawn by formula, none by chance: the same image always gets the same threads.
"""

from collections.abc import Callable

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import blended, lab_of, lab_of_colour, rgb_of_lab, shaded

Colour = tuple[int, int, int]

PERIOD = 32
"""Px after which a material repeats, counted from the canvas' upper left corner."""


def twill(x: Floats, y: Floats) -> Floats:
    """Return the diagonal rib of denim, with lighter, worn bands."""
    return np.float32(0.6) * _wave(x + y, 8) + np.float32(0.4) * _wave(x - y / np.float32(2), PERIOD)


def rib(x: Floats, y: Floats) -> Floats:
    """Return the columns of slanting stitches of a knit."""
    slant = np.abs(x % 16 - 8)
    return np.asarray(_wave(y + slant, 16) * np.clip(slant / 2, 0, 1))


def grain(x: Floats, y: Floats) -> Floats:
    """Return the uneven bumps of leather: waves that run across each other."""
    bumps = np.sin(x * 0.41 + 2 * np.sin(y * 0.23)) + np.sin(y * 0.37 + 2 * np.sin(x * 0.19))
    return np.asarray(0.5 + 0.25 * bumps)


def blotches(x: Floats, y: Floats) -> Floats:
    """Return the soft-edged patches of camouflage."""
    turn = 2 * np.pi / (2 * PERIOD)
    field = np.sin(x * turn + 1.5 * np.sin(y * turn)) + np.sin(y * turn * 1.5 + 1.5 * np.sin(x * turn * 0.5))
    return np.asarray(np.clip(field * 2 + 0.5, 0, 1))


def _wave(along: Floats, period: int = PERIOD) -> Floats:
    """Return a square wave with edges 2 px soft."""
    place = along % period
    return np.asarray(np.clip(np.minimum(place, period / 2 - place) + 0.5, 0, 1))


MATERIALS: dict[str, tuple[Callable[[Floats, Floats], Floats], Colour, Colour]] = {
    "denim": (twill, (58, 84, 128), (112, 138, 176)),
    "knit": (rib, (196, 178, 150), (142, 122, 96)),
    "leather": (grain, (86, 50, 30), (134, 84, 52)),
    "camouflage": (blotches, (92, 98, 62), (58, 54, 40)),
}
"""Materials: their pattern, the colour of the ground and the colour of what lies on it."""


def in_material(rgb: Floats, mask: Floats, name: str) -> Floats:
    """Return `rgb` with what `mask` covers made of a material of MATERIALS."""
    pattern, ground, raised = MATERIALS[name]
    drawn = _drawn(pattern, mask)[..., None]
    lab = lab_of(rgb)
    made = _in_colour(lab, mask, ground) * (1 - drawn) + _in_colour(lab, mask, raised) * drawn
    return blended(rgb, rgb_of_lab(made.astype(np.float32)), mask)


def _in_colour(lab: Floats, mask: Floats, colour: Colour) -> Floats:
    target = lab_of_colour(colour)
    lit = shaded(lab[..., 0], mask, float(target[0]))
    flat = np.broadcast_to(target[1:], (*lit.shape, 2))
    return np.dstack([lit, flat]).astype(np.float32)


def _drawn(pattern: Callable[[Floats, Floats], Floats], like: Floats) -> Floats:
    """Return the pattern over a whole canvas, H x W in 0..1."""
    height, width = like.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(cv2.GaussianBlur(pattern(x, y).astype(np.float32), (3, 3), 0))
