"""Outlines that a picture hardly shows, as of a pale product on a pale ground, drawn as smooth as they are overall.

There a matte goes in and out with the product's pattern: what is dark of it stands out, what is as pale as the ground
does not. A wider neighbourhood says where the outline is.
"""

from typing import Final

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.outline import Where, reduced, scale_of

NEAR: Final = 2.5
"""Sigma in px of a picture whose short side is 400, as all widths here, of the neighbourhood that has both colours."""
ALONG: Final = 10.0
"""Sigma of the stretch of outline that is told as one."""
HIDDEN, SHOWN = 20.0, 30.0
"""CIELAB distance of both sides up to which an outline is not seen, and from which on it is."""
WIDE: Final = 6.0
"""Sigma of the neighbourhood that says where an outline is that is not seen."""
REACHED: Final = 0.05
"""Share of a side nearby from which on its colour is known."""


def unseen(rgb: Bytes, alpha: Bytes) -> Floats:
    """Return how little the outline of alpha (H x W, 0..255) is seen in `rgb` (H x W x 3, 0..255), in 0..1.

    It is that of the reduced copy.
    """
    small, shown = reduced(alpha), reduced(rgb)
    scale = scale_of(small.shape)
    lab = lab_of(np.multiply(shown, np.float32(1 / 255)))
    (inside, told), (outside, free) = (_mean(lab, np.asarray(side), NEAR * scale) for side in (small > 200, small < 55))
    known = (np.minimum(told, free) > REACHED).astype(np.float32)
    apart = np.linalg.norm(inside - outside, axis=2) * known
    near, count = (cv2.GaussianBlur(plane, (0, 0), ALONG * scale) for plane in (apart, known))
    contrast = near / np.maximum(count, np.float32(1e-3))
    return np.asarray(np.clip((SHOWN - contrast) / (SHOWN - HIDDEN), 0, 1) * (count > REACHED), np.float32)


def _mean(lab: Floats, side: Where, sigma: float) -> tuple[Floats, Floats]:
    share = np.asarray(side, np.float32)
    near = cv2.GaussianBlur(share, (0, 0), sigma)
    mean = cv2.GaussianBlur(lab * share[..., None], (0, 0), sigma) / np.maximum(near, np.float32(1e-3))[..., None]
    return np.asarray(mean, np.float32), np.asarray(near, np.float32)
