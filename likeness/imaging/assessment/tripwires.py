"""Hard tripwires: what no threshold that was asked can excuse. Each fires a plain sentence, and that rejects.

A metric can be good where an image is useless: a black frame can outscore a real image on CLIP. So these look for
the known ways in which an engine breaks, always against the given image, which may be black, blank or clipped itself.
Pixels are P x 3 arrays in 0..1, those of both images in the same order; of large images an even share of them.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from likeness.imaging.assessment.edit_check import INSIDE, OUTSIDE, EditCheck, Where
from likeness.imaging.assessment.large import spread, step_of
from likeness.imaging.colour import Floats
from likeness.imaging.metrics.delta_e import Reals, lab

BLACK = 10 / 255
"""A channel up to here is black: near it, screens show nothing, and compression adds a few steps."""
BLACK_SHARE = 0.999
"""Of the pixels; an image with less light than one pixel in a thousand shows nothing."""
BLANK = 2 / 255
"""Standard deviation of every channel up to which an image has one colour; compression leaves about one step."""
BLANK_GIVEN = 3 * BLANK
"""What the given image must have: below that it is hardly less blank."""
CLIPPED = 0.5 / 255
"""From 0 or 1: what is stored as the first or last of 256 steps."""
SATURATED = 0.25
"""Share of samples that may be clipped beyond the given image's: a quarter of the image has lost its detail."""
POSTERISED = 0.5
"""Share of pixels clipped in other ways than the most common one: two flat colours can reach a half, no more."""
CAST = 12.0
"""CIELAB units between the mean colours; a shift of all pixels that anyone sees at once, with nothing beside it."""
CAST_PIXELS = 65_536
"""Pixels, evenly spread, that a mean colour is taken of."""
UNCHANGED_STEP, UNCHANGED_BLOCK = 8 / 255, 3 / 255
"""A pixel, and the mean of a block of 8 x 8 px, that differ by less may differ by compression alone."""
UNCHANGED_SHARE = 0.002
"""Of the pixels and of the blocks, everywhere and where the edit belongs, that may differ by more all the same."""
BLOCK = 8
"""Px; compression leaves the mean of a block nearly as it was, and an edit of the light or the colour does not."""

IS_BLACK, IS_BLANK = "the image is black", "the image is blank: it has one colour"
NOT_FINITE = "the engine made numbers that are not finite; they are shown as black"


def made_finite(canvas: Floats) -> tuple[Floats, list[str]]:
    """Return an engine's canvas with 0 for what is not finite, and a sentence if there was any."""
    if np.isfinite(canvas).all():
        return canvas, []
    return np.where(np.isfinite(canvas), canvas, np.float32(0)), [NOT_FINITE]


def tripped(given: Floats, made: Floats, seen: Where | None = None, check: EditCheck | None = None) -> list[str]:
    """Return a sentence for each tripwire that fires, of two upright images H x W x 3 in 0..1; `check` is of an edit.

    `seen` is where the given image can be seen, H x W; None is everywhere. Where it can be seen nowhere, or the sizes
    differ (which rejects anyway), none fires.
    """
    if given.shape != made.shape or (seen is not None and not seen.any()):
        return []
    return [said for said in _sentences(given, made, seen, check) if said]


def tripped_alone(made: Floats) -> list[str]:
    """Return a sentence where an image that nothing was given for, H x W x 3 in 0..1, shows nothing."""
    pixels = _pixels(made, None)
    if _share_black(pixels) >= BLACK_SHARE:
        return [IS_BLACK]
    return [IS_BLANK] if _texture(pixels) <= BLANK else []


def _sentences(given: Floats, made: Floats, seen: Where | None, check: EditCheck | None) -> Iterator[str | None]:
    step = step_of(given)
    one, two = spread(given, step), spread(made, step)
    where = None if seen is None else spread(seen, step)
    whole = _pixels(one, where), _pixels(two, where)
    yield black(*whole) or blank(*whole)
    if check is None:
        yield saturated(*whole)
        yield colour_cast(*whole)
        return
    if check.inside is None:
        yield posterised(*whole)
    else:
        untouched = _both(where, spread(check.inside, step) < OUTSIDE)
        yield saturated(_pixels(one, untouched), _pixels(two, untouched))
    if check.changes:
        yield unchanged(given, made, seen if check.inside is None else _both(seen, check.inside > INSIDE))


def black(given: Floats, made: Floats) -> str | None:
    """Fire when nothing of the made image is brighter than black, and something of the given one is."""
    dark, was = _share_black(made), _share_black(given)
    return IS_BLACK if dark >= BLACK_SHARE > was else None


def blank(given: Floats, made: Floats) -> str | None:
    """Fire when the made image has one colour, and the given one clearly more."""
    one_colour = _texture(made) <= BLANK and _texture(given) >= BLANK_GIVEN
    return IS_BLANK if one_colour else None


