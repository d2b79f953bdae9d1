"""The product of an image larger or smaller: by arithmetic alone, or with the hole it leaves for an engine to fill."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats, luma
from likeness.imaging.fill import fill_hidden
from likeness.imaging.matting import Matte
from likeness.imaging.outline import disc
from likeness.imaging.regions import SURELY_BACKGROUND, SURELY_PRODUCT

CLEAR, FULL = 0.1, 0.9
"""Shares of product that count as none and as all, so that a faint mask leaves no ghost."""

CUT = 0.05
"""Share of the product's greatest width that must lie on the image's edge to say that the edge cuts it off."""

TRACE, TAKEN_OUT = 0.06, 9.0
"""Share of product from which on a pixel is taken out, and how far around, in px of a short side of 400."""
SHADE, SHADE_SIGMA, SHADE_REACH = 0.02, 3.0, 30.0
"""Luma that a background lacks from which on it lies in the product's shadow; the sigma of the light compared, and how
far from the product a shadow is looked for, in px of a short side of 400."""
TEXTURED = 0.012
"""Mean deviation of a background's light from which on shadows cannot be told from what it shows."""
FITS = 0.97
"""Share of the way to the image's edge that a product may grow to."""
DETAILED, DETAIL = 0.006, 16.0
"""Mean deviation of a background's light from which on its detail is continued too, and the sigma, in px of a short
side of 400, of what is finer than its tone."""
STRONG = 4.0
"""How many times as strong as usual the detail that is continued may be: a hook, a joint or a shadow is not repeated.
"""
GRAIN = 1.0
"""Sigma in px of what is finer than the background itself: its grain."""

RIM, LEAST_RIM = 0.008, 2
"""Width of the rim of the old product that is made from scratch: as a share of the short side, and in px at least."""


