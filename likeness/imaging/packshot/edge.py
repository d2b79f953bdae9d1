"""The outline of a product as a seller wants it: one smooth, hard curve along an edge, soft along hair and fur.

A matte's outline wavers with the background's texture and is softer than the photo's own edges. Where the soft band is
narrow, the half level of the smoothed matte is the outline, and it is drawn anew as a ramp of a known width; where the
picture hardly shows the outline, it is smoothed more. Where the band is wide, as along fur, the matte stays.
"""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.edits.scene import rows_of
from likeness.imaging.local_colour import read_at
from likeness.imaging.outline import Where, disc, reduced, scale_of
from likeness.imaging.packshot.unseen import WIDE, unseen

Places = NDArray[np.intp]

CLEAN, WORN = 1.6, 2.6
"""Mean width of the soft band, in px of a picture whose short side is 400, up to which an edge is as sharp as it can be
and stays as it is, and from which on it is drawn anew. Widths are two thirds of those of a ramp."""
FIRM, LOOSE = 5.0, 8.0
"""The same up to which there is an edge, and from which on there is hair: on training photos, medians are 2 to 5."""
ACROSS: Final = 2.5
"""Sigma in the same px of a blur that leaves one outline of many hairs."""
AROUND: Final = 6.0
"""Sigma in the same px of the neighbourhood in which the width is measured."""
SMOOTH: Final = 1.3
"""Sigma in px of a picture whose short side is 400 by which an outline is smoothed; it grows with the root of the size,
as do the width of the ramp and what is taken off inside: large photos are sampled finer than they are sharp."""
RAMP: Final = 1.5
"""Width in px of the ramp across an edge."""
INSIDE: Final = 0.4
"""Px by which the outline is moved inwards, off the pixels in which the old background is mixed."""
FLATTEST: Final = 1 / 6
"""Slope per px under which a matte has no edge, however it is sharpened."""
FLATTEST_WIDE: Final = 0.02
"""The same of an outline that is not seen, per px of a short side of 400."""
REACH: Final = 1.5
"""Sigma in px of the neighbourhood inside, from which the rim takes its colour."""
SEEN, BARELY = 0.6, 0.3
"""Alpha from which on something is seen; alpha below which an outline was lost by smoothing."""
SOLID: Final = 0.75
"""Alpha from which on there is no haze."""
CLOSE, FAR = 3.0, 6.0
"""Px of a picture whose short side is 400 from what is solid, up to which haze stays, and beyond which none does."""
FAINTEST: Final = 13
"""Alpha, of 255, below which nothing is seen but what a JPEG's blocks make of it."""
FEW: Final = 1.5
"""Sigma in px at which colours are averaged."""
SPILL: Final = 3.0
"""Px from an outline into which a JPEG's colours of half the size spread from its other side."""
STRIP: Final = 512
"""Rows worked on at a time, so that little memory is needed."""


def firmness(alpha: Bytes) -> Bytes:
    """Return where an outline is an edge and not hair, 0..255: H x W of alpha H x W, 0..255."""
    return _at_full(np.clip((LOOSE - _width(alpha)) / (LOOSE - FIRM), 0, 1), alpha.shape)


def worn(alpha: Bytes) -> Bytes:
    """Return where an outline is an edge, but softer than one is, 0..255: H x W of alpha H x W, 0..255."""
    width = _width(alpha)
    firm, soft = (LOOSE - width) / (LOOSE - FIRM), (width - CLEAN) / (WORN - CLEAN)
    return _at_full(np.clip(np.minimum(firm, soft), 0, 1), alpha.shape)


def _width(alpha: Bytes) -> Floats:
    """Return the mean width of the soft band near each px, on a reduced copy, in px of a short side of 400."""
    small = np.multiply(reduced(alpha), np.float32(1 / 255), dtype=np.float32)
    scale = scale_of(small.shape)
    soft = 4 * small * (1 - small)
    once = slope(_blurred(small, max(0.5, ACROSS * scale)))
    near, length = (cv2.GaussianBlur(plane, (0, 0), max(1.0, AROUND * scale)) for plane in (soft, once))
    return np.asarray(near / np.maximum(length, 1e-3) / np.float32(scale))


def _at_full(share: Floats, shape: tuple[int, ...]) -> Bytes:
    small = np.rint(255 * share).astype(np.uint8)
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR))


