"""The figures that a picture editor's verdict is made of: what each measures and misses, and how it is measured."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from likeness.contract.gates import GateKind, Gates
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.metrics.edits import backdrop, cloth, fringe, grain, matte, pattern, printing, size, things, tone
from likeness.imaging.metrics.edits.contour import contour_of
from likeness.imaging.metrics.edits.pair import Pair, pair_of
from likeness.imaging.metrics.edits.waviness import wavering
from likeness.imaging.outline import WORKING_SIDE

Values = dict[str, float | None]


@dataclass(frozen=True)
class Meaning:
    """What is to be said of one figure: its range and unit, which way is better, what it cannot see.

    `fault` is what an editor calls it when the limit is missed; `mendable` is how far beyond its limit a retoucher
    still mends it: a factor of the limit for what is to stay below, an amount for what is to stay above; None is never.
    """

    unit: str
    least: float
    most: float | None
    fault: str
    misses: str
    higher_is_better: bool = False
    mendable: float | None = None


SHARE = "share of the product"
LARGEST = 1500
"""Px of the longer side of a copy on which the outline of a product that was cut out is judged."""
LEAST_SIDE = 64
"""Px; on less, figures of blotches, folds and fringes say nothing."""

MEANINGS: dict[str, Meaning] = {
    "blotches": Meaning(
        "ratio", 0, None, "blotchy: the colour varies where the cloth does not", "finer noise, a single stain"
    ),
    "folds_kept": Meaning("ratio", -1, 1, "the folds are lost", "form of more than 8 px", True),
    "folds_slope": Meaning("ratio", -1, None, "it lies flat over the folds", "folds of plain parts", True),
    "contrast_kept": Meaning("ratio", 0, None, "the form is lost: hardly any light and shade are left", "where", True),
    "undyed": Meaning(SHARE, 0, 1, "parts of the cloth were not dyed", "a colour left alone as a whole", mendable=2.0),
    "doubt": Meaning(SHARE, 0, None, "the product's outline is in doubt: send a mask", "a sure mistake; sent masks"),
    "left_out": Meaning(
        SHARE, 0, None, "part of the product was left out: send a mask", "grounds that are not white, sent masks"
    ),
    "on_edge": Meaning("ratio", 0, 1, "the product was cut out beside its edge", "parts missed up to an edge", True),
    "bleed": Meaning("px2", 0, None, "the colour runs onto the background", "a background like the product"),
    "halo": Meaning("dE76", 0, None, "fog around the product", "grey fog, which may be a shadow; what is within 3 px"),
    "things_dyed": Meaning(
        SHARE, 0, 1, "a tag, print or other thing was dyed too", "things in the cloth's own colour", mendable=20.0
    ),
    "outline": Meaning("ratio", 0, 1, "the colour does not end where the product ends", "plain outlines", True),
    "new_edges": Meaning(SHARE, 0, 1, "the colour ends in the middle of the cloth", "ends along a fold or a print"),
    "spill": Meaning(SHARE, 0, None, "the background was changed too", "what lies within 6 px", mendable=4.0),
    "fringe": Meaning("dE76", -100, None, "a pale or dark fringe around the product", "ragged edges", mendable=6.0),
    "soft": Meaning("px", 0, None, "the outline is soft", "outlines of fur; where it is; beyond 16 px", mendable=3.0),
    "ragged": Meaning("px", 0, None, "the outline is ragged", "bays wider than 3 % of the image", mendable=4.0),
    "wavy": Meaning(
        "px", 0, None, "the outline wavers where the product does not", "less than a tenth of the outline", mendable=4.0
    ),
    "hanger": Meaning(
        "probability", 0, 1, "a hanger shows", "hangers in the cloth's own colour; where it is", mendable=1e3
    ),
    "grain": Meaning("dE76", 0, None, "noisy", "noise that the original had"),
    "blocks": Meaning("L*", -100, None, "the blocks of JPEG are visible", "blocks not of 8 px"),
    "clipped": Meaning("share of the area", 0, 1, "burnt out or blocked up", "clipping of single channels"),
    "background_left": Meaning(SHARE, 0, None, "the old background shows", "what resembles the product", mendable=20.0),
    "background_off": Meaning(
        "share of the background",
        0,
        1,
        "the background is not the asked colour",
        "what is near the product",
        mendable=6.0,
    ),
    "product_changed": Meaning(SHARE, 0, 1, "the product changed too", "its rim", mendable=5.0),
    "translucent": Meaning(
        SHARE, 0, None, "the background shines through the product", "mistakes of a sure mask", mendable=20.0
    ),
    "print_ground": Meaning("share of the print", 0, 1, "printed over what was there", "weak seams", mendable=None),
    "print_off": Meaning("share of the print", 0, 1, "the print runs off the product", "a wrong mask", mendable=None),
    "print_contrast": Meaning("dE76", 0, None, "the print can hardly be read", "its smallest signs", True, 25.0),
    "ink_spread": Meaning("L*", 0, None, "the ink is uneven", "a logo's own colours", mendable=4.0),
    "residue": Meaning(
        "share of what was uncovered", 0, 1, "the old product shows where it was", "smears in its colours"
    ),
    "cut": Meaning(SHARE, 0, 1, "the frame cuts the product off", "a product cut before", mendable=60.0),
    "broken_off": Meaning(
        "share of a line", 0, 1, "a rail, joint or shadow ends where the product was", "soft ends", mendable=10.0
    ),
    "tinted": Meaning(SHARE, 0, 1, "prints or tags were coloured", "coloured prints", mendable=2.0),
    "rigid": Meaning("ratio", -1, 1, "the pattern is as flat as on paper", "repeats over 120 px", mendable=1.2),
    "own_pattern": Meaning("dE76", 0, None, "the cloth's own pattern or print shows through", "faint ones"),
    "pattern_seen": Meaning("dE76", 0, None, "the pattern is too fine or too faint", "a pattern it had before", True),
    "texture_kept": Meaning("ratio", -1, 1, "the product's own texture is lost", "tone and colour", True),
    "tone_drift": Meaning("dE76", 0, None, "flat areas changed their tone", "single pixels"),
    "tone_shift": Meaning("ratio", -1, None, "the light is not what was asked", "where", True),
    "tones_kept": Meaning("ratio", -1, 1, "the tones were mixed up", "colour", True),
}
"""By name. Every px that is named is one of a copy whose short side is 400 px."""


def measured(given: Floats, made: Floats, check: EditCheck | None) -> Values:
    """Return the figures of an image's kind, both images H x W x 3 in 0..1 of one size, upright.

    Without a `check` it was made again. A figure that the image does not allow is None; one whose short side is under
    LEAST_SIDE px allows none.
    """
    if min(given.shape[:2]) < LEAST_SIDE:
        return dict.fromkeys(Gates().of(GateKind.RECREATE if check is None else check.kind))
    if check is None:
        return _recreated(pair_of(given, made, None), given, made)
    pair = pair_of(given, made, check.product, check.found)
    return OF_KIND[check.kind](pair, given, made, check)


def measured_cutout(alpha: Bytes, doubt: float, wavy: float | None = None, hanger: float | None = None) -> Values:
    """Return the figures of a product that was cut out: `alpha` is its own in the result, H x W in 0..255.

    Px of `soft` are those of the result, or of a copy whose longer side is LARGEST px; those of `ragged` are of a
    short side of 400 px. `doubt` is what the segmenter left undecided, as a share of the product, `wavy`
    how far its outline wavers beside the original's edge, and `hanger` how probable it is that one shows.
    """
    scale = min(1.0, LARGEST / max(alpha.shape))
    to = tuple(max(1, round(side * scale)) for side in alpha.shape[::-1])
    shown = alpha if scale == 1 else cv2.resize(alpha, to, interpolation=cv2.INTER_AREA)
    outline = contour_of(np.multiply(shown, np.float32(1 / 255), dtype=np.float32))
    ragged = outline and outline.ragged / min(shown.shape) * WORKING_SIDE
    return {"doubt": doubt, "soft": outline and outline.width, "ragged": ragged, "wavy": wavy, "hanger": hanger}


def _recreated(pair: Pair, given: Floats, made: Floats) -> Values:
    every = np.ones_like(pair.solid)
    return {
        "tone_drift": tone.tone_drift(pair),
        "texture_kept": cloth.texture_kept(pair, every),
        "grain": grain.grain(pair, every),
        "blocks": grain.blocks(given, made, None),
    }


def _coloured(pair: Pair, given: Floats, made: Floats, check: EditCheck) -> Values:
    folds = cloth.folds(pair)
    return {
        "blotches": cloth.blotches(pair, check.colour),
        "folds_kept": folds and folds[1],
        "contrast_kept": cloth.contrast_kept(pair),
        "undyed": cloth.undyed(pair, check.colour) if check.colour else None,
        "doubt": matte.doubt(pair),
        "left_out": matte.left_out(pair),
        "things_dyed": things.things_dyed(pair),
        "outline": fringe.outline_agreement(pair),
        "new_edges": fringe.new_edges(pair),
        "spill": fringe.spill(pair),
        "bleed": matte.bleed(pair),
        "fringe": fringe.fringe(pair),
        "grain": grain.grain(pair, pair.core),
        "blocks": grain.blocks(given, made, check.product),
        "clipped": grain.clipped(pair, pair.core),
    }


def _before_background(pair: Pair, _given: Floats, _made: Floats, check: EditCheck) -> Values:
    plain = check.colour if check.plain else None
    outline = backdrop.outline_before(pair, plain) if plain else None
    return {
        "fringe": fringe.fringe(pair),
        "soft": outline and outline.width,
        "ragged": outline and outline.ragged,
        "background_left": backdrop.background_left(pair, plain) if plain else None,
        "background_off": backdrop.background_off(pair, plain) if plain else None,
        "product_changed": backdrop.product_changed(pair),
        "translucent": backdrop.translucent(pair, plain) if plain else None,
        "doubt": matte.doubt(pair),
        "left_out": matte.left_out(pair),
        "on_edge": matte.on_edge(pair),
        "halo": matte.halo(pair, plain) if plain else None,
        "wavy": wavering(pair.product, pair.before, pair.scale),
        "hanger": check.hanger,
    }


def _relit(pair: Pair, given: Floats, made: Floats, check: EditCheck) -> Values:
    folds, every = cloth.folds(pair), np.ones_like(pair.solid)
    return {
        "tone_shift": _tone_shift(pair, check.light),
        "folds_kept": folds and folds[1],
        "tones_kept": tone.tones_kept(pair),
        "grain": grain.grain(pair, every),
        "blocks": grain.blocks(given, made, None),
        "clipped": grain.clipped(pair, every),
    }


def _tone_shift(pair: Pair, light: str) -> float | None:
    """Return how far the light went the way that was asked; 1 is the least that is seen at once."""
    lighter, yellower, spread = tone.shifts(pair)
    went = {
        "brighter": lighter / 3,
        "darker": -lighter / 3,
        "warmer": yellower / 3,
        "cooler": -yellower / 3,
        "contrast": (spread - 1) / 0.05,
        "softer": (1 - spread) / 0.05,
        "greyscale": 2 - tone.greyness(pair) / 3,
    }
    return went.get(light)


def _printed(pair: Pair, _given: Floats, _made: Floats, check: EditCheck) -> Values:
    found = printing.print_of(pair)
    return {
        "print_ground": found.busy if found else None,
        "print_off": found.off if found else None,
        "print_contrast": found.contrast if found else None,
        "ink_spread": found.spread if found and check.plain else None,
        "doubt": matte.doubt(pair),
    }


def _resized(pair: Pair, _given: Floats, _made: Floats, check: EditCheck) -> Values:
    return {
        "residue": size.residue(pair, check.factor),
        "cut": size.cut(pair, check.factor),
        "broken_off": size.broken_off(pair, check.factor),
        "doubt": matte.doubt(pair),
        "left_out": matte.left_out(pair),
    }


def _patterned(pair: Pair, _given: Floats, _made: Floats, _check: EditCheck) -> Values:
    folds = cloth.folds(pair)
    return {
        "folds_slope": folds and folds[0],
        "tinted": things.tinted(pair),
        "rigid": pattern.rigid(pair),
        "own_pattern": pattern.own_pattern(pair),
        "pattern_seen": pattern.pattern_seen(pair),
        "things_dyed": things.things_dyed(pair),
        "doubt": matte.doubt(pair),
        "left_out": matte.left_out(pair),
        "spill": fringe.spill(pair),
    }


def _in_material(pair: Pair, _given: Floats, _made: Floats, _check: EditCheck) -> Values:
    folds = cloth.folds(pair)
    return {
        "blotches": cloth.blotches(pair, None),
        "folds_kept": folds and folds[1],
        "rigid": pattern.rigid(pair),
        "things_dyed": things.things_dyed(pair),
    }


def _redrawn(pair: Pair, _given: Floats, _made: Floats, _check: EditCheck) -> Values:
    return {"texture_kept": cloth.texture_kept(pair, pair.core), "spill": fringe.spill(pair)}


def _drawn(pair: Pair, _given: Floats, _made: Floats, _check: EditCheck) -> Values:
    return {"clipped": grain.clipped(pair, np.ones_like(pair.solid))}


def _as_a_whole(_pair: Pair, _given: Floats, _made: Floats, _check: EditCheck) -> Values:
    return {}


def _again(pair: Pair, given: Floats, made: Floats, _check: EditCheck) -> Values:
    return _recreated(pair, given, made)


OF_KIND: dict[GateKind, Callable[[Pair, Floats, Floats, EditCheck], Values]] = {
    GateKind.RECREATE: _again,
    GateKind.COLOUR: _coloured,
    GateKind.BACKGROUND: _before_background,
    GateKind.LIGHT: _relit,
    GateKind.PRINT: _printed,
    GateKind.SIZE: _resized,
    GateKind.PATTERN: _patterned,
    GateKind.MATERIAL: _in_material,
    GateKind.STYLE: _redrawn,
    GateKind.FILL: _redrawn,
    GateKind.CONTROL: _redrawn,
    GateKind.DRAWN: _drawn,
    GateKind.SEVERAL: _as_a_whole,
}
