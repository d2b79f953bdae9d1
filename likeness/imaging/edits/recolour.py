"""Another colour for what a mask covers, with its shading kept: everything happens in CIELAB."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats

DARKEST, LIGHTEST = 3.0, 98.0
"""L* between which shading is kept; the spread is narrowed when it would leave them."""


def lab_of(rgb: Floats) -> Floats:
    """Return H x W x 3 CIELAB (L* 0..100) of sRGB in 0..1, D65."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2LAB), dtype=np.float32)


def rgb_of_lab(lab: Floats) -> Floats:
    """Return H x W x 3 sRGB in 0..1 of CIELAB; colours that sRGB lacks are clipped."""
    return np.clip(cv2.cvtColor(np.ascontiguousarray(lab), cv2.COLOR_LAB2RGB), 0, 1).astype(np.float32)


def lab_of_colour(colour: tuple[int, int, int]) -> Floats:
    """Return the three CIELAB numbers of one sRGB colour in 0..255."""
    pixel = np.array(colour, dtype=np.float32).reshape(1, 1, 3) / np.float32(255)
    return np.asarray(lab_of(pixel)[0, 0], dtype=np.float32)


def recolour(rgb: Floats, mask: Floats, colour: tuple[int, int, int]) -> Floats:
    """Return `rgb` (H x W x 3, 0..1) with what `mask` (H x W, 0..1) covers in `colour`, lit as before.

    The mean L* of what is covered becomes the colour's; each pixel keeps its distance from that mean, narrowed when it
    would leave the range of L*. Chroma grows and falls with L*, as it does on a lit surface.
    """
    lab = lab_of(rgb)
    target = lab_of_colour(colour)
    lit = shaded(lab[..., 0], mask, float(target[0]))
    chroma = np.clip(lit / max(float(target[0]), 1.0), 0.4, 1.15)[..., None] * target[1:]
    return blended(rgb, rgb_of_lab(np.dstack([lit, chroma])), mask)


def shaded(lightness: Floats, mask: Floats, mean: float) -> Floats:
    """Return H x W lightness whose mean under the mask is about `mean` and whose shading is that of `lightness`."""
    covered = lightness[mask > 0.5]
    if covered.size == 0:
        return lightness
    middle = float(covered.mean())
    low, high = (float(bound) for bound in np.percentile(covered, (2, 98)))
    keep = min(1.0, (mean - DARKEST) / max(middle - low, 1e-3), (LIGHTEST - mean) / max(high - middle, 1e-3))
    return np.asarray(np.clip(mean + max(keep, 0.15) * (lightness - middle), 0, 100), dtype=np.float32)


def blended(under: Floats, over: Floats, mask: Floats) -> Floats:
    """Return `over` where `mask` is 1, `under` where it is 0, a mixture between."""
    return np.asarray(under + (over - under) * mask[..., None], dtype=np.float32)