def scaled_product(rgb: Floats, product: Floats, factor: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return `rgb` (H x W x 3, 0..1) with the product `factor` times as large, and the hole it leaves, H x W.

    `product` is its mask, H x W in 0..1. It is scaled about its centre of mass; where the image's edge cuts it off,
    about that edge, so that the cut stays there. In the hole the old product still shows. Without a product nothing
    changes.
    """
    solid = np.asarray(np.clip((product - CLEAR) / (FULL - CLEAR), 0, 1), dtype=np.float32)
    if not (solid > 0.5).any():
        return rgb, np.zeros(product.shape, dtype=bool)
    moved = _scaled(np.dstack([rgb * solid[..., None], solid]), factor, _still_point(solid > 0.5))
    colour, cover = moved[..., :3], moved[..., 3:]
    made = np.clip(rgb * (1 - cover) + colour, 0, 1)
    return made.astype(np.float32, copy=False), _hole(product, cover[..., 0])


def _scaled(planes: Floats, factor: float, still: tuple[float, float]) -> Floats:
    """Return H x W x 4 in 0..1 scaled about a point (x, y in px), empty where nothing comes to lie."""
    height, width = planes.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LANCZOS4
    resized = np.clip(cv2.resize(planes, size, interpolation=way), 0, 1)
    moved = np.zeros_like(planes)
    (x, from_x), (y, from_y) = (
        _overlap(round(point * (1 - factor)), length, side)
        for point, length, side in zip(still, size, (width, height), strict=True)
    )
    moved[y, x] = resized[from_y, from_x]
    return moved


def _overlap(start: int, length: int, side: int) -> tuple[slice, slice]:
    """Return which part of a side is covered by `length` px from `start`, and by which of them."""
    first, last = max(0, start), min(side, start + length)
    return slice(first, last), slice(first - start, last - start)


def _still_point(where: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the point (x, y in px) that stays where it is."""
    return _still(where.sum(axis=0)), _still(where.sum(axis=1))


def _still(along: NDArray[np.intp]) -> float:
    """Return where the mass along one side is centred; an end, if the image cuts the mass off at that end alone."""
    side, (starts, ends) = len(along), along[[0, -1]] > CUT * along.max()
    if starts != ends:
        return float(side if ends else 0)
    return float(np.average(np.arange(side) + 0.5, weights=along))


def _hole(before: Floats, after: Floats) -> NDArray[np.bool_]:
    """Return where the old product, with its rim, was and the new one does not cover it."""
    reach = max(LEAST_RIM, round(RIM * min(before.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    old = cv2.dilate((before > SURELY_BACKGROUND).astype(np.uint8), disc) > 0
    hole: NDArray[np.bool_] = old & (after < SURELY_PRODUCT)
    return hole


@dataclass(frozen=True)
class Resized:
    """An image whose product has another size: `rgb` H x W x 3 in 0..1, and the `factor` that was left to scale by."""

    rgb: Floats
    factor: float


def resized(rgb: Floats, matte: Matte, factor: float) -> Resized:
    """Return `rgb` (H x W x 3, 0..1) with the product of its `matte` `factor` times as large, or as much as fits.

    The old product is taken out whole, with its rim, and the background continued smoothly with its own grain; the
    scaled one is laid over it by its alpha. It is scaled as by `scaled_product`, about its centre or the image's edge.
    """
    solid = matte.alpha > 0.5
    if not solid.any():
        return Resized(rgb, 1.0)
    still = _still_point(solid)
    factor = min(factor, _most(solid, still))
    layer = np.dstack([matte.colour * matte.alpha[..., None], matte.alpha])
    moved = _scaled(layer, factor, still)
    behind = _emptied(rgb, matte.alpha)
    behind *= 1 - moved[..., 3:]
    behind += moved[..., :3]
    return Resized(np.clip(behind, 0, 1, out=behind), factor)


def _most(solid: NDArray[np.bool_], still: tuple[float, float]) -> float:
    """Return by what factor a product may grow about a point before the image's edge cuts it where it did not."""
    left, top, width, height = cv2.boundingRect(solid.astype(np.uint8))
    (x, y), (high, wide) = still, solid.shape
    reaches = ((x - left, x), (left + width - x, wide - x), (y - top, y), (top + height - y, high - y))
    room = [FITS * free / reach for reach, free in reaches if reach > 0.5 and free > reach]
    return max(1.0, min(room, default=1.0))


def _emptied(rgb: Floats, alpha: Floats) -> Floats:
    """Return the background without the product: continued smoothly, with grain as it has."""
    hole = _taken_out(rgb, alpha)
    known = np.where(hole > 0, np.uint8(0), np.uint8(255))
    if hole.any() and not hole.all() and _texture(rgb, hole == 0, min(alpha.shape) / 400) > DETAILED:
        return _mirrored(rgb, hole, known)
    filled = fill_hidden(rgb, known).copy()
    grain = rgb - cv2.GaussianBlur(rgb, (0, 0), GRAIN)
    free = grain[known > 0]
    if free.size:
        spread = 1.4826 * np.median(np.abs(free), axis=0)
        noise = np.random.default_rng(0).standard_normal((*alpha.shape, 1), dtype=np.float32)
        filled += np.where(hole[..., None] > 0, noise * spread.astype(np.float32), np.float32(0))
    return np.asarray(filled, dtype=np.float32)


def _mirrored(rgb: Floats, hole: NDArray[np.uint8], known: NDArray[np.uint8]) -> Floats:
    """Return a background continued into a hole: its tone smoothly, its detail as mirrored in the hole's edge.

    Where the image ends, it is mirrored in that edge too; what falls into the hole again has no detail.
    """
    sigma = max(1.0, DETAIL * min(hole.shape) / 400)
    there = (known > 0).astype(np.float32)
    share = np.maximum(cv2.GaussianBlur(there, (0, 0), sigma), np.float32(1e-3))[..., None]
    tone = cv2.GaussianBlur(rgb * there[..., None], (0, 0), sigma) / share
    detail = (rgb - tone) * there[..., None]
    most = np.float32(STRONG) * (np.median(np.abs(detail[known > 0]), axis=0).astype(np.float32) + np.float32(1e-4))
    limited = np.asarray(most * np.tanh(detail / most), dtype=np.float32)
    label = cv2.distanceTransformWithLabels(hole, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    y, x = np.nonzero(known)
    edges = np.zeros((2, int(label.max()) + 1), dtype=np.float32)
    edges[:, label[y, x]] = x, y
    y, x = np.nonzero(hole)
    across, down = (
        side - 1 - np.abs(side - 1 - np.abs(2 * edge - at)).astype(np.intp)
        for edge, at, side in zip(edges[:, label[y, x]], (x, y), hole.shape[::-1], strict=True)
    )
    filled = fill_hidden(np.asarray(tone, dtype=np.float32), known).copy()
    filled[known > 0] = rgb[known > 0]
    filled[y, x] += limited[down, across]
    return np.asarray(np.clip(filled, 0, 1), dtype=np.float32)


def _taken_out(rgb: Floats, alpha: Floats) -> NDArray[np.uint8]:
    """Return where the old product, its rim and, on a smooth background, the shadow beside it are taken out."""
    scale = min(alpha.shape) / 400
    product = (alpha > TRACE).astype(np.uint8)
    hole, near = (cv2.dilate(product, disc(px * scale)) for px in (TAKEN_OUT, SHADE_REACH))
    if near.all() or _texture(rgb, near == 0, scale) > TEXTURED:
        return np.asarray(hole, dtype=np.uint8)
    unshaded = luma(fill_hidden(rgb, np.where(near > 0, np.uint8(0), np.uint8(255))))
    lacking = cv2.GaussianBlur(unshaded - luma(np.ascontiguousarray(rgb)), (0, 0), max(1.0, SHADE_SIGMA * scale))
    shade = cv2.dilate(((lacking > SHADE) & (near > 0)).astype(np.uint8), disc(SHADE_SIGMA * scale))
    return np.asarray((hole > 0) | ((shade > 0) & (near > 0)), dtype=np.uint8)


def _texture(rgb: Floats, where: NDArray[np.bool_], scale: float) -> float:
    """Return how much an area's light deviates from what is around, on average: smooth walls under .01."""
    light = luma(np.ascontiguousarray(rgb))
    off = np.abs(
        cv2.GaussianBlur(light, (0, 0), max(0.5, scale)) - cv2.GaussianBlur(light, (0, 0), max(1.0, 6 * scale))
    )
    return float(off[where].mean())
