"""What arithmetic makes of one picture for a cut-out, a packshot or a check: a file, and the report of that file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from likeness.contract.errors import NoProduct
from likeness.contract.gates import Gates
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.presets import Look, Preset, Rule, look_of
from likeness.contract.report import Report
from likeness.imaging.assessment.packshots import Judged, kept_exactly, reported, same_product
from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.compliance.facts import Facts
from likeness.imaging.compliance.marked import marked
from likeness.imaging.compliance.rules import AI, ASKED, judged, offending
from likeness.imaging.formats.decode import Picture
from likeness.imaging.formats.xmp import source_type
from likeness.imaging.metrics.edits.waviness import wavering_of
from likeness.imaging.outline import doubt_of
from likeness.imaging.packshot.cutout import Box, cut_out, cut_out_of
from likeness.imaging.packshot.cutout import Cutout as CutProduct
from likeness.imaging.packshot.export import Export
from likeness.imaging.packshot.on_white import completed
from likeness.imaging.packshot.remains import cleared
from likeness.imaging.packshot.shoot import Enlarge, Shot, frame_of, shot_of
from likeness.imaging.packshot.source import SRGB, Source, is_srgb, name_of, source_of
from worker.editing.canvas import HUNG, LEAST_PRODUCT, MOST_PRODUCT
from worker.editing.hanging import FindHanger, cut_bare
from worker.engine import Plane

FILL_WITHIN = 0.01
"""How far the fill that was asked may be missed."""
CLEAR = "transparent"
MATTE = [Rule(rule="whole", level="advised", source=ASKED), Rule(rule="products", level="advised", source=ASKED)]
CUT_OUT = [Rule(rule="background", one_of=[CLEAR], source=ASKED), *MATTE]
"""What a cut-out is to be: several pieces, and a product that its original cuts, are told."""

Segment = Callable[[Floats], Plane]
ReadTexts = Callable[[Bytes], Sequence[Box] | None]
"""Returns where there is text in H x W x 3, 0..255; None where nothing is installed that could tell."""


@dataclass(frozen=True)
class Given:
    """What a job works on: the original, what it says of its making, and what was sent with it; all upright.

    `gates` are the limits of its verdict.
    """

    original: Picture
    said: str | None
    size_in_bytes: int
    segment: Segment
    read_texts: ReadTexts
    enlarge: Enlarge | None = None
    mask: Floats | None = None
    background: Bytes | None = None
    gates: Gates = field(default_factory=Gates)
    find_hanger: FindHanger | None = None

    @cached_property
    def found(self) -> Floats | None:
        """Where the product seems to be, H x W in 0..1; None where the original is cut out already."""
        source = source_of(self.original, convert=False)
        if self.mask is not None:
            return self.mask
        if source.alpha is not None and LEAST_PRODUCT <= float((source.alpha > 127).mean()) <= MOST_PRODUCT:
            return None
        return cleared(source.rgb, self.seen)

    @cached_property
    def seen(self) -> Floats:
        """What the network takes for the product, H x W in 0..1, completed where it stands on white."""
        rgb = source_of(self.original, convert=False).rgb
        return completed(rgb, self.segment(np.multiply(rgb, np.float32(1 / 255), dtype=np.float32)))

    @cached_property
    def doubt(self) -> float:
        """How much of what was found is undecided, beside the product; 0 for a mask that was sent."""
        if self.mask is not None or self.found is None:
            return 0.0
        return doubt_of(self.found, self.product.alpha > 127)

    @cached_property
    def product(self) -> CutProduct:
        """The product, in the numbers of the original. Raises NoProduct."""
        return self.cut(source_of(self.original, convert=False))

    def looked_at(self, told: Judged, product: CutProduct) -> Judged:
        """Return what is known of a made picture, and how its product was cut out, unless it was sent."""
        if self.mask is not None or self.found is None:
            return replace(told, gates=self.gates)
        wavy = wavering_of(source_of(self.original, convert=False).rgb, product.alpha)
        hanger = self.find_hanger(product.rgb, product.alpha) if self.find_hanger else None
        return replace(told, gates=self.gates, wavy=wavy, hanger=hanger)

    def texts(self, rgb: Bytes, rules: Sequence[Rule]) -> Sequence[Box] | None:
        """Return where there is text in H x W x 3 in 0..255; None where it cannot be told, or no rule asks."""
        return self.read_texts(rgb) if any(rule.rule == "text" for rule in rules) else None

    def cut(self, source: Source) -> CutProduct:
        """Return the product of the original as `source` has it. Raises NoProduct."""
        if self.found is None and source.alpha is not None:
            return cut_out_of(source.rgb, source.alpha)
        mask = np.zeros(source.rgb.shape[:2], np.float32) if self.found is None else self.found
        if not LEAST_PRODUCT <= float((mask > 0.5).mean()) <= MOST_PRODUCT:
            raise NoProduct("nothing stands out as the product, or all of it does; send a mask")
        if self.mask is not None:
            return cut_out(source.rgb, mask)
        return cut_bare(source.rgb, mask, self.seen, self.find_hanger)


@dataclass(frozen=True)
class Drawn:
    """What is to be written: pixels, as which file, and how that file is judged."""

    pixels: Bytes
    export: Export
    judge: Callable[[bytes, Picture], Report]


def drawn(task: Cutout | Packshot | Check, given: Given, preset: Preset | None, xmp: bytes) -> Drawn:
    """Return what a job makes of its picture. Raises NoProduct."""
    if isinstance(task, Cutout):
        return _cutout(task, given, xmp)
    if isinstance(task, Packshot):
        return _packshot(task, given, preset, xmp)
    return _check(task, given, preset)


def _cutout(task: Cutout, given: Given, xmp: bytes) -> Drawn:
    product = given.product
    pixels = product.alpha if task.matte else np.dstack([product.rgb, product.alpha])
    profile = None if task.matte or given.original.pixels.mode in ("CMYK", "L", "LA") else given.original.icc_profile
    height, width = product.alpha.shape

    def judge(data: bytes, made: Picture) -> Report:
        lock = kept_exactly(product, made, task.matte)
        facts = replace(_facts(source_of(made, convert=False), product, made, len(data)), cut_at=product.cut_at)
        compliance = judged(facts, MATTE if task.matte else CUT_OUT)
        mode = "L" if task.matte else "RGBA"
        told = Judged((width, height), mode, compliance, given.doubt, lock, notes=_left_out(product))
        return reported(given.looked_at(replace(told, alpha=product.alpha), product), made)

    return Drawn(pixels, Export(task.format, profile=profile, xmp=xmp), judge)


def _packshot(task: Packshot, given: Given, preset: Preset | None, xmp: bytes) -> Drawn:
    look = look_of(task, preset)
    source = source_of(given.original, convert=look.profile == "srgb")
    product = given.cut(source)
    if product.box is None:
        raise NoProduct("nothing stands out as the product; send a mask")
    shot = shot_of(source.rgb, product, look, given.background, given.enlarge)
    profile = SRGB if look.profile == "srgb" else given.original.icc_profile
    own = preset.rule if preset else []
    said = {rule.rule for rule in own} & {"whole", "enlargement"}
    rules = [*(rule for rule in _asked(look, frame_of(look, product)) if rule.rule not in said), *own]

    def judge(data: bytes, made: Picture) -> Report:
        placed = CutProduct(source.rgb, shot.alpha)
        facts = replace(
            _facts(source_of(made), placed, made, len(data)),
            free=shot.composed.free,
            enlarged=shot.placement.scale,
            cut_at=product.cut_at,
            said=source_type(data),
            made_by_ai=given.said in AI,
        )
        facts = replace(facts, texts=given.texts(facts.rgb, rules))
        compliance = judged(facts, rules, task.preset)
        scores = same_product(source.rgb, product, shot, made)
        mode = "RGBA" if look.background == CLEAR else "RGB"
        notes = [*_left_out(product), *_notes(shot, source)]
        told = Judged(frame_of(look, product), mode, compliance, given.doubt, None, scores, notes)
        return reported(given.looked_at(replace(told, alpha=shot.alpha), product), made)

    export = Export(look.format, look.quality, look.max_bytes, profile, xmp)
    return Drawn(shot.composed.pixels, export, judge)


def _asked(look: Look, size: tuple[int, int]) -> list[Rule]:
    """Return what the request itself asks, as rules: nothing is delivered that misses them and is accepted."""
    rules = [
        Rule(rule="size", one_of=[f"{size[0]}x{size[1]}"], source=ASKED),
        Rule(rule="fill", least=look.fill - FILL_WITHIN, most=look.fill + FILL_WITHIN, source=ASKED),
        Rule(rule="format", one_of=[look.format], source=ASKED),
        Rule(rule="whole", source=ASKED),
        Rule(rule="enlargement", level="advised", most=1.0, source=ASKED),
    ]
    if look.background != "file":
        rules.append(Rule(rule="background", one_of=[look.background.lower()], shadow=True, source=ASKED))
    if look.max_bytes is not None:
        rules.append(Rule(rule="bytes", most=look.max_bytes, source=ASKED))
    return rules


def _left_out(product: CutProduct) -> list[str]:
    return [HUNG] if product.hung else []


def _notes(shot: Shot, source: Source) -> list[str]:
    said = [f"turned clockwise by {shot.degrees:.1f} degrees"] if shot.degrees else []
    if shot.gains != (1.0, 1.0, 1.0):
        red, green, blue = shot.gains
        said.append(f"white balance: red x {red:.3f}, green x {green:.3f}, blue x {blue:.3f} of linear light")
    said += [f"colours: {source.note}"] if source.note.startswith(("from", "its")) else []
    scale = shot.placement.scale
    way = "a network that restores detail" if shot.restored else "Lanczos' filter"
    return [*said, f"the product is enlarged {scale:.2f} times, by {way}" if scale > 1.01 else f"scaled to {scale:.0%}"]


def _check(task: Check, given: Given, preset: Preset | None) -> Drawn:
    source = source_of(given.original)
    product = given.cut(source)
    rules = preset.rule if preset else []
    facts = replace(
        _facts(source, product, given.original, given.size_in_bytes),
        said=given.said,
        made_by_ai=task.made_by_ai,
        texts=given.texts(source.rgb, rules),
    )
    compliance = judged(facts, rules, task.preset)
    height, width = product.alpha.shape

    def judge(data: bytes, made: Picture) -> Report:
        return reported(Judged((width, height), "RGB", compliance, given.doubt, gates=given.gates), made)

    return Drawn(marked(source.rgb, offending(facts, rules), facts.box), Export("png"), judge)


def _facts(source: Source, product: CutProduct, picture: Picture, size_in_bytes: int) -> Facts:
    """Return what a file is, with the product that is known to be in it."""
    profile = picture.icc_profile
    return Facts(
        rgb=source.rgb,
        opacity=source.alpha,
        product=product.alpha,
        format=picture.format,
        mode=picture.pixels.mode,
        bit_depth=picture.bit_depth,
        size_in_bytes=size_in_bytes,
        profile="srgb" if profile is None or is_srgb(profile) else name_of(profile),
    )
