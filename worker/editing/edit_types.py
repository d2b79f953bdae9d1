"""The edit types: each is one function here that says what is asked of one picture."""

from collections.abc import Callable

import cv2
import numpy as np

from likeness.contract import vocabulary
from likeness.contract.colour_names import CLOTH
from likeness.contract.errors import NoRoom
from likeness.contract.gates import GateKind
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.options import rgb_of_hex
from likeness.contract.tasks import Customise, EditType
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.edits import lettering, printing
from likeness.imaging.edits.apply import apply_edit
from likeness.imaging.edits.free_place import Place, free_place, ground_of
from likeness.imaging.edits.recolour import lab_of_colour
from likeness.imaging.edits.resize import scaled_product
from likeness.imaging.fill import fill_hidden
from likeness.imaging.regions import MASK_RIM, changeable
from worker.editing.canvas import AnalysedCanvas
from worker.editing.captions import nearest_name
from worker.editing.plan import Colour, EditPlan, Region, Sent
from worker.engine import Plane

AS_IT_IS = Edit(EditKind.SAME).phrase
LEAST_MASK = 0.02
"""What is less is not covered by a soft mask."""
LEAST_CHROMA = 10.0
"""CIELAB chroma from which on a colour has a hue worth comparing."""
SAMPLE = 256
"""Px of the height of a text that is only drawn to know its shape."""
BUSY = "no place on the product is plain and large enough for the print; send it with a place to print it all the same"
RIM = 5
"""Px around a print that may change too, so that it can be blended in."""
PAINTED = 0.1
"""Of a channel in 0..1: what a guide differs by where it was painted, and not merely stored with losses."""
EITHER = np.float32(0.25)
"""Weight of a pixel that an edit may change and need not: neither inside nor outside for the edit's check."""


def open_instruction(task: Customise, shown: AnalysedCanvas, _: Sent) -> EditPlan:
    """Return the plan of an instruction that the engine reads as it is."""
    wish = task.instruction or ""
    return EditPlan(shown.canvas, wish, check=EditCheck(wish))