def _blurred(plane: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def _eroded(where: Floats | Bytes | Where, radius: float) -> Bytes:
    """Return what is left of an area, 0 or 1, when so many px are taken off its rim; the frame takes nothing off."""
    return np.asarray(cv2.erode(np.asarray(where, np.uint8), disc(radius), borderValue=1), np.uint8)


def slope(plane: Floats) -> Floats:
    """Return the length of the gradient per px, H x W."""
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down))


def ramped(level: Floats, ramp: float, inside: float, flattest: float | Floats) -> Floats:
    """Return alpha as a ramp of so many px along the half level of a smooth plane, moved inwards by `inside` px.

    How far a px is from the half level is what it differs from a half, by the slope there, but at least `flattest`.
    """
    away = (level - 0.5) / np.maximum(slope(level), np.asarray(flattest, np.float32))
    return np.asarray(np.clip((away - inside) / ramp + 0.5, 0, 1), np.float32)


def unhazed(alpha: Bytes) -> Bytes:
    """Return alpha (H x W, 0..255) without what is faint and far from all that is solid: the old background's."""
    small = np.multiply(reduced(alpha), np.float32(1 / 255), dtype=np.float32)
    scale = scale_of(small.shape)
    away = cv2.distanceTransform((small < SOLID).astype(np.uint8), cv2.DIST_L2, 5) / np.float32(scale)
    left = _at_full(np.clip((FAR - away) / (FAR - CLOSE), 0, 1), alpha.shape)
    thinned = cv2.multiply(alpha, left, scale=1 / 255)
    return np.asarray(np.where(thinned < FAINTEST, 0, thinned), np.uint8)


def hardened(rgb: Bytes, colour: Bytes, alpha: Bytes) -> tuple[Bytes, Bytes]:
    """Return the colours and the alpha of a product whose edges are edges, from its matte's `colour` and `alpha`.

    `rgb` (H x W x 3, 0..255) is the picture. Along an edge, mixed pixels take the colour of the product next to them.
    """
    scale = max(1.0, scale_of_size(alpha))
    grown = scale**0.5
    alpha = unhazed(alpha)
    hidden = unseen(rgb, alpha)
    firm, made, edged = worn(alpha), colour.copy(), alpha.copy()
    wide = _blurred(np.multiply(reduced(alpha), np.float32(1 / 255)), WIDE * scale_of(hidden.shape))
    halo = int(np.ceil(6 * grown)) + 2
    for rows, around in _strips(alpha, halo):
        own = slice(rows.start - around.start, rows.stop - around.start)
        level = np.multiply(alpha[around], np.float32(1 / 255), dtype=np.float32)
        share = np.multiply(firm[around], np.float32(1 / 255), dtype=np.float32)
        vague, course = (rows_of(plane, around, alpha.shape) for plane in (hidden, wide))
        edge = _edge(level, grown, vague, course, FLATTEST_WIDE / scale)
        share = np.maximum(share, vague)
        blended = np.rint(255 * (share * edge + (1 - share) * level)).astype(np.uint8)
        edged[rows] = blended[own]
        _recoloured(made, rgb, rows, around, blended, share, grown)
    return made, edged


def _edge(level: Floats, grown: float, vague: Floats, course: Floats, flattest: float) -> Floats:
    """Return alpha with its edges drawn anew; what is too thin to have one stays, such as laces.

    The more `vague` an outline, 0..1, the more it follows `course`, a level that may be as flat as `flattest`.
    """
    smooth = (1 - vague) * _blurred(level, SMOOTH * grown) + vague * course
    edge = ramped(smooth, RAMP * grown, INSIDE * grown, (1 - vague) * FLATTEST / grown + vague * flattest)
    far = cv2.dilate(edge, disc(2 * grown)) < BARELY
    return np.where(far & (level > SEEN), level, edge)


def _recoloured(made: Bytes, rgb: Bytes, rows: slice, around: slice, alpha: Bytes, firm: Floats, grown: float) -> None:
    """Give the pixels of some rows their colours, in place."""
    own = slice(rows.start - around.start, rows.stop - around.start)
    solid = alpha == 255
    np.copyto(made[rows], rgb[rows], where=solid[own][..., None])
    core = _eroded(solid, 2 * grown)
    mixed = (alpha > 0) & ~solid
    mixed[: own.start] = mixed[own.stop :] = False
    y, x = np.nonzero(mixed)
    if not y.size:
        return
    mean, near = _mean_at(rgb[around], core, (y, x), REACH * grown)
    told = (firm[y, x] * near)[:, None]
    at = y + around.start, x
    made[at] = np.rint(np.clip(told * mean + (1 - told) * made[at], 0, 255)).astype(np.uint8)


