"""A dye: the colour that cloth takes at each lightness, so that a picture keeps its shading in another colour.

A shadow takes light away from the asked colour in proportion, as it does from cloth, which keeps hue and purity.
Towards highlights colours run out: there chroma falls at constant hue and lightness, and never a channel is clipped.
"""

from dataclasses import dataclass

import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.oklab import LUMINANCE, Numbers, encoded, light_of, lightness, linear, oklab_of

Colour = tuple[int, int, int]

STEPS = 4096
"""Lightnesses that a dye knows, from L* 0 to 100."""
LEAST_CONTRAST, MOST_CONTRAST, MOST_OF_FLAT = 0.4, 1.25, 2.4
"""Contrast of the dyed over that of the cloth as it was; more only where cloth is so dark that it looks flat."""
FORM = 6.0
"""Standard deviation of L* with which cloth shows its form."""
BLACK, WHITE = 1.5, 99.5
"""L* that the deepest shadow and the brightest highlight approach and never reach."""
PALE = 0.6
"""Share of the asked chroma below which a highlight is of another colour, white or nearly."""
GLEAM = 0.3
"""Share of the way from there to white that the brightest highlight may go."""
RESERVE, MOST_RESERVE = 0.5, 7.0
"""Room kept for highlights and shadows beside the mean: a share of what they want, and at most so much L*.

Cloth asked for in pure white or black is therefore a little off it in the mean, as any photo of such cloth is.
"""
RICH, FADED = 1.04, 0.65
"""Asked chroma over the cloth's mean from which on it is too pale, and to what share contrast may fall to mend that."""
ROUNDS = 10
"""Corrections until the mean of the dyed is the asked colour."""
FULL = 0.985
"""Light of the brightest channel of a shade, so that gamut mapping leaves no channel clipped."""


@dataclass(frozen=True)
class Dye:
    """STEPS x 3 sRGB colours in 0..1, by the L* that the cloth had."""

    table: Floats

    def of(self, rgb: Floats) -> Floats:
        """Return H x W x 3 sRGB in 0..1, dyed."""
        at = np.clip(lab_of(rgb)[..., 0] * np.float32((STEPS - 1) / 100) + np.float32(0.5), 0, STEPS - 1)
        return np.asarray(np.take(self.table, at.astype(np.uint16), axis=0), dtype=np.float32)


def dye_for(colour: Colour, cloth: Floats) -> Dye:
    """Return the dye that makes cloth whose pixels have the L* of `cloth` (N, 0..100) `colour` in the mean."""
    grid = np.linspace(0, 100, STEPS)
    counts = np.histogram(cloth, bins=STEPS, range=(0, 100))[0] / max(1, cloth.size)
    target = _lab(linear(np.array(colour) / 255))
    middle = float(grid @ counts) if cloth.size else 50.0
    top = _brightest(colour, target)
    contrast = _contrast(float(target[0]), middle, cloth, top)
    lowest, highest = _bounds(contrast, middle, cloth, top)
    purity, centre, least = 1.0, float(target[0]), max(LEAST_CONTRAST, FADED * contrast)
    for _ in range(ROUNDS):
        light = _at_lightness(_shades(colour, purity), _toned(grid - middle, contrast, centre, top))
        mean = counts @ _lab(light) if cloth.size else target
        centre = float(np.clip(centre + target[0] - mean[0], lowest, highest))
        lacking = float(np.hypot(*target[1:]) / max(np.hypot(*mean[1:]), 1e-3))
        purity = float(np.clip(purity * lacking, 0.7, 1.4))
        contrast = max(least, 0.92 * contrast) if lacking > RICH and target[1:].any() else contrast
    return Dye(np.clip(encoded(light), 0, 1).astype(np.float32))


