"""How much of each pixel is product, and in which colour: a soft mask made exact at its edge by the picture itself.

The segmenter's outline is a few px wrong, soft over some more, and in doubt about hangers and openings. In a band
around it each pixel's share of product is read from its colour, by what tells the product's colours from the
background's there; where they are alike, a smoothed outline is followed.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.fill import fill_hidden
from likeness.imaging.local_colour import Places, Side, Where, discriminant, read_at, side_of
from likeness.imaging.outline import disc, reduced, scale_of, settled, tidied

SURE_PRODUCT, SURE_BACKGROUND = 0.95, 0.12
BAND = 4.0
"""How far the mask's outline may be wrong, to either side, in px of a picture whose short side is 400."""
DOUBT = 0.35
"""Standard deviation of the outline's share in the band: how far it gives way to colours."""
STRANGE = 0.5
"""What is neither the one colour nor the other nor between counts as that much doubt, in distances of the two."""
CAUTION = 1.5
"""Standard deviations for one: colours vary more within a side than its samples near by show."""
LEAST, MOST = 0.1, 0.9
"""Shares that count as none and as all, for noise lies on either side of a flat colour."""
SOFT = 1.2
"""Width of an edge that colours do not show, in px of a picture whose short side is 400; never under 1.5 px."""
CHUNK = 1 << 19
"""Pixels worked on at a time."""


@dataclass(frozen=True)
class Matte:
    """A product without its background: `alpha` H x W and `colour` H x W x 3, both in 0..1, float32.

    The picture is `alpha * colour + (1 - alpha) * background`; where alpha is 1, `colour` is the picture's own.
    """

    alpha: Floats
    colour: Floats


@dataclass(frozen=True)
class _Band:
    """What is known of the band, on the small copy: the outline, the two sides' means, the measure and its certainty."""

    outline: Floats
    product: Floats
    background: Floats
    measure: Floats
    certainty: Floats

    def shares(self, rgb: Floats, at: Places, shape: tuple[int, int], steep: float) -> tuple[Floats, Floats]:
        """Return N shares of product of the N x 3 colours `rgb` found `at` places, and the colours of the product."""
        product, background = (read_at(plane, at, shape) for plane in (self.product, self.background))
        measure, certainty = read_at(self.measure, at, shape), read_at(self.certainty, at, shape)[:, 0]
        outline = np.clip((read_at(self.outline, at, shape)[:, 0] - 0.5) * steep + 0.5, 0, 1)
        by_colour = np.clip((measure[:, :3] * rgb).sum(axis=1) + measure[:, 3], 0, 1)
        mixed = background + by_colour[:, None] * (product - background)
        apart = np.maximum(((product - background) ** 2).sum(axis=1), 1e-4)
        strange = ((rgb - mixed) ** 2).sum(axis=1) / apart
        doubt = (CAUTION / np.maximum(certainty, 1e-3)) ** 2 + STRANGE**2 * strange
        trust = DOUBT**2 / (DOUBT**2 + doubt)
        share = trust * by_colour + (1 - trust) * outline
        share = np.clip((share - LEAST) / (MOST - LEAST), 0, 1)
        return share, _unmixed(rgb, share[:, None], product, background)


def matte_of(rgb: Floats, mask: Floats) -> Matte:
    """Return the matte of what a soft `mask` (H x W, 0..1) shows in `rgb` (H x W x 3, 0..1).

    A mask without any surely covered or any surely free pixel is taken as it is, and so are the colours.
    """
    small, scale = reduced(rgb), scale_of(mask.shape)
    outline = settled(small, reduced(mask), scale)
    sure = _sure(outline, scale)
    if not (sure == 1).any() or not (sure == 0).any():
        return Matte(mask.copy(), rgb.copy())
    return parted(rgb, outline, sure, scale)


def parted(rgb: Floats, outline: Floats, sure: Floats, scale: float) -> Matte:
    """Return the matte of one side of an outline, in `rgb` (H x W x 3, 0..1) of any size.

    `outline` and `sure` are of the reduced copy: the share of the side, and 1 where that is sure, 0 where the other
    side is, .5 where colours are to tell; each side is sure somewhere. `scale` is the copy's short side / 400.
    """
    height, width = rgb.shape[:2]
    band = _band(reduced(rgb), outline, sure, scale)
    alpha = cv2.resize(sure, (width, height), interpolation=cv2.INTER_NEAREST)
    colour = rgb.copy()
    steep = max(1.0, height / outline.shape[0] / SOFT)
    everywhere = np.stack(np.nonzero(alpha == 0.5))
    for start in range(0, everywhere.shape[1], CHUNK):
        at = everywhere[:, start : start + CHUNK]
        y, x = at
        alpha[y, x], colour[y, x] = band.shares(rgb[y, x], at, (height, width), steep)
    return Matte(alpha, colour)


def matte_of_alpha(rgb: Floats, alpha: Bytes) -> Matte:
    """Return the matte of a picture that has one: `rgb` H x W x 3 in 0..1, not premultiplied, `alpha` H x W, 0..255."""
    return Matte(np.multiply(alpha, np.float32(1 / 255), dtype=np.float32), fill_hidden(rgb, alpha).copy())


def _band(rgb: Floats, outline: Floats, sure: Floats, scale: float) -> _Band:
    """Return what colours say in the band, and an outline corrected by it and smoothed, for where they say little."""
    product, background = (side_of(rgb, (sure == side).astype(np.float32), scale) for side in (1, 0))
    unsure = cv2.dilate((sure == 0.5).astype(np.uint8), disc(2)) > 0
    measure, certainty = discriminant(product, background, unsure)
    first = _Band(outline, product.mean, background.mean, measure, certainty)
    at = np.stack(np.nonzero(sure == 0.5))
    corrected = sure.copy()
    corrected[tuple(at)] = first.shares(rgb[tuple(at)], at, sure.shape, 1.0)[0]
    corrected, decided = tidied(corrected, sure)
    certainty[decided] = 0
    smooth = cv2.GaussianBlur(corrected, (0, 0), max(0.5, 1.5 * scale))
    return _Band(smooth, product.mean, background.mean, measure, certainty)


def _sure(mask: Floats, scale: float) -> Floats:
    """Return H x W: 1 where there is surely product, 0 where surely background, .5 between."""
    product = cv2.erode((mask > SURE_PRODUCT).astype(np.uint8), disc(BAND * scale)) > 0
    background = cv2.dilate((mask > SURE_BACKGROUND).astype(np.uint8), disc(BAND * scale)) == 0
    return np.where(product, np.float32(1), np.where(background, np.float32(0), np.float32(0.5)))


def _unmixed(seen: Floats, alpha: Floats, product: Floats, background: Floats) -> Floats:
    """Return N x 3: the product's own colour in mixed pixels.

    It is the local mean, corrected by what that leaves unexplained: Forte, "Approximate Fast Foreground Colour
    Estimation", ICIP 2021.
    """
    unexplained = seen - alpha * product - (1 - alpha) * background
    return np.asarray(np.clip(np.where(alpha < 1, product + alpha * unexplained, seen), 0, 1), dtype=np.float32)