def unspilt(rgb: Bytes, product: Bytes, alpha: Bytes) -> Bytes:
    """Return a product's colours without what a JPEG's coarser colours spread into its rim from the old background.

    `rgb` is the picture, `product` the product's colours in it, H x W x 3 in 0..255. Of each rim pixel's chroma, what
    leads from the product's towards the background's is taken off; its lightness, and so its detail, stays.
    """
    grown = max(1.0, scale_of_size(alpha)) ** 0.5
    made = product.copy()
    for rows, around in _strips(alpha, int(np.ceil(4 * SPILL * grown)) + 4):
        own = slice(rows.start - around.start, rows.stop - around.start)
        made[rows] = _unspilt(rgb[around], product[around], alpha[around], grown)[own]
    return made


def _unspilt(rgb: Bytes, product: Bytes, alpha: Bytes, grown: float) -> Bytes:
    deep, behind = _eroded(alpha == 255, SPILL * grown), _eroded(alpha == 0, grown)
    y, x = np.nonzero((alpha > 0) & (deep == 0))
    made = product.copy()
    if not y.size:
        return made
    shown = _ycc(product[y, x])
    inside, sure = _mean_at(product, deep, (y, x), SPILL * grown)
    outside, near = _mean_at(rgb, behind, (y, x), SPILL * grown)
    middle = _ycc(inside)[:, 1:]
    way = _ycc(outside)[:, 1:] - middle
    share = np.einsum("nk,nk->n", shown[:, 1:] - middle, way) / np.maximum(np.einsum("nk,nk->n", way, way), 1)
    shown[:, 1:] -= (np.clip(share, 0, 1) * sure * near)[:, None] * way
    rgb_of_them = 255 * cv2.cvtColor(np.asarray(shown / 255, np.float32)[None], cv2.COLOR_YCrCb2RGB)[0]
    made[y, x] = np.rint(np.clip(rgb_of_them, 0, 255)).astype(np.uint8)
    return made


def _ycc(rgb: Bytes | Floats) -> Floats:
    """Return N x 3 luma and chroma, in 0..255, of N x 3 colours."""
    return np.asarray(255 * cv2.cvtColor(np.asarray(rgb, np.float32)[None] / 255, cv2.COLOR_RGB2YCrCb)[0], np.float32)


def _mean_at(plane: Bytes, where: Bytes, at: tuple[Places, Places], sigma: float) -> tuple[Floats, Floats]:
    """Return N x 3 mean colours of what lies near N px `at`, of H x W x 3 `where` that is, and how near it is, 0..1.

    It is smooth, so that a copy on which the neighbourhood is FEW px wide will do.
    """
    height, width = where.shape
    less = max(1.0, sigma / FEW)
    size = max(1, round(width / less)), max(1, round(height / less))
    hidden = cv2.bitwise_and(plane, plane, mask=where)
    small, share = (np.float32(cv2.resize(one, size, interpolation=cv2.INTER_AREA)) for one in (hidden, 255 * where))
    planes = _blurred(np.asarray(np.dstack([small, share / 255]), np.float32), sigma / less)
    read = read_at(planes, np.stack(at), (height, width))
    near = read[:, 3]
    mean = read[:, :3] / np.maximum(near, np.float32(1e-6))[:, None]
    return np.asarray(mean, np.float32), np.asarray(np.clip(near / 0.02, 0, 1), np.float32)


def scale_of_size(alpha: Bytes) -> float:
    """Return the short side / 400 of a picture, however large."""
    return float(min(alpha.shape)) / 400


def _strips(alpha: Bytes, halo: int) -> Iterator[tuple[slice, slice]]:
    """Yield rows that have mixed pixels, a few at a time, and the same with so many more around."""
    height = alpha.shape[0]
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height))
        around = slice(max(0, top - halo), min(height, rows.stop + halo))
        near = alpha[around]
        if ((near > 0) & (near < 255)).any():
            yield rows, around
