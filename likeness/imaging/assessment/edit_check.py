"""Whether an edit happened, and only that: the colour reached inside, and what changed inside and outside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from likeness.contract.gates import GateKind
from likeness.contract.report import EditReport, Score, Thresholds
from likeness.imaging.assessment.large import said, spread, step_of
from likeness.imaging.assessment.learned import Captions
from likeness.imaging.assessment.scores import SIZES_DIFFER, missed, scored
from likeness.imaging.colour import Floats
from likeness.imaging.metrics.delta_e import STRIP, Reals, ciede2000, lab

INSIDE, OUTSIDE = 0.5, 0.05
"""Weights above which a pixel is inside an edit, and below which it is outside."""

DARK, PALE = 33.4, 66.6
"""L* between which a colour without hue is grey; below it is black, above it white."""

LEAST_CHROMA = 4.0
"""CIELAB chroma of a mean colour below which its hue is chance."""

NAMES = ("hue_error", "colour_delta_e", "pixel_delta_e", "change_inside", "change_outside")
NO_COLOUR = "no colour is asked"
NO_HUE = "the asked colour has no hue"
NOTHING_INSIDE = "the edit belongs nowhere in this image"
NOTHING_OUTSIDE = "the edit belongs everywhere in this image"

Where = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EditCheck:
    """What an edit is measured by.

    `asked` is the edit as understood. `inside` is where it belongs, H x W in 0..1 of the upright image; None
    is everywhere. `colour` is what the mean inside should be, sRGB in 0..255, where one is asked; `chromatic` is False
    for black, white and grey, which have no hue. `kept` is where no sample may change, H x W of the upright image.
    `captions` say what the images show, for CLIP. `changes` is False where the same image was asked for. `kind` says
    whose limits the figures are held against; for these `product` is where the product is, H x W in 0..1, `found` is
    what the segmenter took for it, before its doubts were settled, None where nobody asked it; `plain` is
    whether the colour is that of all the background, `factor` by how much the product is to grow, `light` the light
    that is asked, as instructions name it; `hanger` how probable it is that one shows. `notes` are sentences on how the
    request was read, which go into the report whatever its verdict. `lossy` says that what is kept may change as far
    as JPEG at a high quality changes it.
    """

    asked: str
    inside: Floats | None = None
    colour: tuple[int, int, int] | None = None
    chromatic: bool = True
    kept: Where | None = None
    captions: Captions | None = None
    changes: bool = True
    kind: GateKind = GateKind.DRAWN
    product: Floats | None = None
    found: Floats | None = None
    plain: bool = False
    factor: float = 1.0
    light: str = ""
    hanger: float | None = None
    notes: tuple[str, ...] = ()
    lossy: bool = False


def edit_report(
    given: Floats, made: Floats, check: EditCheck, thresholds: Thresholds, learned: Sequence[Score] = ()
) -> tuple[EditReport, list[str]]:
    """Return the metrics of an edit, and a sentence for each that was missed; both images H x W x 3 in 0..1, upright.

    hue_error is the angle between the hues of the mean CIELAB colour inside and of the asked; colour_delta_e is the
    CIEDE2000 between these two; pixel_delta_e is the mean of each pixel's to the asked, so the shading that is kept
    counts; change_inside and change_outside are the mean CIEDE2000 between given and made. A colour without hue gets
    its lightness besides: the mean L* inside, which must be in the asked third unless a colour_delta_e is asked. Where
    a hue is asked and none can be seen, that is a miss too. `learned` are the metrics of trained networks: they are
    told, and judge nothing.
    """
    if given.shape == made.shape:
        scores, misses = _measured(given, made, check, set(thresholds.asked()))
    else:
        scores, misses = [scored(name, None, SIZES_DIFFER) for name in NAMES], [SIZES_DIFFER]
    misses += missed(scores, thresholds)
    scores += learned
    colour = None if check.colour is None else "#{:02X}{:02X}{:02X}".format(*check.colour)
    return EditReport(asked=check.asked, colour=colour, scores=scores, happened=not misses), misses


def _measured(given: Floats, made: Floats, check: EditCheck, asked: set[str]) -> tuple[list[Score], list[str]]:
    """Return the metrics of two images of one size, and the misses that no threshold tells."""
    step = step_of(given)
    given, made = spread(given, step), spread(made, step)
    everywhere = np.ones(given.shape[:2], dtype=np.float32)
    weight = everywhere if check.inside is None else spread(check.inside, step)
    inside, outside = weight > INSIDE, weight < OUTSIDE
    colours, misses = _colour_scores(made, inside, check, asked)
    changes = [
        _change_score("change_inside", _mean_change(given, made, inside), NOTHING_INSIDE),
        _change_score("change_outside", _mean_change(given, made, outside), NOTHING_OUTSIDE),
    ]
    return [said(score, step) for score in colours + changes], misses


def _change_score(name: str, value: float | None, reason: str) -> Score:
    return scored(name, value, reason if value is None else None)


def _colour_scores(made: Floats, inside: Where, check: EditCheck, asked: set[str]) -> tuple[list[Score], list[str]]:
    """Return the metrics of the colour inside, and what is wrong with it that no threshold tells."""
    names = NAMES[:3]
    if check.colour is None:
        return [scored(name, None, NO_COLOUR) for name in names], []
    if not inside.any():
        return [scored(name, None, NOTHING_INSIDE) for name in names], ["there is nothing to colour"]
    mean, target = _mean_lab(made, inside), _lab_of(check.colour)
    distances = [
        scored("colour_delta_e", float(ciede2000(mean, target))),
        scored("pixel_delta_e", _mean_distance(made, inside, target)),
    ]
    if check.chromatic:
        hue = _hue_score(mean, target)
        return [hue, *distances], [str(hue.reason)] if hue.value is None and "hue_error" in asked else []
    third = _third(float(target[0]))
    scores = [scored("hue_error", None, NO_HUE), *distances, scored("lightness", float(mean[0]), f"asked {third}")]
    wrong = _third(float(mean[0])) != third and "colour_delta_e" not in asked
    return scores, [f"lightness {mean[0]:.1f} is not in the asked {third}"] if wrong else []


def _hue_score(mean: Reals, target: Reals) -> Score:
    """Return the angle between two hues in degrees; none when the mean has no hue."""
    chroma = float(np.hypot(mean[1], mean[2]))
    if chroma < LEAST_CHROMA:
        return scored("hue_error", None, f"no hue can be seen inside (chroma {chroma:.1f})")
    turn = np.degrees(np.arctan2(mean[2], mean[1]) - np.arctan2(target[2], target[1]))
    return scored("hue_error", float(abs((turn + 180) % 360 - 180)))


def _third(lightness: float) -> str:
    """Return the third of L* that a lightness is in, in words."""
    if lightness < DARK:
        return f"0 to {DARK}"
    return f"{PALE} to 100" if lightness > PALE else f"{DARK} to {PALE}"


def _lab_of(colour: tuple[int, int, int]) -> Reals:
    """Return the CIELAB of one sRGB colour in 0..255, 3 numbers."""
    return lab(np.array(colour, dtype=np.float32).reshape(1, 1, 3) / np.float32(255))[:, 0, 0]


def _chosen(rgb: Floats, where: Where) -> Iterator[Reals]:
    """Yield the CIELAB of the chosen pixels, 3 x N x 1, a strip of rows at a time."""
    for top in range(0, len(rgb), STRIP):
        rows = slice(top, top + STRIP)
        if where[rows].any():
            yield lab(rgb[rows][where[rows]][:, None])


def _mean_lab(rgb: Floats, where: Where) -> Reals:
    total = reduce(np.add, (pixels.sum(axis=(1, 2), dtype=np.float64) for pixels in _chosen(rgb, where)))
    return np.asarray(total / np.count_nonzero(where))


def _mean_distance(rgb: Floats, where: Where, target: Reals) -> float:
    total = sum(float(ciede2000(pixels, target[:, None, None]).sum(dtype=np.float64)) for pixels in _chosen(rgb, where))
    return total / np.count_nonzero(where)


def _mean_change(given: Floats, made: Floats, where: Where) -> float | None:
    """Return the mean CIEDE2000 of the chosen pixels; None when none is chosen."""
    if not where.any():
        return None
    pairs = zip(_chosen(given, where), _chosen(made, where), strict=True)
    total = sum(float(ciede2000(*pair).sum(dtype=np.float64)) for pair in pairs)
    return float(total / np.count_nonzero(where))
