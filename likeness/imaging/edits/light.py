"""The light of a whole image: brightness, contrast, warmth, greyscale."""

from collections.abc import Callable

import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of, rgb_of_lab


def brighter(lab: Floats) -> Floats:
    """Return CIELAB with shadows and middle tones raised."""
    return _with_lightness(lab, np.float32(100) * (lab[..., 0] / np.float32(100)) ** np.float32(0.7))


def darker(lab: Floats) -> Floats:
    """Return CIELAB with middle tones lowered."""
    return _with_lightness(lab, np.float32(100) * (lab[..., 0] / np.float32(100)) ** np.float32(1.45))


def contrast(lab: Floats) -> Floats:
    """Return CIELAB with light parts lighter and dark parts darker, by a third."""
    return _with_lightness(lab, np.clip(50 + 1.35 * (lab[..., 0] - 50), 0, 100))


def softer(lab: Floats) -> Floats:
    """Return CIELAB with light and dark parts nearer to the middle; black, middle grey and white stay."""
    lightness = lab[..., 0]
    return _with_lightness(lab, lightness + np.float32(7) * np.sin(lightness * np.float32(np.pi / 50)))


def greyscale(lab: Floats) -> Floats:
    """Return CIELAB without chroma."""
    return np.asarray(lab * np.array([1, 0, 0], dtype=np.float32))


def warmer(lab: Floats) -> Floats:
    """Return CIELAB moved towards yellow and red."""
    return np.asarray(lab + np.array([0, 5, 14], dtype=np.float32))


def cooler(lab: Floats) -> Floats:
    """Return CIELAB moved towards blue."""
    return np.asarray(lab + np.array([0, -3, -14], dtype=np.float32))


def _with_lightness(lab: Floats, lightness: Floats) -> Floats:
    return np.dstack([lightness, lab[..., 1:]]).astype(np.float32)


LIGHTS: dict[str, Callable[[Floats], Floats]] = {
    "brighter": brighter,
    "darker": darker,
    "contrast": contrast,
    "greyscale": greyscale,
    "warmer": warmer,
    "cooler": cooler,
    "softer": softer,
}


def relit(rgb: Floats, name: str) -> Floats:
    """Return `rgb` (H x W x 3, 0..1) in another light of LIGHTS."""
    return rgb_of_lab(LIGHTS[name](lab_of(rgb)))
