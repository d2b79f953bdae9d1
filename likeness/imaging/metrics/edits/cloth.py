"""What became of the cloth: blotches, lost folds and form, parts that were not dyed."""

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of_colour
from likeness.imaging.metrics.edits.pair import (
    Pair,
    band_within,
    blurred_within,
    correlation,
    eroded,
    opened,
    unexplained,
)
from likeness.imaging.outline import Where

LEAST_PIXELS, FEWEST = 300, 100
"""Px at short side 400, and in any copy, of which an area needs one or the other to show a figure."""
FINE, COARSE = 3.0, 24.0
"""Sigmas between which a blotch lies, in px at short side 400."""
SHADE, FLOOR = 0.02, 0.6
"""What shading does to a* and b* grows with the colour's chroma: blotches are told in units of SHADE * C + FLOOR."""
KNOTS = 8
"""Of a dye's course over L*."""
HUE, GREY = 35.0, 12.0
"""Degrees from the asked hue up to which a pixel is dyed; the chroma up to which a colour counts as grey."""
BARE = 0.3
"""Standard deviation of the fine L* contrast under which an image has no texture."""
DARK = 12.0
"""L* up to which a pixel shows no hue."""
NEAREST, FARTHEST = 1.0, 8.0
"""Sigmas between which folds lie."""
CHANGED = 8.0
"""CIELAB units from which on a pixel changed."""
CLUSTERS, SAMPLES = 8, 6000
FLATTENED = np.array([0.5, 1.5, 1.5], dtype=np.float32)
"""Weights of L*, a*, b* among the colours of one cloth: light varies, dye does not."""
TAKEN_UP = 0.3
"""Share of a colour's pixels that took the dye, from which on the rest of it should have too."""


def dyed(lab: Floats, colour: tuple[int, int, int]) -> Where:
    """Return where CIELAB pixels are at the hue of `colour` (sRGB in 0..255), or as grey as it is."""
    target = lab_of_colour(colour)
    chroma, asked = np.hypot(lab[..., 1], lab[..., 2]), float(np.hypot(target[1], target[2]))
    if asked < GREY:
        return np.asarray(np.hypot(lab[..., 1] - target[1], lab[..., 2] - target[2]) < GREY)
    turn = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(target[2], target[1]))
    near = np.abs((turn + 180) % 360 - 180) < HUE
    return np.asarray(near & (chroma > 0.15 * np.minimum(asked, lab[..., 0])))


def blotches(pair: Pair, colour: tuple[int, int, int] | None) -> float | None:
    """Return the median CIELAB change over 3 to 24 px that is no function of the given colours; 0.., lower is better.

    In units of what shading does at the asked colour's chroma, over what was dyed, so that tags left alone do not
    count; a median, for blotches are everywhere and the edges of prints are not. Without a colour: over the whole core,
    for a chroma of 20. None where too little was dyed.
    """
    where = pair.core
    if colour is not None:
        where = eroded(opened(where & dyed(pair.after, colour), 2 * pair.scale), 2 * pair.scale)
    if where.sum() < max(FEWEST, LEAST_PIXELS * pair.scale**2):
        return None
    chroma = 20.0 if colour is None else float(np.hypot(*lab_of_colour(colour)[1:]))
    left = np.zeros_like(pair.after)
    soft = max(0.5, 0.8 * pair.scale)
    given, made = (
        np.asarray(cv2.GaussianBlur(lab, (0, 0), soft)[where], dtype=np.float32) for lab in (pair.before, pair.after)
    )
    left[where] = unexplained(made, _of_colours(given))
    band = band_within(left, where, FINE * pair.scale, COARSE * pair.scale)[where]
    return float(np.median(np.linalg.norm(band, axis=1))) / (SHADE * chroma + FLOOR)


