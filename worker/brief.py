"""What is asked of one picture: what the engine is given, what is done to what it makes, what is measured of it.

Each way of customising is one function here. All planes and pictures lie as shown, with the canvas' padding.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from likeness.contract import words
from likeness.contract.engines import EngineSpec, edit_of, way_of
from likeness.contract.errors import NoProduct
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.jobs import Scalar
from likeness.contract.tasks import Control, Customise, Generate, Recreate, Task, Way
from likeness.imaging.edit_check import EditCheck
from likeness.imaging.edits import printing
from likeness.imaging.edits.apply import apply_edit
from likeness.imaging.edits.recolour import blended, lab_of_colour, recolour
from likeness.imaging.edits.resize import scaled_product
from likeness.imaging.fill import fill_hidden
from likeness.imaging.learned import Captions
from likeness.imaging.picture import Picture
from likeness.imaging.regions import changeable, composited, put_back
from worker.captions import captions_of, nearest_name, rgb_of_hex
from worker.engine import Canvas, EngineTask, Plane
from worker.shown import Shown

Region = NDArray[np.bool_]
Colour = tuple[int, int, int]

AS_IT_IS = Edit(EditKind.SAME).phrase
LEAST_MASK = 0.02
"""What is less is not covered by a soft mask."""
LEAST_CHROMA = 10.0
"""CIELAB chroma from which on a colour has a hue worth comparing."""
RIM = 5
"""Px around a print that may change too, so that it can be blended in."""


@dataclass(frozen=True)
class Brief:
    """What one picture needs: the engine's inputs, the finish, the check."""

    canvas: Canvas
    text: str = ""
    mask: Plane | None = None
    controls: tuple[Control, ...] = ()
    maps: Mapping[str, Canvas] = field(default_factory=dict)
    loras: Mapping[str, float] = field(default_factory=dict)
    keep_detail: Plane | None = None
    anew: bool = False
    """Whether it is made from the text alone."""
    caption: str | None = None
    """The text, where a captioner wrote it."""
    under: Canvas | None = None
    """What shows where the picture may not change."""
    region: Region | None = None
    """Where it may change; None is everywhere."""
    gate: Plane | None = None
    """How much of the engine's change is taken, for an edit of the product or of the background; None is all of it."""
    exact: Colour | None = None
    """The colour that what `mask` covers is brought to in the end."""
    check: EditCheck | None = None

    def task(self, seed: int, parameters: dict[str, Scalar]) -> EngineTask:
        """Return what the engine is to do; a caption is the prompt in its parameters too."""
        parameters = parameters | ({"prompt": self.caption} if self.caption else {})
        given = (self.text, self.mask, self.controls, self.keep_detail, self.maps, self.loras, self.anew)
        return EngineTask(self.canvas, seed, parameters, *given)

    def finish(self, made: Canvas) -> Canvas:
        """Return what the engine made, in the exact colour where one is asked, with what must not change put back."""
        if self.gate is not None:
            made = blended(self.canvas if self.under is None else self.under, made, self.gate)
        if self.exact is not None and self.mask is not None:
            made = recolour(made, self.mask, self.exact)
        if self.region is None or self.under is None:
            return made
        return composited(self.under, made, self.region)

    def locked(self, given: Picture, image: Image.Image) -> Image.Image:
        """Return a restored image with the very samples of what is kept, also where alpha hides their colours."""
        if self.check is None or self.check.kept is None:
            return image
        return put_back(given, image, self.check.kept)


@dataclass(frozen=True)
class Sent:
    """What was sent beside a picture and its mask: a logo, H x W x 4 in 0..1; a control map over it, H x W x 3."""

    logo: Canvas | None = None
    control: Canvas | None = None


def brief_of(task: Task, spec: EngineSpec, shown: Shown, sent: Sent) -> Brief:
    """Return what is asked of one picture. Raises NoProduct."""
    if isinstance(task, Generate):
        brief = Brief(shown.canvas, text=task.prompt, anew=True)
    else:
        brief = _recreation(task, spec, shown) if isinstance(task, Recreate) else _customised(task, spec, shown, sent)
    return replace(brief, loras={lora.name: lora.weight for lora in task.loras})