def _brightest(colour: Colour, target: Numbers) -> float:
    """Return the L* that highlights approach: little above where the shades become pale."""
    lab = _lab(_shades(colour, 1.0))
    chroma, asked = np.hypot(lab[:, 1], lab[:, 2]), float(np.hypot(*target[1:]))
    coloured = (lab[:, 0] > target[0]) & (chroma >= PALE * asked)
    end = float(lab[coloured, 0].max()) if coloured.any() else float(target[0])
    return float(np.clip(end + GLEAM * (WHITE - end), target[0] + 1, WHITE))


def _contrast(target: float, middle: float, cloth: Floats, top: float) -> float:
    """Return how much lightness is to vary around `target`, over how much it varies around `middle`.

    The same share of light makes a difference in L* that grows with L* + 16; and there has to be room up to `top`.
    """
    by_light = (target + 16) / (middle + 16)
    bright = float(np.percentile(cloth, 95)) - middle if cloth.size else 0.0
    room = 2.5 * max(top - target, 3.0) / max(bright, 1.0)
    flat = FORM / max(float(cloth.std()), 1.0) if cloth.size else 1.0
    return float(np.clip(min(by_light, room), LEAST_CONTRAST, np.clip(flat, MOST_CONTRAST, MOST_OF_FLAT)))


def _bounds(contrast: float, middle: float, cloth: Floats, top: float) -> tuple[float, float]:
    """Return the least and the most L* that the cloth's mean may become, so that its form is still seen."""
    if not cloth.size:
        return BLACK + 1, top - 0.5
    dark, bright = np.abs(np.percentile(cloth, (5, 95)) - middle) * (RESERVE * contrast)
    return BLACK + min(max(float(dark), 1.0), MOST_RESERVE), top - min(max(float(bright), 0.5), MOST_RESERVE)


def _toned(difference: Numbers, contrast: float, centre: float, top: float) -> Numbers:
    """Return the new L* of what differs so much from the mean: linear about `centre`, rolling off at the ends."""
    wanted = contrast * difference
    room = np.where(wanted > 0, top - centre, centre - BLACK)
    return np.asarray(centre + wanted / np.cbrt(1 + np.abs(wanted / room) ** 3))


def _shades(colour: Colour, purity: float) -> Numbers:
    """Return N x 3 linear sRGB from black to white: the colour under less and less light, then paler and paler."""
    own = oklab_of(linear(np.array(colour) / 255))
    levels = np.linspace(0, 1, 513)[1:-1, None]
    grown = np.minimum(levels / max(own[0], 0.05), 1.5)
    tint = own[1:] * purity * grown
    made = light_of(np.hstack([levels, tint * _within(levels, tint)]))
    return np.vstack([np.zeros(3), np.clip(made, 0, 1), np.ones(3)])


def _within(levels: Numbers, tint: Numbers) -> Numbers:
    """Return the share of the chroma to keep, N x 1, so that sRGB has the colour; nearing the limit it falls gently."""
    low, high, full = np.zeros_like(levels), np.full_like(levels, 4.0), np.maximum(levels**3, FULL) + 1e-6
    for _ in range(24):
        share = (low + high) / 2
        light = light_of(np.hstack([levels, tint * share]))
        inside = ((light >= -1e-4) & (light <= full)).all(axis=1, keepdims=True)
        low, high = np.where(inside, share, low), np.where(inside, high, share)
    most = np.maximum(low, 1e-6)
    return np.asarray(1 / (1 + (1 / most) ** 8) ** (1 / 8))


def _at_lightness(shades: Numbers, wanted: Numbers) -> Numbers:
    """Return N x 3: the shade, of a row from dark to light, that has each of N lightnesses L*."""
    known = np.maximum.accumulate(lightness(shades @ LUMINANCE))
    return np.stack([np.interp(wanted, known, shades[:, channel]) for channel in range(3)], axis=1)


def _lab(light: Numbers) -> Numbers:
    """Return ... x 3 CIELAB of linear sRGB."""
    lab = lab_of(encoded(light).reshape(1, -1, 3).astype(np.float32))
    return lab.reshape(light.shape).astype(np.float64)
