"""What an image must reach to be accepted, by what was asked of it: a limit for each figure that an editor sees by.

A limit of null switches its figure off. The figures are in `likeness.imaging.assessment.edit_figures`; where the limits
come from is told in docs/thresholds.md.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field

from likeness.contract.options import Strict

Limit = float | None
Overrides = Mapping[str, Mapping[str, Limit]]
"""Limits by kind and figure, of those that differ."""


class GateKind(StrEnum):
    """The kinds of image that have limits of their own."""

    RECREATE = "recreate"
    """The same image again."""
    COLOUR = "colour"
    """The product in another colour, by name or exactly."""
    BACKGROUND = "background"
    """Another background."""
    LIGHT = "light"
    """Another light."""
    PRINT = "print"
    """A text or a logo on the product."""
    SIZE = "size"
    """The product larger or smaller."""
    PATTERN = "pattern"
    """A pattern on the product."""
    MATERIAL = "material"
    """The product in another material."""
    STYLE = "style"
    """The style of another image."""
    FILL = "fill"
    """An area redrawn from a prompt."""
    CONTROL = "control"
    """Redrawn from a prompt along control maps."""
    DRAWN = "drawn"
    """Drawn by an engine that reads instructions, completes images or follows a guide."""
    PACKSHOT = "packshot"
    """The product cut out, or on a ground of its own."""
    SEVERAL = "several"
    """Several edits as a whole: each is held against the limits of its own kind."""


UNJUDGED = frozenset({GateKind.MATERIAL, GateKind.STYLE, GateKind.FILL, GateKind.CONTROL, GateKind.DRAWN})
"""Kinds whose content only a person can judge: limits reject them, and none accepts them."""


def _at_most(limit: float | None) -> Limit:
    limited: Limit = Field(default=limit, ge=0, description="at most")
    return limited


def _at_least(limit: float | None, least: float = -1) -> Limit:
    limited: Limit = Field(default=limit, ge=least, description="at least")
    return limited


MOST_DOUBT = 0.087
"""What a segmenter may leave undecided, beside the product, for its outline to be one: half as much again as on any of
the training photos whose edits a shop could publish, where it left .058 at most."""


MOST_HANGER = 0.5
"""How probable it may be that a hanger shows: of training photos kept out, that rejects nine of ten that show one."""


MOST_WAVY = 0.43
"""Px of a short side of 400 that an outline may waver beside the photo's edge: 24 training photos have .25 to .40, and
.52 to .68 when they are frayed by .8 px."""


class RecreateGates(Strict):
    """Limits of an image that was made again."""

    tone_drift: Limit = _at_most(2.0)
    texture_kept: Limit = _at_least(0.6)
    grain: Limit = _at_most(2.2)
    blocks: Limit = _at_most(0.6)


class ColourGates(Strict):
    """Limits of another colour."""

    blotches: Limit = _at_most(0.4)
    folds_kept: Limit = _at_least(0.88)
    contrast_kept: Limit = _at_least(0.12, 0)
    undyed: Limit = _at_most(0.1)
    doubt: Limit = _at_most(MOST_DOUBT)
    left_out: Limit = _at_most(0.15)
    things_dyed: Limit = _at_most(0.004)
    outline: Limit = _at_least(0.7, 0)
    new_edges: Limit = _at_most(0.0018)
    spill: Limit = _at_most(0.01)
    bleed: Limit = _at_most(253.0)
    fringe: Limit = _at_most(3.5)
    grain: Limit = _at_most(2.2)
    blocks: Limit = _at_most(0.6)
    clipped: Limit = _at_most(0.06)


class BackgroundGates(Strict):
    """Limits of another background."""

    fringe: Limit = _at_most(1.1)
    soft: Limit = _at_most(4.87)
    ragged: Limit = _at_most(0.4)
    background_left: Limit = _at_most(0.006)
    background_off: Limit = _at_most(0.05)
    product_changed: Limit = _at_most(0.02)
    translucent: Limit = _at_most(0.008)
    doubt: Limit = _at_most(MOST_DOUBT)
    left_out: Limit = _at_most(0.15)
    on_edge: Limit = _at_least(0.5, 0)
    halo: Limit = _at_most(1.54)
    wavy: Limit = _at_most(MOST_WAVY)
    hanger: Limit = _at_most(MOST_HANGER)


class LightGates(Strict):
    """Limits of another light."""

    tone_shift: Limit = _at_least(1.0)
    folds_kept: Limit = _at_least(0.88)
    tones_kept: Limit = _at_least(0.9)
    grain: Limit = _at_most(2.2)
    blocks: Limit = _at_most(0.6)
    clipped: Limit = _at_most(0.05)


class PrintGates(Strict):
    """Limits of a print."""

    print_ground: Limit = _at_most(0.025)
    print_off: Limit = _at_most(0.01)
    print_contrast: Limit = _at_least(25.0, 0)
    ink_spread: Limit = _at_most(5.0)
    doubt: Limit = _at_most(MOST_DOUBT)


class SizeGates(Strict):
    """Limits of another size."""

    residue: Limit = _at_most(0.1)
    cut: Limit = _at_most(0.002)
    broken_off: Limit = _at_most(0.003)
    doubt: Limit = _at_most(MOST_DOUBT)
    left_out: Limit = _at_most(0.15)


class PatternGates(Strict):
    """Limits of a pattern."""

    folds_slope: Limit = _at_least(0.32)
    tinted: Limit = _at_most(0.026)
    rigid: Limit = _at_most(0.88)
    own_pattern: Limit = _at_most(8.6)
    pattern_seen: Limit = _at_least(6.0, 0)
    things_dyed: Limit = _at_most(0.004)
    doubt: Limit = _at_most(MOST_DOUBT)
    left_out: Limit = _at_most(0.15)
    spill: Limit = _at_most(0.02)


class MaterialGates(Strict):
    """Limits of another material."""

    blotches: Limit = _at_most(0.4)
    folds_kept: Limit = _at_least(0.88)
    rigid: Limit = _at_most(0.9)
    things_dyed: Limit = _at_most(0.004)


class StyleGates(Strict):
    """Limits of the style of another image."""

    texture_kept: Limit = _at_least(0.8)
    spill: Limit = _at_most(0.05)


class FillGates(Strict):
    """Limits of an area that is redrawn."""

    texture_kept: Limit = _at_least(0.8)
    spill: Limit = _at_most(0.05)


class ControlGates(Strict):
    """Limits of an image that is redrawn along maps."""

    texture_kept: Limit = _at_least(0.8)
    spill: Limit = _at_most(0.05)


class DrawnGates(Strict):
    """Limits of what is drawn anew by an instruction, a guide or from an image's upper part."""

    clipped: Limit = _at_most(0.05)


