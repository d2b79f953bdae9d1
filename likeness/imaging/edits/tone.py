"""A whole picture lighter, darker, harder, softer, warmer, cooler or grey, by what light does.

Each pixel's light is scaled as a whole, so that hue stays; curves over L* keep black black and white white, so that
nothing clips that did not; where a channel would pass the end, the colour gives way and its lightness stays.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats
from likeness.imaging.oklab import LUMINANCE, Numbers, encoded, lightness, linear, luminance

STEPS = 255 * 16
"""Entries of a table less one: those of 8-bit samples are met exactly."""
STRIP = 128
"""Rows worked on at a time, so that little memory is needed."""
LIFT, LOWER, HARDEN, SOFTEN = 0.6, 0.55, 0.4, 0.4
"""By how much the slope of a curve differs from 1, at its steepest end or in its middle."""
WARM = (1.16, 1.0, 0.76)
"""Shares of red, green and blue light when daylight turns to evening's; cooler is the other way."""
FULL = 0.985
"""Light that the brightest channel of a colour keeps below, so that none is clipped that was not."""
PIVOT = (30.0, 70.0)
"""Range of the L* about which contrast changes: the picture's median, within these."""

_LIGHT = linear(np.arange(STEPS + 1) / STEPS).astype(np.float32)
_SAMPLE = encoded((np.arange(STEPS + 1) / STEPS) ** 2).astype(np.float32)
_L = lightness((np.arange(STEPS + 1) / STEPS) ** 2)


def brighter(lightness: Numbers, amount: float) -> Numbers:
    """Return L* (0..100) raised most in the middle; highlights roll off to white, black stays."""
    return 100 * _bowed(lightness / 100, LIFT * amount)


def darker(lightness: Numbers, amount: float) -> Numbers:
    """Return L* lowered most in the middle."""
    return 100 * _sagged(lightness / 100, LOWER * amount)


def contrasted(lightness: Numbers, pivot: float, amount: float) -> Numbers:
    """Return L* steeper about `pivot` by `amount`, flatter where that is negative; black and white stay."""
    curves = (_sagged, _bowed) if amount >= 0 else (_bowed, _sagged)
    slope = HARDEN * amount if amount >= 0 else -SOFTEN * amount
    below = pivot * curves[0](np.minimum(lightness / pivot, 1), slope)
    above = (100 - pivot) * curves[1](np.maximum((lightness - pivot) / (100 - pivot), 0), slope)
    return np.asarray(below + above)


def _bowed(x: Numbers, k: float) -> Numbers:
    """Return 0..1 to 0..1, of slope 1 + k at 0 and 1 / (1 + k) at 1."""
    return x * (1 + k) / (1 + k * x)


def _sagged(x: Numbers, k: float) -> Numbers:
    """Undo `_bowed`."""
    return x / (1 + k - k * x)


def toned(rgb: Floats, name: str, amount: float = 1.0) -> Floats:
    """Return `rgb` (H x W x 3, sRGB in 0..1) in another light of TONES; `amount` 0..1 is how much of it, 1 all."""
    tone = TONES[name](rgb, amount)
    made = np.empty_like(rgb)
    for top in range(0, len(rgb), STRIP):
        made[top : top + STRIP] = tone(rgb[top : top + STRIP])
    return made


def _by_curve(curve: Callable[[Numbers], Numbers]) -> Callable[[Floats], Floats]:
    """Return a tone that brings each pixel to the L* that `curve` makes of its own, in its hue."""
    wanted = luminance(np.clip(curve(_L), 0, 100)).astype(np.float32)

    def tone(rgb: Floats) -> Floats:
        light = _light_of(rgb)
        own = _luminance_of(light)
        new = wanted[_entry(np.sqrt(own))]
        light *= (new / np.maximum(own, np.float32(1e-6)))[..., None]
        return _samples_of(_within(light, new))

    return tone


def _greyscale(_rgb: Floats, amount: float) -> Callable[[Floats], Floats]:
    def tone(rgb: Floats) -> Floats:
        light = _light_of(rgb)
        own = _luminance_of(light)[..., None]
        if amount >= 1:
            return np.repeat(_samples_of(own), 3, axis=2)
        return _samples_of(own + np.float32(1 - amount) * (light - own))

    return tone


def _tinted(_rgb: Floats, amount: float) -> Callable[[Floats], Floats]:
    """Return a tone that shares light out anew among the channels, each pixel's luminance kept; below 0 it cools."""
    gains = np.array(WARM) ** amount
    gains = (gains / (gains @ LUMINANCE)).astype(np.float32)

    def tone(rgb: Floats) -> Floats:
        light = _light_of(rgb)
        own = _luminance_of(light)
        tinted = light * gains
        tinted *= (own / np.maximum(_luminance_of(tinted), np.float32(1e-6)))[..., None]
        return _samples_of(_within(tinted, own))

    return tone


def _contrast(rgb: Floats, amount: float) -> Callable[[Floats], Floats]:
    every = max(1, min(rgb.shape[:2]) // 256)
    seen = _luminance_of(_light_of(rgb[::every, ::every]))
    pivot = float(np.clip(np.median(lightness(seen)), *PIVOT))
    return _by_curve(lambda light: contrasted(light, pivot, amount))


TONES: dict[str, Callable[[Floats, float], Callable[[Floats], Floats]]] = {
    "brighter": lambda _, amount: _by_curve(lambda light: brighter(light, amount)),
    "darker": lambda _, amount: _by_curve(lambda light: darker(light, amount)),
    "contrast": _contrast,
    "softer": lambda rgb, amount: _contrast(rgb, -amount),
    "greyscale": _greyscale,
    "warmer": _tinted,
    "cooler": lambda rgb, amount: _tinted(rgb, -amount),
}
"""The words of `contract.vocabulary.LIGHTS`: what each does to some rows of a picture."""


def _within(light: Floats, own: Floats) -> Floats:
    """Return linear sRGB mixed with as much grey of its luminance `own` as it needs for no channel to pass FULL.

    Nearing the end it gives way gently.
    """
    over = (light.max(axis=2) - own) / np.maximum(np.float32(FULL) - own, np.float32(1e-6))
    share = 1 / np.sqrt(np.sqrt(np.sqrt(1 + np.minimum(np.maximum(over, 0), np.float32(1e4)) ** 8)))
    grey = own[..., None]
    return np.asarray(grey + share[..., None] * (light - grey), dtype=np.float32)


def _light_of(rgb: Floats) -> Floats:
    return np.asarray(_LIGHT[_entry(rgb)])


def _samples_of(light: Floats) -> Floats:
    return np.asarray(_SAMPLE[_entry(np.sqrt(np.maximum(light, 0)))])


def _luminance_of(light: Floats) -> Floats:
    return np.asarray(light @ LUMINANCE.astype(np.float32), dtype=np.float32)


def _entry(share: Floats) -> NDArray[np.uint16]:
    nearest: NDArray[np.uint16] = np.clip(share * np.float32(STEPS) + np.float32(0.5), 0, STEPS).astype(np.uint16)
    return nearest
