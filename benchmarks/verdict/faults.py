"""Faults that an editor sees, made by program at a given strength, for limits to be fitted to."""

from collections.abc import Callable

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of, rgb_of_lab
from likeness.imaging.outline import disc, scale_of

Maker = Callable[[Floats], Floats]
"""Makes an edit from a mask, H x W in 0..1."""


def _moved(mask: Floats, px: float) -> Floats:
    """Return a mask grown by so many px, or shrunk."""
    move = cv2.dilate if px > 0 else cv2.erode
    return _soft(np.asarray(move((mask > 0.5).astype(np.uint8), disc(abs(px)))), 0.7)


def _soft(plane: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(plane.astype(np.float32), (0, 0), sigma), dtype=np.float32)


def _fluctuation(shape: tuple[int, ...], fine: float, coarse: float) -> Floats:
    """Return H x W of standard deviation 1 that varies over more than `fine` and less than `coarse` px."""
    noise = np.random.default_rng(0).normal(size=shape[:2]).astype(np.float32)
    band = _soft(noise, fine) - _soft(noise, coarse)
    return np.asarray(band / band.std(), dtype=np.float32)


def _blotches(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
    scale = scale_of(mask.shape)
    lab = lab_of(make(mask))
    for channel, turned in ((1, 1), (2, -1)):
        lab[..., channel] += much * _fluctuation(mask.shape, 3 * scale, 12 * scale)[::turned] * mask
    return rgb_of_lab(lab)


def _noise(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
    noise = np.random.default_rng(0).normal(0, much / 255, (*mask.shape, 3))
    return np.asarray(make(mask) + noise.astype(np.float32) * mask[..., None], dtype=np.float32)


def _rim(light: float) -> Callable[[Maker, Floats, Floats, float], Floats]:
    def fringed(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
        wide = _moved(mask, 2 * scale_of(mask.shape)) - _moved(mask, -scale_of(mask.shape))
        made = make(mask)
        return np.asarray(made + (light - made) * (much * np.clip(wide, 0, 1))[..., None], dtype=np.float32)

    return fringed


def _flat(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
    """Lose a share of the light and shade."""
    lab = lab_of(make(mask))
    inside = mask > 0.5
    usual = float(np.median(lab[..., 0][inside])) if inside.any() else 50.0
    lab[..., 0] += (usual - lab[..., 0]) * much * mask
    return rgb_of_lab(lab)


def _half(make: Maker, rgb: Floats, mask: Floats, much: float) -> Floats:
    """Leave a share of the product as it was."""
    columns = np.flatnonzero((mask > 0.5).any(axis=0))
    from_column = np.quantile(columns, 1 - much) if len(columns) else 0
    left = _soft((np.arange(mask.shape[1]) < from_column)[None] * np.ones_like(mask), 0.7)
    return np.asarray(rgb + (make(mask) - rgb) * left[..., None], dtype=np.float32)


def _blocks(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
    shown = np.rint(np.clip(make(mask), 0, 1) * 255).astype(np.uint8)[..., ::-1]
    packed = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, int(much)])[1]
    found = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1]
    return np.multiply(found, np.float32(1 / 255), dtype=np.float32)


def _blurred(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
    """Soften the outline, and only that."""
    made, scale = make(mask), scale_of(mask.shape)
    near = _soft(_moved(mask, 3 * scale) - _moved(mask, -3 * scale), scale)[..., None]
    return np.asarray(made + (_soft(made, much * scale) - made) * np.clip(near, 0, 1), dtype=np.float32)


def _frayed(make: Maker, _rgb: Floats, mask: Floats, much: float) -> Floats:
    """Move the outline in and out by so many px (standard deviation)."""
    scale = scale_of(mask.shape)
    rows, columns = np.indices(mask.shape, dtype=np.float32)
    moves = (much * scale * _fluctuation(mask.shape, 1.2 * scale, 4 * scale)[::turn] for turn in (1, -1))
    frayed = cv2.remap(mask, columns + next(moves), rows + next(moves), cv2.INTER_LINEAR)
    return make(np.asarray(frayed, dtype=np.float32))


FAULTS: dict[str, Callable[[Maker, Floats, Floats, float], Floats]] = {
    "blotches": _blotches,
    "noise": _noise,
    "pale rim": _rim(1.0),
    "dark rim": _rim(0.0),
    "flat": _flat,
    "half": _half,
    "blocks": _blocks,
    "moved": lambda make, _rgb, mask, much: make(_moved(mask, much * scale_of(mask.shape))),
    "wall": lambda make, _rgb, mask, _much: make(np.ones_like(mask)),
    "soft": _blurred,
    "frayed": _frayed,
}
"""What each does with a maker, the photo, its mask and a strength: CIELAB units, levels of 255, shares, px, quality."""