class PackshotGates(Strict):
    """Limits of a product that was cut out, at the size of the result."""

    doubt: Limit = _at_most(MOST_DOUBT)
    soft: Limit = _at_most(4.64)
    ragged: Limit = _at_most(0.4)
    wavy: Limit = _at_most(MOST_WAVY)
    hanger: Limit = _at_most(MOST_HANGER)


class SeveralGates(Strict):
    """No limits of their own: the frame, what is locked and the verdict of each edit decide."""


class Gates(Strict):
    """All limits, by kind."""

    recreate: RecreateGates = RecreateGates()
    colour: ColourGates = ColourGates()
    background: BackgroundGates = BackgroundGates()
    light: LightGates = LightGates()
    print: PrintGates = PrintGates()
    size: SizeGates = SizeGates()
    pattern: PatternGates = PatternGates()
    material: MaterialGates = MaterialGates()
    style: StyleGates = StyleGates()
    fill: FillGates = FillGates()
    control: ControlGates = ControlGates()
    drawn: DrawnGates = DrawnGates()
    packshot: PackshotGates = PackshotGates()
    several: SeveralGates = SeveralGates()

    def of(self, kind: GateKind) -> dict[str, Limit]:
        """Return the limit of each figure of a kind, in the order of the report."""
        limits: dict[str, Limit] = getattr(self, kind.value).model_dump()
        return limits

    def with_overrides(self, *overrides: Overrides) -> Self:
        """Return these with other limits, the last of which count. Raises ValueError for unknown ones."""
        merged = {kind.value: self.of(kind) for kind in GateKind}
        for kinds in overrides:
            for kind, limits in kinds.items():
                merged[kind] = merged.get(kind, {}) | dict(limits)
        return self.model_validate(merged)


def checked(overrides: Overrides) -> dict[str, dict[str, Limit]]:
    """Return limits that were asked or read from a file. Raises ValueError naming those that are unknown or wrong."""
    Gates.model_validate(overrides)
    return {kind: dict(limits) for kind, limits in overrides.items()}


def read_gates(file: Path) -> dict[str, dict[str, Limit]]:
    """Return the limits of a JSON file as `likeness calibrate` writes it. Raises OSError or ValueError."""
    return checked(json.loads(file.read_text("utf-8")))
