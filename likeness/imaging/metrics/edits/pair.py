"""An image before and after an edit, as every figure of this folder takes it."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.matting import matte_of
from likeness.imaging.outline import Where, disc, reduced, scale_of

SOLID = 0.5
"""Share of product in a pixel above which it is one of the product's."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Reduced copies of both images, H x W x 3 in 0..1, and of the product's mask, H x W in 0..1.

    `scale` is the copies' short side / 400: what px are multiplied by. `reduction` is their side over the full one.
    `found` is what the segmenter took for the product, None where it was not asked.
    """

    given: Floats
    made: Floats
    product: Floats
    scale: float
    reduction: float = 1.0
    found: Floats | None = None

    @cached_property
    def before(self) -> Floats:
        """The given image in CIELAB, L* in 0..100."""
        return lab_of(self.given)

    @cached_property
    def after(self) -> Floats:
        """The made image in CIELAB."""
        return lab_of(self.made)

    @cached_property
    def change(self) -> Floats:
        """How far each pixel moved in CIELAB (CIE 1976), H x W."""
        return np.asarray(np.linalg.norm(self.after - self.before, axis=2), dtype=np.float32)

    @cached_property
    def solid(self) -> Where:
        """Where the product is."""
        return self.product > SOLID

    @cached_property
    def core(self) -> Where:
        """Where the product is, 4 px from its outline."""
        return eroded(self.solid, 4 * self.scale)

    @cached_property
    def matte(self) -> Floats:
        """The product's share of each pixel, H x W in 0..1, by the colours about its outline."""
        return matte_of(self.given, self.product).alpha

    def away(self, px: float) -> Where:
        """Return where the product is not, nor anything within so many px (at short side 400) of it."""
        return ~dilated(self.product > 0.3, px * self.scale)


def pair_of(given: Floats, made: Floats, product: Floats | None, found: Floats | None = None) -> Pair:
    """Return the pair of two images of one size, H x W x 3 in 0..1; without a `product` (H x W) all of it is one."""
    small = reduced(given)
    plane = np.ones(small.shape[:2], np.float32) if product is None else reduced(product)
    seen = None if found is None else reduced(found)
    return Pair(small, reduced(made), plane, scale_of(given.shape), small.shape[0] / given.shape[0], seen)


def eroded(where: Where, px: float) -> Where:
    """Return an area without what lies so near its border; at least 1 px."""
    return np.asarray(cv2.erode(where.astype(np.uint8), disc(px), borderValue=0) > 0)


def dilated(where: Where, px: float) -> Where:
    """Return an area with what lies so near it; at least 1 px."""
    return np.asarray(cv2.dilate(where.astype(np.uint8), disc(px)) > 0)


def opened(where: Where, px: float) -> Where:
    """Return an area without its parts that are thinner than twice so many px."""
    return np.asarray(cv2.morphologyEx(where.astype(np.uint8), cv2.MORPH_OPEN, disc(px)) > 0)


def blurred_within(values: Floats, where: Where, sigma: float) -> Floats:
    """Return H x W x channels blurred over an area alone, what lies outside not counted."""
    weight = where.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None] + np.float32(1e-4)
    inside = np.ascontiguousarray(values * weight[..., None])
    found = np.asarray(cv2.GaussianBlur(inside, (0, 0), sigma), dtype=np.float32)
    return np.asarray(found.reshape(values.shape) / share, dtype=np.float32)


def band_within(values: Floats, where: Where, fine: float, coarse: float) -> Floats:
    """Return what of H x W x channels varies over more than `fine` and less than `coarse` px (sigmas), in an area."""
    return blurred_within(values, where, fine) - blurred_within(values, where, coarse)


def unexplained(values: Floats, by: Floats) -> Floats:
    """Return N x channels less what a linear function of N x K explains of them (least squares, with a constant)."""
    known = np.concatenate([by, np.ones((len(by), 1), np.float32)], axis=1).astype(np.float64)
    factors = np.linalg.lstsq(known.T @ known, known.T @ values, rcond=1e-9)[0]
    return np.asarray(values - known @ factors, dtype=np.float32)


def correlation(one: Floats, two: Floats) -> float:
    """Return the correlation of two rows of N numbers, -1..1; 0 where one of them is constant."""
    spread = float(one.std()) * float(two.std())
    return float(np.mean((one - one.mean()) * (two - two.mean())) / spread) if spread > 1e-6 else 0.0
