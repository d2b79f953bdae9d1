"""Where a product has room for a print: its least busy place, inside its outline, off seams, tags and other prints.

All is found on a copy whose short side is at most 400 px; px are those of such a copy.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats
from likeness.imaging.edits.cloth import cloth_of
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.outline import Where, disc, reduced, scale_of

Place = tuple[int, int, int, int]
"""Left, top, width, height in px of the upright image."""

MARGIN = 9.0
"""Px that a print stays off the product's outline."""
AROUND = 9.0
"""Sigma in px of the neighbourhood that is the ground of a pixel: folds are wider, what lies on cloth is not."""
LIGHT, HUE = 8.0, 6.0
"""Differences from the ground in L*, and in a*, b*, from which on a pixel is not plain."""
DIM = 45.0
"""L* of the ground below which less is seen as a difference, in proportion, down to LEAST_DIM of it."""
LEAST_DIM = 0.4
SEAM, COARSE = 0.8, 3.0
"""Contrast in L* from which on a line is a seam; and how many times the product's usual one, for a coarse weave."""
ALONG, ACROSS, BESIDE = 7.0, 1.0, 2.5
"""Sigmas in px of what is averaged along a line, across it, and beside it."""
DIRECTIONS = 8
SPREAD, CLEAR = 4.0, 9.0
"""Px by which what is not plain is widened, so that a seam counts as much as what it parts; and prints and tags."""
STRONG = 2.5
"""How many times what is not plain a pixel must differ to be a print, a tag or the like."""
WIDEST, NARROWEST, STEP = 0.45, 0.2, 0.92
"""Width of a print, as a share of the product's: at most and at least, and each step between."""
TALLEST = 0.45
"""Height of a print as a share of the product's, at most."""
BUSY = 0.02
"""Share of a place that may not be plain."""
OFF_CENTRE = 0.1
"""Share of busy ground that a print is moved for by the product's own size."""
CHEST, ASIDE = 0.42, 0.28
"""Where the middle of a print is sought, as a share of the product's height from its top; and how far from the middle
it may be, as a share of the product's sides."""
LEAST_LINE = 12.0
"""Px of the lowest line that can be read, as high as its letters need."""

Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """What a copy shows, as integrals of H + 1 x W + 1: `busy` of what is not plain, `outside` of what is no product.

    `box` is the product's (left, top, width, height), `reduction` the copy's side over the full one, `scale` its
    short side over 400.
    """

    busy: Sums
    outside: Sums
    box: Place
    reduction: float
    scale: float


def ground_of(rgb: Floats, product: Floats) -> Ground:
    """Return the ground of a product (mask H x W in 0..1) in `rgb` (H x W x 3, 0..1), or of an image without one."""
    small, mask = reduced(rgb), reduced(product)
    scale = scale_of(rgb.shape)
    solid = mask > 0.5
    if not solid.any():
        solid, mask = np.ones_like(solid), np.ones_like(mask)
    inner = cv2.erode(solid.astype(np.uint8), disc(MARGIN * scale), borderValue=0) > 0
    busy = _not_plain(small, mask, solid, scale)
    return Ground(
        np.asarray(cv2.integral(busy), dtype=np.float64),
        np.asarray(cv2.integral((~inner).astype(np.float32)), dtype=np.float64),
        _box(solid),
        small.shape[0] / rgb.shape[0],
        scale,
    )


def _box(solid: Where) -> Place:
    left, top, width, height = cv2.boundingRect(solid.astype(np.uint8))
    return left, top, width, height


def _not_plain(rgb: Floats, mask: Floats, solid: Where, scale: float) -> Floats:
    """Return how far each pixel is from plain ground, H x W in 0..1."""
    lab = np.asarray(cv2.GaussianBlur(lab_of(rgb), (0, 0), max(0.4, 0.8 * scale)), dtype=np.float32)
    weight = solid.astype(np.float32)
    reach = max(1.0, AROUND * scale)
    share = np.maximum(cv2.GaussianBlur(weight, (0, 0), reach), 1e-3)[..., None]
    ground = cv2.GaussianBlur(lab * weight[..., None], (0, 0), reach) / share
    seen = np.asarray(np.clip(ground[..., 0] / DIM, LEAST_DIM, 1), dtype=np.float32)
    off = lab - ground
    stands_out = np.maximum(np.abs(off[..., 0]) / (LIGHT * seen), np.linalg.norm(off[..., 1:], axis=2) / HUE)
    stands_out = np.maximum(stands_out, _seams(lab[..., 0], solid, seen, scale))
    things = cloth_of(rgb, mask, scale).kept | (stands_out > STRONG)
    taken = cv2.dilate((things & solid).astype(np.float32), disc(CLEAR * scale))
    busy = cv2.dilate(np.clip(stands_out - 1, 0, 1).astype(np.float32), disc(SPREAD * scale))
    return np.asarray(np.maximum(busy, taken), dtype=np.float32)