def _recreation(task: Recreate, spec: EngineSpec, shown: Shown) -> Brief:
    """Return the brief of a picture made again; an engine that keeps to maps keeps to the first kind it takes."""
    controls = tuple(Control(kind=kind) for kind in spec.controls[:1])
    caption = shown.caption if is_captioned(task, spec) else None
    text = caption or str(spec.resolve(task).get("prompt") or "")
    return Brief(shown.canvas, text=text, controls=controls, caption=caption)


def is_captioned(task: Task, spec: EngineSpec) -> bool:
    """Return whether a captioner is to write the prompt: the engine needs one to recreate, and none is given."""
    return isinstance(task, Recreate) and spec.captioned and task.prompt is None


def _customised(task: Customise, spec: EngineSpec, shown: Shown, sent: Sent) -> Brief:
    way = way_of(task, spec.closed)
    if way is Way.PRINT:
        brief = _print(task, shown, sent.logo)
    elif way is Way.CONTROL:
        brief = _control(task, shown, sent.control)
    elif way is Way.INSTRUCTION and not spec.closed:
        brief = _open_instruction(task, shown)
    else:
        brief = WAYS[way](task, shown)
    if way is Way.FILL:
        brief = replace(brief, controls=tuple(Control(kind=kind) for kind in spec.controls))
    return _checked(_locked(brief, task, shown), task, shown, captions_of(task, spec.closed))


def _open_instruction(task: Customise, shown: Shown) -> Brief:
    wish = task.instruction or ""
    return Brief(shown.canvas, wish, check=EditCheck(wish))


def _instruction(task: Customise, shown: Shown) -> Brief:
    edit = edit_of(task.instruction or "")
    if edit.kind in (EditKind.LIGHT, EditKind.SAME):
        check = EditCheck(edit.phrase) if edit.kind is EditKind.LIGHT else None
        return Brief(shown.canvas, edit.phrase, shown.seen, keep_detail=np.ones_like(shown.seen), check=check)
    where = _where(task, shown, edit)
    if edit.kind is EditKind.BACKGROUND:
        return _guided(shown, edit, where, gate_of(1 - where), check_of(edit.phrase, 1 - where, edit.rgb))
    if edit.kind is EditKind.PATTERN:
        return _guided(shown, edit, where, gate_of(where), EditCheck(edit.phrase, where))
    detail = 1 - where if edit.kind is EditKind.MATERIAL else np.ones_like(where)
    check = check_of(edit.phrase, where, edit.rgb if edit.kind is EditKind.RECOLOUR else None)
    return Brief(shown.canvas, edit.phrase, where, keep_detail=detail, gate=gate_of(where), check=check)


def _guided(shown: Shown, edit: Edit, where: Plane, gate: Plane, check: EditCheck) -> Brief:
    """Return a brief whose edit is drawn by arithmetic and then only recreated (docs/decisions/0004)."""
    guide = apply_edit(shown.canvas, where, edit)
    return Brief(guide, AS_IT_IS, where, keep_detail=np.ones_like(where), under=shown.canvas, gate=gate, check=check)


def _where(task: Customise, shown: Shown, edit: Edit) -> Plane:
    """Return what the engine is to take for the product."""
    if shown.mask is not None:
        return 1 - shown.mask if edit.kind is EditKind.BACKGROUND else shown.mask
    if task.mask == "background" and edit.kind is not EditKind.BACKGROUND:
        return 1 - shown.product
    return shown.product


def _colourway(task: Customise, shown: Shown) -> Brief:
    wish = task.recolour
    colour = rgb_of_hex(wish.to if wish else "")
    where = shown.mask
    if where is None:
        where = shown.product if wish and wish.mask == "product" else 1 - shown.product
    text = Edit(EditKind.RECOLOUR, colour=nearest_name(colour)).phrase
    return Brief(
        shown.canvas,
        text,
        where,
        keep_detail=np.ones_like(where),
        gate=gate_of(where),
        exact=colour,
        under=shown.canvas,
        region=where > LEAST_MASK,
        check=check_of(f"the colour {wish.to if wish else ''}", where, colour),
    )