def saturated(given: Floats, made: Floats) -> str | None:
    """Fire when many more samples are clipped, at 0 or at 1, than were."""
    if not len(made):
        return None
    share, was = _share_clipped(made), _share_clipped(given)
    return _clipped_sentence(share, was) if share > was + SATURATED else None


def posterised(given: Floats, made: Floats) -> str | None:
    """Fire when many more pixels are clipped than were, without those of the most common clipped colour.

    For an edit that may change everything: a plain background may be pure white or pure red. Clipped in many ways is
    what too much guidance looks like.
    """
    share, was = _clipped_otherwise(made), _clipped_otherwise(given)
    return _clipped_sentence(share, was) if share > was + POSTERISED else None


def colour_cast(given: Floats, made: Floats) -> str | None:
    """Fire when the mean CIELAB colour moved far."""
    shift = _mean_lab(made) - _mean_lab(given)
    length = float(np.linalg.norm(shift))
    light, red, yellow = shift
    return (
        f"the colours are shifted as a whole by {length:.1f} (L* {light:+.1f}, a* {red:+.1f}, b* {yellow:+.1f})"
        if length > CAST
        else None
    )


def unchanged(given: Floats, made: Floats, place: Where | None = None) -> str | None:
    """Fire when an H x W x 3 image is the given one but for compression, everywhere and in `place` (H x W)."""
    difference = made - given
    if place is not None and not place.any():
        return None
    same = _compression_alone(difference) and (place is None or _compression_alone(difference, place))
    return "the edit did nothing: the given image came back" if same else None


def _compression_alone(difference: Floats, place: Where | None = None) -> bool:
    """Return whether hardly a pixel and hardly a block of 8 x 8 px differ by more than compression makes them."""
    height, width = difference.shape[:2]
    where = np.ones((height, width), np.float32) if place is None else place.astype(np.float32)
    size = (max(1, width // BLOCK), max(1, height // BLOCK))
    blocks = cv2.resize(difference * where[..., None], size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(where, size, interpolation=cv2.INTER_AREA)
    moved = np.abs(blocks).max(axis=2) > UNCHANGED_BLOCK * share
    alike = cv2.inRange(difference, (-UNCHANGED_STEP,) * 3, (UNCHANGED_STEP,) * 3)
    changed = cv2.countNonZero(where) - cv2.countNonZero(cv2.bitwise_and(alike, alike, mask=(where > 0).view(np.uint8)))
    return bool(moved[share > 0].mean() <= UNCHANGED_SHARE and changed <= UNCHANGED_SHARE * cv2.countNonZero(where))


def _pixels(rgb: Floats, where: Where | None) -> Floats:
    return rgb.reshape(-1, 3) if where is None else rgb[where]


def _both(seen: Where | None, where: Where) -> Where:
    return where if seen is None else where & seen


def _share_black(pixels: Floats) -> float:
    return _share_within(pixels, -np.inf, BLACK)


def _share_within(pixels: Floats, low: float, high: float) -> float:
    """Return the share of pixels, P x 3, all of whose channels lie between two values."""
    if not len(pixels):
        return float("nan")
    return cv2.countNonZero(cv2.inRange(pixels[:, None], (low,) * 3, (high,) * 3)) / len(pixels)


def _texture(pixels: Floats) -> float:
    """Return the largest standard deviation of a channel."""
    return float(cv2.meanStdDev(pixels[:, None])[1].max())


def _share_clipped(pixels: Floats) -> float:
    """Return the share of samples that are clipped."""
    ends = cv2.threshold(np.abs(pixels - np.float32(0.5)), 0.5 - CLIPPED, 1, cv2.THRESH_BINARY)[1]
    return float(cv2.sumElems(ends)[0] / pixels.size)


def _clipped_otherwise(pixels: Floats) -> float:
    """Return the share of clipped pixels, without those clipped in the most common way (which channels, to which end).

    The ways are numbered 0..26; the middle one is not clipped at all.
    """
    ends = (pixels >= 1 - CLIPPED).astype(np.int8) - (pixels <= CLIPPED)
    counts = np.bincount((ends + 1) @ np.array([9, 3, 1]), minlength=27)
    counts[13] = 0
    return float((counts.sum() - counts.max()) / len(pixels))


def _clipped_sentence(share: float, was: float) -> str:
    return f"the image is saturated: {share:.0%} is clipped, {was:.0%} was"


def _mean_lab(pixels: Floats) -> Reals:
    picked = pixels[np.linspace(0, len(pixels) - 1, min(len(pixels), CAST_PIXELS)).astype(np.intp)]
    return np.asarray(lab(picked[:, None]).mean(axis=(1, 2), dtype=np.float64))