def _seams(light: Floats, solid: Where, seen: Floats, scale: float) -> Floats:
    """Return how far straight lines stand out, H x W: 1 where one is as strong as a weak seam.

    Averaged along its direction a line stays, while the cloth's threads and the sensor's noise vanish.
    """
    lines = np.max([np.abs(cv2.filter2D(light, cv2.CV_32F, kernel)) for kernel in _line_kernels(scale)], axis=0) / seen
    inside = cv2.erode(solid.astype(np.uint8), disc(MARGIN * scale)) > 0
    usual = float(np.median(lines[inside])) if inside.any() else 0.0
    return np.asarray(lines / max(SEAM, COARSE * usual), dtype=np.float32)


def _line_kernels(scale: float) -> list[Floats]:
    """Return kernels that find thin lines, one for each direction: a Gaussian along it, two less one another across."""
    along, across, beside = (max(0.7, sigma * scale) for sigma in (ALONG, ACROSS, BESIDE))
    reach = int(np.ceil(2.5 * along))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    kernels = []
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        far, off = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        fine, wide = (np.exp(-(off**2) / (2 * sigma**2) - far**2 / (2 * along**2)) for sigma in (across, beside))
        kernels.append(np.asarray(fine / fine.sum() - wide / wide.sum(), dtype=np.float32))
    return kernels


def free_place(ground: Ground, aspect: float, width: float | None = None, lines: int = 1) -> Place | None:
    """Return where something of `aspect` (width to height) can be printed, in px of the whole image; None for nowhere.

    The largest there is room for, from 45 to 20 % of the product's width, or `width` of it; of such places the
    plainest, and of alike ones the nearest to the chest. None is so small that its `lines` could not be read.
    """
    wide = width or min(WIDEST, TALLEST * aspect * ground.box[3] / ground.box[2])
    least = width or max(NARROWEST, LEAST_LINE * ground.scale * lines * aspect / ground.box[2])
    while wide >= least:
        if (found := _plainest(ground, wide * ground.box[2], aspect)) is not None:
            return _enlarged(found, ground.reduction)
        wide = wide * STEP if wide == least or wide * STEP >= least else least
    return None


def _plainest(ground: Ground, width: float, aspect: float) -> Place | None:
    size = max(1, round(width)), max(1, round(width / aspect))
    rows, columns = (side - 1 for side in ground.busy.shape)
    if size[0] > columns or size[1] > rows:
        return None
    busy, outside = (_sums(plane, *size) / (size[0] * size[1]) for plane in (ground.busy, ground.outside))
    left, top, wide, high = ground.box
    y, x = np.ogrid[: busy.shape[0], : busy.shape[1]]
    across, down = x + size[0] / 2 - left - wide / 2, y + size[1] / 2 - top - CHEST * high
    near = (np.abs(across) <= ASIDE * wide) & (np.abs(down) <= ASIDE * high)
    away = np.hypot(across, down) / max(wide, high)
    cost = np.where(near & (outside < 1e-3) & (busy <= BUSY), busy + OFF_CENTRE * away, np.inf)
    at = int(np.argmin(cost))
    if not np.isfinite(cost.flat[at]):
        return None
    return at % cost.shape[1], at // cost.shape[1], *size


def _sums(plane: Sums, width: int, height: int) -> Sums:
    """Return the sum of an integral's plane in each window of that size."""
    return plane[height:, width:] - plane[:-height, width:] - plane[height:, :-width] + plane[:-height, :-width]


def _enlarged(place: Place, reduction: float) -> Place:
    left, top, width, height = (round(side / reduction) for side in place)
    return left, top, max(1, width), max(1, height)