def _print(task: Customise, shown: Shown, logo: Canvas | None) -> Brief:
    height, width = shown.size
    rgb, product = shown.canvas[:height, :width], shown.cut(shown.seen)
    text = task.text or (edit_of(task.instruction).text if task.instruction else "")
    aspect = printing.SHAPE if logo is None else logo.shape[1] / logo.shape[0]
    box = printing.box_px(task.place, height, width) if task.place else printing.default_box(product, aspect)
    if logo is None:
        ink = rgb_of_hex(task.text_colour) if task.text_colour else printing.ink_for(rgb, product, box)
        logo = printing.text_stamp(text, box[3], ink, box[2] / box[3])
    guide, alpha = printing.printed(rgb, product, logo, box)
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
    canvas = shown.canvas.copy()
    canvas[:height, :width] = guide
    return Brief(
        canvas,
        task.prompt or "",
        keep_detail=np.ones(canvas.shape[:2], np.float32),
        under=canvas,
        region=shown.padded(near.astype(np.float32)) > 0.5,
        check=EditCheck(f"the text {text!r}" if text else "the logo", shown.padded(alpha)),
    )


def _resize(task: Customise, shown: Shown) -> Brief:
    edit = edit_of(task.instruction or "")
    scaled, hole = scaled_product(shown.canvas, shown.product, words.SIZES[edit.name])
    guide = fill_hidden(scaled, np.where(hole, 0, 255).astype(np.uint8))
    return Brief(
        guide,
        AS_IT_IS,
        keep_detail=np.ones(hole.shape, np.float32),
        under=guide,
        region=hole,
        check=EditCheck(edit.phrase),
    )


def _fill(task: Customise, shown: Shown) -> Brief:
    region = _region(task, shown)
    mask = np.ones_like(shown.canvas[..., 0]) if region is None else region.astype(np.float32)
    return Brief(shown.canvas, task.prompt or "", mask, check=EditCheck(task.prompt or "", mask))


def _control(task: Customise, shown: Shown, control: Canvas | None) -> Brief:
    """Return the brief of a picture made anew, all of it or where it may change, kept to its maps."""
    wish, region = task.prompt or "", _region(task, shown)
    return Brief(
        shown.canvas,
        wish,
        mask=None if region is None else region.astype(np.float32),
        controls=tuple(task.controls),
        maps={} if control is None else {task.controls[0].kind: shown.padded(control)},
        check=EditCheck(wish),
    )


WAYS: dict[Way, Callable[[Customise, Shown], Brief]] = {
    Way.INSTRUCTION: _instruction,
    Way.COLOURWAY: _colourway,
    Way.RESIZE: _resize,
    Way.FILL: _fill,
}


def _region(task: Customise, shown: Shown) -> Region | None:
    """Return where the picture may change, of what the task says of mask and preserve."""
    found = (
        shown.product if "product" in (task.mask, task.preserve) or "background" in (task.mask, task.preserve) else None
    )
    mask = shown.mask if task.mask == "file" else task.mask
    return changeable(found, mask, task.preserve)


def _locked(brief: Brief, task: Customise, shown: Shown) -> Brief:
    """Return the brief with what mask and preserve keep."""
    region = _region(task, shown)
    if region is None:
        return brief
    if brief.region is not None:
        region = region & brief.region
    if not shown.cut(region).any():
        raise NoProduct("what mask and preserve leave to change is nothing; send another mask")
    return replace(brief, region=region, under=brief.under if brief.under is not None else shown.canvas)


def _checked(brief: Brief, task: Customise, shown: Shown, captions: Captions | None) -> Brief:
    """Return the brief with a check without padding, and with what is kept when pixels are to be locked."""
    if brief.check is None and not task.locks:
        return brief
    check = brief.check or EditCheck("the same picture", changes=False)
    inside = None if check.inside is None else shown.cut(check.inside)
    kept = shown.cut(~brief.region) if task.locks and brief.region is not None else None
    return replace(brief, check=replace(check, inside=inside, kept=kept, captions=captions))


def gate_of(where: Plane) -> Plane:
    """Return how much of a change to take: none where a soft mask is 0, all from one half on.

    The engine works on blocks of 8 px and lets a change run over the edge; at a rim it has learned to mix by itself.
    """
    return np.minimum(2 * where, 1)


def check_of(asked: str, inside: Plane, colour: Colour | None) -> EditCheck:
    """Return what to measure of an edit whose product or background should be `colour`."""
    chroma = 0.0 if colour is None else float(np.hypot(*lab_of_colour(colour)[1:]))
    return EditCheck(asked, inside, colour, chromatic=chroma >= LEAST_CHROMA)