def closed_instruction(task: Customise, edit: Edit, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    """Return what an instruction of the closed set asks, read as `edit`."""
    if edit.kind is EditKind.TEXT:
        return _printed(task, edit.text, shown, sent)
    if edit.kind is EditKind.SIZE:
        return _resize(edit, shown)
    if edit.kind is EditKind.LIGHT and edit.name not in vocabulary.LEARNED_LIGHTS:
        return _relit(edit, shown)
    if edit.kind in (EditKind.LIGHT, EditKind.SAME):
        check = light_check(edit) if edit.kind is EditKind.LIGHT else None
        return EditPlan(shown.canvas, edit.phrase, shown.seen, keep_detail=np.ones_like(shown.seen), check=check)
    where = where_of(task, shown, edit)
    if edit.kind is EditKind.BACKGROUND:
        return _guided(shown, edit, where, gate_of(1 - where), background_check(edit, where, edit.rgb))
    if edit.kind is EditKind.PATTERN:
        check = EditCheck(edit.phrase, where, kind=GateKind.PATTERN, product=where)
        return _guided(shown, edit, where, gate_of(where), check)
    if edit.kind is EditKind.RECOLOUR and edit.colour not in CLOTH:
        return _dyed(shown, where, edit.rgb or (0, 0, 0), edit.phrase)
    detail = 1 - where if edit.kind is EditKind.MATERIAL else np.ones_like(where)
    check = check_of(edit.phrase, where, edit.rgb)
    if edit.kind is EditKind.MATERIAL:
        check = EditCheck(edit.phrase, where, kind=GateKind.MATERIAL, product=where)
    return EditPlan(shown.canvas, edit.phrase, where, keep_detail=detail, gate=gate_of(where), check=check)


def _guided(shown: AnalysedCanvas, edit: Edit, where: Plane, gate: Plane, check: EditCheck) -> EditPlan:
    """Return a plan whose edit is drawn by arithmetic and then only recreated (docs/decisions/0004)."""
    guide = apply_edit(shown.canvas, where, edit)
    return EditPlan(guide, AS_IT_IS, where, keep_detail=np.ones_like(where), under=shown.canvas, gate=gate, check=check)


def _relit(edit: Edit, shown: AnalysedCanvas) -> EditPlan:
    """Return a plan of a light that the engine did not learn: drawn by arithmetic, and only recreated."""
    lit = apply_edit(shown.canvas, shown.seen, edit)
    everywhere = np.ones_like(shown.seen)
    return EditPlan(lit, AS_IT_IS, shown.seen, keep_detail=everywhere, under=shown.canvas, check=light_check(edit))


def _dyed(shown: AnalysedCanvas, where: Plane, colour: Colour, asked: str) -> EditPlan:
    """Return a plan of the exact colour: the engine paints the nearest that it learned, which is then moved there."""
    return EditPlan(
        shown.canvas,
        Edit(EditKind.RECOLOUR, colour=nearest_name(colour)).phrase,
        where,
        keep_detail=np.ones_like(where),
        gate=gate_of(where),
        exact=colour,
        under=shown.canvas,
        region=where > LEAST_MASK,
        check=check_of(asked, where, colour),
    )


def where_of(task: Customise, shown: AnalysedCanvas, edit: Edit) -> Plane:
    """Return what the engine is to take for the product."""
    if shown.mask is not None:
        return 1 - shown.mask if edit.kind is EditKind.BACKGROUND else shown.mask
    if task.mask == "background" and edit.kind is not EditKind.BACKGROUND:
        return 1 - shown.product
    return shown.product


def _colourway(task: Customise, shown: AnalysedCanvas, _: Sent) -> EditPlan:
    wish = task.recolour
    colour = rgb_of_hex(wish.to if wish else "")
    where = shown.mask
    if where is None:
        where = shown.product if wish and wish.mask == "product" else 1 - shown.product
    return _dyed(shown, where, colour, f"the colour {wish.to if wish else ''}")


def _print(task: Customise, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    return _printed(task, task.text or "", shown, sent)


def _printed(task: Customise, text: str, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    height, width = shown.size
    rgb, product = shown.canvas[:height, :width], shown.cut(shown.seen)
    stamp, box = _stamp(task, text, rgb, product, sent.logo)
    guide, alpha = printing.printed(rgb, product, stamp, box)
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
    canvas = shown.canvas.copy()
    canvas[:height, :width] = guide
    return EditPlan(
        canvas,
        task.prompt or "",
        keep_detail=np.ones(canvas.shape[:2], np.float32),
        under=canvas,
        region=shown.padded(near.astype(np.float32)) > 0.5,
        check=EditCheck(
            f"the text {text!r}" if text else "the logo",
            shown.padded(alpha),
            kind=GateKind.PRINT,
            product=shown.seen,
            plain=bool(text),
        ),
    )


def _stamp(task: Customise, text: str, rgb: Plane, product: Plane, logo: Plane | None) -> tuple[Plane, Place]:
    """Return what is printed, H x W x 4, and where. Raises NoRoom where nothing is free for it."""
    height, width = product.shape
    place = printing.box_px(task.place, height, width) if task.place else None
    font, shape = task.font or "sans", place[2] / place[3] if place else lettering.SHAPE

    def drawn(high: int, colour: Colour) -> Plane:
        stamp = lettering.text_stamp(text, high, colour, shape, font) if logo is None else logo
        return lettering.turned(lettering.arched(stamp, task.curve or 0.0), task.angle or 0.0)

    if place is None:
        sample = drawn(SAMPLE, printing.BLACK)
        lines = len(lettering.lines_of(text, shape, font)) if logo is None else 1
        place = free_place(ground_of(rgb, product), sample.shape[1] / sample.shape[0], task.size, lines)
    if place is None:
        raise NoRoom(BUSY if task.size is None else f"{BUSY}, or a smaller size")
    ink = rgb_of_hex(task.text_colour) if task.text_colour else printing.ink_for(rgb, product, place)
    return printing.set_off(drawn(place[3], ink), rgb, product, place), place


def _resize(edit: Edit, shown: AnalysedCanvas) -> EditPlan:
    factor = vocabulary.SIZES[edit.name]
    scaled, hole = scaled_product(shown.canvas, shown.product, factor)
    guide = fill_hidden(scaled, np.where(hole, 0, 255).astype(np.uint8))
    return EditPlan(
        guide,
        AS_IT_IS,
        keep_detail=np.ones(hole.shape, np.float32),
        under=guide,
        region=hole,
        check=EditCheck(edit.phrase, kind=GateKind.SIZE, product=shown.product, factor=factor),
    )


def _fill(task: Customise, shown: AnalysedCanvas, _: Sent) -> EditPlan:
    region = region_of(task, shown)
    mask = np.ones_like(shown.canvas[..., 0]) if region is None else region.astype(np.float32)
    check = EditCheck(task.prompt or "", mask, kind=GateKind.FILL, product=mask)
    return EditPlan(shown.canvas, task.prompt or "", mask, check=check)


def _control(task: Customise, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    """Return the plan of an image made from scratch, all of it or where it may change, kept to its maps."""
    wish, region = task.prompt or "", region_of(task, shown)
    return EditPlan(
        shown.canvas,
        wish,
        mask=None if region is None else region.astype(np.float32),
        controls=tuple(task.controls),
        maps={} if sent.control is None else {task.controls[0].kind: shown.padded(sent.control)},
        check=EditCheck(wish, kind=GateKind.CONTROL, product=shown.glimpsed),
    )


def _style(_task: Customise, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    check = EditCheck("the style of the picture sent", kind=GateKind.STYLE, product=shown.glimpsed)
    return EditPlan(shown.canvas, style=sent.style, check=check)


def _complete(task: Customise, shown: AnalysedCanvas, _: Sent) -> EditPlan:
    """Return the plan of an image whose upper rows stay, to the last grey level; at least its last row is made."""
    height, share = shown.size[0], task.complete or 0.0
    below = np.zeros(shown.canvas.shape[:2], np.float32)
    below[min(round(share * height), height - 1) :] = 1
    asked = f"completed from the upper {share:.0%}"
    return EditPlan(shown.canvas, mask=below, under=shown.canvas, region=below > 0.5, check=EditCheck(asked, below))


def _guide(task: Customise, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    """Return the plan of an image that was painted over: there it must change, and elsewhere it may."""
    canvas = shown.canvas
    if sent.guide is not None:
        paint = shown.padded(sent.guide)
        canvas = np.clip(canvas + paint[..., 3:] * (paint[..., :3] - canvas), 0, 1)
    painted = np.where(np.abs(canvas - shown.canvas).max(2) > PAINTED, np.float32(1), EITHER)
    wish = task.prompt or ""
    return EditPlan(canvas, wish, check=EditCheck(wish or "as painted over", painted))


EDIT_TYPES: dict[EditType, Callable[[Customise, AnalysedCanvas, Sent], EditPlan]] = {
    EditType.INSTRUCTION: open_instruction,
    EditType.COLOURWAY: _colourway,
    EditType.PRINT: _print,
    EditType.FILL: _fill,
    EditType.CONTROL: _control,
    EditType.STYLE: _style,
    EditType.COMPLETE: _complete,
    EditType.GUIDE: _guide,
}
"""Without the instructions of the closed set, of which `closed_instruction` is."""


def region_of(task: Customise, shown: AnalysedCanvas) -> Region | None:
    """Return where the picture may change, of what the task says of mask and preserve."""
    found = (
        shown.product if "product" in (task.mask, task.preserve) or "background" in (task.mask, task.preserve) else None
    )
    return region_in(task, shown, found)


def region_in(
    task: Customise, shown: AnalysedCanvas, product: Plane | None, rim: tuple[float, float] = MASK_RIM
) -> Region | None:
    """Return where the picture may change; the rim of `product` is between these shares."""
    mask = shown.mask if task.mask == "file" else task.mask
    return changeable(product, mask, task.preserve, rim)


def gate_of(where: Plane) -> Plane:
    """Return how much of a change to take: none where a soft mask is 0, all from one half on.

    The engine works on blocks of 8 px and lets a change run over the edge; at a rim it has learned to mix by itself.
    """
    return np.minimum(2 * where, 1)


def check_of(asked: str, inside: Plane, colour: Colour | None) -> EditCheck:
    """Return what to measure of an edit whose product should be `colour`."""
    chromatic = _is_chromatic(colour)
    return EditCheck(asked, inside, colour, chromatic, kind=GateKind.COLOUR, product=inside)


def background_check(edit: Edit, product: Plane, colour: Colour | None) -> EditCheck:
    """Return what to measure of a background, which should be `colour`, plain or as a gradient of it."""
    plain, chromatic = edit.name == "plain", _is_chromatic(colour)
    return EditCheck(
        edit.phrase, 1 - product, colour, chromatic, kind=GateKind.BACKGROUND, product=product, plain=plain
    )


def light_check(edit: Edit) -> EditCheck:
    """Return what to measure of another light."""
    return EditCheck(edit.phrase, kind=GateKind.LIGHT, light=edit.name)


def _is_chromatic(colour: Colour | None) -> bool:
    return colour is not None and float(np.hypot(*lab_of_colour(colour)[1:])) >= LEAST_CHROMA
