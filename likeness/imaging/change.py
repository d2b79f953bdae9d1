"""What an engine changed in a small copy of an image, brought to the image's own size and laid over it.

Where the structure stayed and colours changed, the change is a local affine map of the small copy's colours, fitted as
in the fast guided filter (He & Sun 2015, arXiv:1505.00996) and applied to the image itself, so that it follows each
thread. Where no such map explains the change, or it takes contrast away, there is something new, and the engine's own
picture is shown enlarged, with the image's grain and nothing else of it. Where nothing changed, the image's own samples
stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats
from likeness.imaging.enlarge import Enlarged
from likeness.imaging.grain import grain_of, grained

CHANGED = (3 / 255, 9 / 255)
"""How far a channel differs where nothing counts as changed, and from where on all does."""
NEW = (0.03, 0.08)
"""What a map leaves unexplained where nothing counts as new, and from where on all does."""
FLAT = (0.04, 0.1)
"""Share of the local contrast that is left where it counts as taken away, and from where on it counts as kept."""
TELLING = (0.012, 0.024)
"""Local contrast (a standard deviation) up to which nothing can be said of what is left, and from where on it can."""
REACH = 2
"""Px of the small copy to each side that a map is fitted to."""
RIDGE = 1e-4
"""Variance below which the colours around a pixel are too alike to tell a map from them; then the change is added."""
STEEPEST = 4.0
"""The norm of the steepest map: a steeper one would show the image's noise."""
ROWS = 256
"""Rows of the image that are worked on at once, which bounds the memory."""

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Change:
    """A change, in the size of the small copy, h x w: what `slope` (9 planes) and `shift` (3) add to colours.

    `changed` and `new` say from 0 to 1 where anything changed, and where `made`, h x w x 3, takes the image's place.
    """

    slope: Planes
    shift: Planes
    changed: Floats
    new: Floats
    made: Floats


@dataclass(frozen=True)
class Novelty:
    """What is shown where something is new: the made picture in the image's size, and the image's grain."""

    picture: Enlarged
    grain: Floats


def laid_over(image: Floats, small: Floats, made: Floats, plain: Floats) -> Floats:
    """Return an image, H x W x 3 in 0..1, with the change that an engine made to a small copy of it.

    `small` is the copy, `made` what the engine made of it, `plain` what it makes of it where it changes nothing (its
    autoencoder's loss): h x w x 3 each.
    """
    change = change_of(small, small + (made - plain))
    if change is None:
        return image.copy()
    laid = np.empty_like(image)
    novelty = Novelty(Enlarged(change.made, image.shape[:2]), grain_of(image, 1 - change.changed))
    for top, rows in _strips(image):
        laid[top : top + len(rows)] = _with_change(rows, top, image.shape[:2], change, novelty)
    return laid


def change_of(small: Floats, target: Floats) -> Change | None:
    """Return the change that takes one h x w x 3 to another; None where there is none."""
    difference = target - small
    changed = _grown(_between(np.abs(cv2.GaussianBlur(difference, (0, 0), 1.0)).max(2), *CHANGED))
    if not changed.any():
        return None
    slope, shift, flat = _fitted(small, difference)
    unexplained = np.abs(difference - _mapped(slope, small) - shift).max(2)
    new = _grown(np.maximum(_between(cv2.GaussianBlur(unexplained, (0, 0), 1.0), *NEW), flat))
    return Change(slope, shift, changed, new, np.clip(target, 0, 1))


def _mapped(slope: Planes, colours: NDArray[Any]) -> NDArray[Any]:
    """Return what matrices, h x w x 9, make of colours, h x w x 3: three planes of a matrix belong to each channel."""
    mapped: NDArray[Any] = slope[..., :3] * colours[..., :1]
    for channel in (1, 2):
        mapped += slope[..., 3 * channel : 3 * channel + 3] * colours[..., channel : channel + 1]
    return mapped


def _fitted(guide: Floats, wanted: Floats) -> tuple[Planes, Planes, Floats]:
    """Return for each pixel the matrix, 9 planes, and the offset, 3, that best take `guide` to `wanted` around it.

    Also returns from 0 to 1 where adding `wanted` takes the contrast of `guide` away.
    """
    means, aims = _mean(guide), _mean(wanted)
    spread = _products(guide, guide) - _outer(means, means)
    shared = _products(guide, wanted) - _outer(means, aims)
    inverse = _inverse(spread)
    slope = np.dstack([_mapped(shared, inverse[..., 3 * row : 3 * row + 3]) for row in range(3)])
    norm = np.sqrt(np.square(slope).sum(2, keepdims=True))
    slope *= np.minimum(1, STEEPEST / np.maximum(norm, 1e-6))
    shift = aims - _mapped(slope, means)
    return _mean(slope.astype(np.float32)), _mean(shift.astype(np.float32)), _flattened(spread, shared)


