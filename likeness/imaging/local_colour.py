"""What colours a picture has around each pixel, on one side of an outline and on the other, and what tells them apart.

Everything is estimated on a small copy, where it is smooth, and read at single pixels of the full-size picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats

Where = NDArray[np.bool_]
Places = NDArray[np.intp]
"""Two rows of N: y and x of pixels."""

NEAR, FAR = 3.0, 14.0
"""Sigmas, in px of a picture whose short side is 400, of the neighbourhood and of where to look when that is empty."""
FAR_WEIGHT = 1e-3

NOISE = 0.02
"""Standard deviation of a flat surface's samples, in 0..1: sensor noise, threads, JPEG."""
CAUTION = 6.0
"""Variances for one that was sampled: textures vary more than near samples show, and not as a normal distribution."""
SHADE = 0.12
"""Share of its light that a background may have lost to shadows where none was sampled."""

ROW = 1024
"""Places read at a time: OpenCV's pictures are at most 32767 px wide."""
UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""Places of a symmetric 3 x 3 matrix."""


@dataclass(frozen=True)
class Side:
    """The colours of what lies on one side: mean H x W x 3 and covariance H x W x 3 x 3."""

    mean: Floats
    spread: Floats


def side_of(rgb: Floats, where: Floats, scale: float) -> Side:
    """Return the colours of `rgb` (H x W x 3, 0..1) around each px, where `where` (H x W, 0..1) is.

    `scale` is the picture's short side / 400.
    """
    share = _blurred(where, scale)
    safe = np.maximum(share, np.finfo(np.float32).tiny)[..., None]
    mean = _blurred(rgb * where[..., None], scale) / safe
    products = np.stack([rgb[..., i] * rgb[..., j] for i, j in UPPER], axis=2)
    second = (
        np.concatenate([_blurred(products[..., k : k + 3] * where[..., None], scale) for k in (0, 3)], axis=2) / safe
    )
    spread = np.empty((*share.shape, 3, 3), dtype=np.float32)
    for at, (i, j) in enumerate(UPPER):
        spread[..., i, j] = spread[..., j, i] = second[..., at] - mean[..., i] * mean[..., j]
    return Side(mean.astype(np.float32), spread)


def discriminant(product: Side, background: Side, where: Where) -> tuple[Floats, Floats]:
    """Return the linear measure that tells two sides apart best, H x W x 4, and how well it does, H x W, `where` asked.

    The measure of a colour c is `m[:3] @ c + m[3]`: 0 at the background's mean, 1 at the product's. How well is the
    distance of the means in standard deviations. Fisher, "The Use of Multiple Measurements in Taxonomic Problems",
    Annals of Eugenics 7, 1936. A shadow on the background is one of its colours, so it counts as spread.
    """
    ground, apart = background.mean[where], product.mean[where] - background.mean[where]
    shade = np.float32(SHADE) * ground
    within = CAUTION * (product.spread[where] + background.spread[where]) / 2 + shade[:, :, None] * shade[:, None, :]
    within = within + np.float32(NOISE**2) * np.eye(3, dtype=np.float32)
    weights = np.linalg.solve(within, apart[..., None])[..., 0]
    squared = np.maximum((weights * apart).sum(axis=1), 1e-6)[:, None]
    weights = weights / squared
    measure = np.zeros((*where.shape, 4), dtype=np.float32)
    measure[where] = np.hstack([weights, -(weights * ground).sum(axis=1, keepdims=True)])
    certainty = np.zeros(where.shape, dtype=np.float32)
    certainty[where] = np.sqrt(squared[:, 0])
    return measure, certainty


def read_at(planes: Floats, places: Places, shape: tuple[int, int]) -> Floats:
    """Return N x channels: what a small H x W x channels says at `places` of a picture of `shape`, interpolated."""
    height, width, channels = planes.shape
    count = places.shape[1]
    rows = -(-count // ROW)
    lines = np.zeros((2, rows * ROW), dtype=np.float32)
    lines[0, :count] = (places[0] + 0.5) * (height / shape[0]) - 0.5
    lines[1, :count] = (places[1] + 0.5) * (width / shape[1]) - 0.5
    y, x = lines.reshape(2, rows, ROW)
    read = np.empty((rows * ROW, channels), dtype=np.float32)
    for first in range(0, channels, 4):
        some = np.ascontiguousarray(planes[..., first : first + 4])
        found = cv2.remap(some, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        read[:, first : first + 4] = found.reshape(rows * ROW, -1)
    return read[:count]


def _blurred(planes: Floats, scale: float) -> Floats:
    """Return the mean of the neighbourhood, with a little of the wider one, which is found on a quarter of the size."""
    height, width = planes.shape[:2]
    quarter = cv2.resize(planes, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(quarter, (0, 0), max(0.5, FAR * scale / 4))
    far = cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)
    near = cv2.GaussianBlur(planes, (0, 0), max(0.5, NEAR * scale))
    return np.asarray(near + np.float32(FAR_WEIGHT) * far, dtype=np.float32)
