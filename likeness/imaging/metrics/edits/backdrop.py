"""Another background: what is left of the old one, what is not the asked colour, what the product lost."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of_colour
from likeness.imaging.metrics.edits.contour import Contour, contour_of
from likeness.imaging.metrics.edits.pair import Pair, blurred_within, eroded, opened
from likeness.imaging.outline import Where

SAME, ALIKE, UNLIKE = 4.0, 6.0, 12.0
"""CIELAB distances: of what did not change, of a colour of the old background, and of what is none of the product."""
OFF, FOREGROUND = 5.0, 15.0
"""CIELAB distances to the asked colour, from which on a pixel is not of it, and the product's own can be told."""
LEAST_AREA = 200
CLUSTERS, SAMPLES = 8, 4000
FAR = 20.0
"""Px from the product, at short side 400, beyond which shadows have ended."""
WITHIN, OWN = 5.0, 6.0
"""Px at short side 400: how far inside the product's own colour begins, and over how much of it that is taken."""


def background_left(pair: Pair, colour: tuple[int, int, int]) -> float | None:
    """Return the area that still shows the old background, as a share of the product; 0.., lower is better.

    That is what did not change, in a colour of the old background, in none of the product's and not in the asked one.
    None where there was too little background to know it.
    """
    outside = pair.away(8)
    if outside.sum() < 200 or pair.core.sum() < 200:
        return None
    old, own = _palette(pair.before[outside]), _palette(pair.before[eroded(pair.product > 0.95, 6 * pair.scale)])
    if own is None or old is None:
        return None
    other = np.linalg.norm(pair.after - lab_of_colour(colour), axis=2) > UNLIKE
    left = other & (pair.change < SAME) & (_nearest(pair.before, old) < ALIKE) & (_nearest(pair.before, own) > UNLIKE)
    return float(opened(left, pair.scale).sum() / max(int(pair.solid.sum()), 1))


def _palette(pixels: Floats) -> Floats | None:
    if len(pixels) < CLUSTERS * 10:
        return None
    chosen = np.random.default_rng(0).choice(len(pixels), min(SAMPLES, len(pixels)), replace=False)
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    found = cv2.kmeans(pixels[chosen], CLUSTERS, np.empty(0, np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(found[2], dtype=np.float32)


def _nearest(lab: Floats, colours: Floats) -> Floats:
    return np.asarray(np.min([np.linalg.norm(lab - colour, axis=2) for colour in colours], axis=0), dtype=np.float32)


def background_off(pair: Pair, colour: tuple[int, int, int]) -> float | None:
    """Return the share of the background, 20 px and more from the product, that is not the asked colour; 0..1."""
    far = pair.away(FAR)
    if far.sum() < 200:
        return None
    return float((np.linalg.norm(pair.after[far] - lab_of_colour(colour), axis=1) > OFF).mean())


def outline_before(pair: Pair, colour: tuple[int, int, int]) -> Contour | None:
    """Return how wide and ragged the product's outline is before a plain background; px at short side 400.

    Each pixel's share of product is its place between the background's colour and the product's own nearby. None where
    there is no outline that stands out.
    """
    behind = lab_of_colour(colour)
    inside = eroded(pair.solid, WITHIN * pair.scale)
    if inside.sum() < LEAST_AREA:
        return None
    apart = blurred_within(pair.after, inside, OWN * pair.scale) - behind
    length = np.maximum((apart * apart).sum(axis=2), FOREGROUND**2)
    share = np.clip(((pair.after - behind) * apart).sum(axis=2) / length, 0, 1)
    share[inside], share[pair.away(FAR)] = 1, 0
    found = contour_of(np.asarray(share, dtype=np.float32))
    return found and Contour(found.width / pair.scale, found.ragged / pair.scale)


def product_changed(pair: Pair) -> float | None:
    """Return the share of the product, well inside its outline, that changed by more than 8 CIELAB units; 0..1."""
    sure: Where = eroded(pair.product > 0.95, 4 * pair.scale)
    return float((pair.change[sure] > 8).mean()) if sure.any() else None


def translucent(pair: Pair, colour: tuple[int, int, int]) -> float:
    """Return the area in which the new background shines through, as a share of the product; 0.., lower is better.

    Looked for where the mask is in doubt, well inside its outline: such a place should be product or background.
    """
    solid = (pair.product > 0.3).astype(np.uint8)
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(solid), outlines, -1, 1, -1) > 0
    unsure = (pair.product > 0.12) & (pair.product < 0.9) & eroded(filled, 5 * pair.scale)
    whole = np.linalg.norm(pair.before - lab_of_colour(colour), axis=2)
    gone = pair.change / np.maximum(whole, 1)
    mixed = unsure & (whole > UNLIKE) & (gone > 0.15) & (gone < 0.85)
    return float(opened(mixed, 2 * pair.scale).sum() / max(int(pair.solid.sum()), 1))