def _flattened(spread: Planes, shared: Planes) -> Floats:
    """Return from 0 to 1 where the contrast around a pixel is taken away, by the covariances of colours and of change.

    A map from colours to colours would leave a faint print of what was there, and take the image's grain with it.
    """
    before = np.sqrt(np.square(spread).sum(2))
    left = np.sqrt(np.square(spread + shared).sum(2)) / np.maximum(before, 1e-9)
    return np.asarray((1 - _between(left, *FLAT)) * _between(np.sqrt(before), *TELLING), dtype=np.float32)


def _inverse(spread: Planes) -> NDArray[np.float64]:
    """Return the inverses of symmetric matrices, h x w x 9, each with RIDGE added: by cofactors, in 64 bits."""
    a, b, c, _, d, e, _, _, f = (spread[..., plane].astype(np.float64) for plane in range(9))
    a, d, f = a + RIDGE, d + RIDGE, f + RIDGE
    first = d * f - e * e, c * e - b * f, b * e - c * d
    rest = a * f - c * c, b * c - a * e, a * d - b * b
    inverse = np.dstack([*first, first[1], rest[0], rest[1], first[2], rest[1], rest[2]])
    inverse /= (a * first[0] + b * first[1] + c * first[2])[..., None]
    return inverse


def _products(one: Floats, other: Floats) -> Planes:
    return _mean(_outer(one, other))


def _outer(one: Floats, other: Floats) -> Planes:
    return (one[..., :, None] * other[..., None, :]).reshape(*one.shape[:2], 9)


def _mean(planes: Planes) -> Planes:
    """Return the mean of the square of REACH around each pixel."""
    side = 2 * REACH + 1
    return np.dstack([cv2.blur(planes[..., band], (side, side)) for band in range(planes.shape[2])])


def _between(plane: Floats, low: float, high: float) -> Floats:
    """Return 0 up to `low`, 1 from `high`, and a smooth rise between them."""
    t = np.clip((plane - low) / (high - low), 0, 1)
    rise: Floats = t * t * (3 - 2 * t)
    return rise


def _grown(plane: Floats) -> Floats:
    """Return a plane whose every value reaches as far as a map is fitted, softly."""
    side = 2 * REACH + 1
    return np.asarray(cv2.blur(cv2.dilate(plane, np.ones((side, side), np.uint8)), (3, 3)), dtype=np.float32)


def _strips(image: Floats) -> Iterator[tuple[int, Floats]]:
    for top in range(0, len(image), ROWS):
        yield top, image[top : top + ROWS]


def _with_change(rows: Floats, top: int, size: tuple[int, int], change: Change, novelty: Novelty) -> Floats:
    """Return some rows of an image of a size, the first of them `top`, with the change."""
    changed = _enlarged(change.changed, rows, top, size)[..., None]
    if not changed.any():
        return rows
    slope, shift = (_enlarged(planes, rows, top, size) for planes in (change.slope, change.shift))
    moved = rows + _mapped(slope, rows) + shift
    new = _enlarged(change.new, rows, top, size)[..., None]
    if new.any():
        moved += new * (grained(novelty.picture.rows(top, len(rows)), top, novelty.grain) - moved)
    laid: Floats = np.clip(rows + changed * (moved - rows), 0, 1)
    return laid


def _enlarged(planes: Planes, rows: Floats, top: int, size: tuple[int, int]) -> Planes:
    """Return the part of some planes that lies below some rows, in the image's size."""
    down, across = planes.shape[0] / size[0], planes.shape[1] / size[1]
    place = np.array([[across, 0, across / 2 - 0.5], [0, down, down * (top + 0.5) - 0.5]])
    to, flags = (rows.shape[1], rows.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

    def warped(bands: Planes) -> Planes:
        return np.asarray(cv2.warpAffine(bands, place, to, flags=flags, borderMode=cv2.BORDER_REPLICATE))

    if planes.ndim == 2:
        return warped(planes)
    return np.dstack([warped(planes[..., first : first + 3]) for first in range(0, planes.shape[2], 3)])