def _of_colours(lab: Floats) -> Floats:
    """Return N x K: what a dye may make of CIELAB colours, any course over L* and a* and b* in any light."""
    light, a, b = lab.T
    knots = np.unique(np.percentile(light, np.linspace(1, 99, KNOTS)))
    courses = [np.interp(light, knots, one) for one in np.eye(len(knots))]
    return np.stack([*courses, a, b, light * a / 50, light * b / 50], axis=1).astype(np.float32)


def folds(pair: Pair) -> tuple[float, float] | None:
    """Return the slope and the correlation (-1..1) of the made L* on the given, over 1 to 8 px, where most changed.

    1 is unchanged; near 0 the folds are gone. None where too little changed.
    """
    where = _most_changed(pair)
    if where.sum() < max(FEWEST, LEAST_PIXELS * pair.scale**2):
        return None
    given, made = (
        band_within(lab[..., :1], where, NEAREST * pair.scale, FARTHEST * pair.scale)[where][:, 0]
        for lab in (pair.before, pair.after)
    )
    return float((given * made).sum() / max(float((given * given).sum()), 1e-3)), correlation(given, made)


def _most_changed(pair: Pair) -> Where:
    if not pair.core.any():
        return pair.core
    least = max(CHANGED, float(np.percentile(pair.change[pair.core], 60)))
    return eroded(pair.core & (pair.change > least), 2 * pair.scale)


def contrast_kept(pair: Pair) -> float | None:
    """Return the spread of the made L* over that of the given one, 5th to 95th percentile, at 2 px; 0.., 1 is equal."""
    if pair.core.sum() < max(FEWEST, LEAST_PIXELS * pair.scale**2):
        return None
    spreads = []
    for lab in (pair.before, pair.after):
        light = blurred_within(lab[..., :1], pair.core, 2 * pair.scale)[pair.core]
        spreads.append(float(np.subtract(*np.percentile(light, (95, 5)))))
    return spreads[1] / max(spreads[0], 1.0)


def undyed(pair: Pair, colour: tuple[int, int, int]) -> float | None:
    """Return the share of the product that missed a dye which others of its colour took; 0..1, lower is better.

    A colour that was left alone as a whole, as a tag's is, counts as kept on purpose.
    """
    solid = eroded(pair.solid, 1.5 * pair.scale)
    if solid.sum() < max(FEWEST, LEAST_PIXELS * pair.scale**2):
        return None
    pixels, took = pair.before[solid] * FLATTENED, (dyed(pair.after, colour) | _hueless(pair.after, colour))[solid]
    chosen = np.random.default_rng(0).choice(len(pixels), min(SAMPLES, len(pixels)), replace=False)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(0)
    empty = np.empty(0, np.int32)
    _, _, centres = cv2.kmeans(pixels[chosen], CLUSTERS, empty, stop, 1, cv2.KMEANS_PP_CENTERS)
    label = np.argmin(np.stack([((pixels - centre) ** 2).sum(1) for centre in centres]), axis=0)
    sizes, dyes = np.bincount(label, minlength=CLUSTERS), np.bincount(label, took, CLUSTERS)
    partly = dyes > TAKEN_UP * sizes
    return float((sizes - dyes)[partly].sum() / len(pixels)) if partly.any() else 1.0


def _hueless(lab: Floats, colour: tuple[int, int, int]) -> Where:
    """Return where a pixel is too dark to show a hue, or burnt out as a gleam is."""
    return np.asarray((lab[..., 0] < DARK) | (lab[..., 0] > 96))


def texture_kept(pair: Pair, where: Where) -> float | None:
    """Return the correlation of the fine L* contrast (below 1.5 px) of both images there; -1..1, higher is better.

    None where the given image has no texture that could be lost.
    """
    if where.sum() < max(FEWEST, LEAST_PIXELS * pair.scale**2):
        return None
    one, two = (
        (lab[..., 0] - cv2.GaussianBlur(np.ascontiguousarray(lab[..., 0]), (0, 0), 1.5 * pair.scale))[where]
        for lab in (pair.before, pair.after)
    )
    return None if one.std() < BARE else correlation(one, two)
