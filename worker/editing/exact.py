"""The plans of exact edits: what arithmetic is asked to do, where, and what the result is measured by."""

from dataclasses import replace

from likeness.contract import vocabulary
from likeness.contract.gates import GateKind
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.intents import Intent
from likeness.contract.options import rgb_of_hex
from likeness.contract.tasks import Customise, EditType
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.edits.resize import resized
from likeness.imaging.matting import Matte, matte_of
from likeness.imaging.regions import MATTE_RIM
from worker.editing.canvas import HUNG, AnalysedCanvas
from worker.editing.edit_types import (
    EDIT_TYPES,
    background_check,
    check_of,
    closed_instruction,
    light_check,
    region_in,
)
from worker.editing.plan import EditPlan, Region, Sent
from worker.engine import ExactEdit

HIDDEN = "the background cannot be seen: the image is a cut-out and keeps its alpha; flatten it to show one"
OUTLINED = "the product keeps its outline: the image is a cut-out and keeps its alpha; flatten it first"
CAPPED = 0.01
"""By how much less than asked a product has grown to be told so."""


def exact_plan(task: Customise, intent: Intent, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    """Return the plan of an edit that an engine makes exactly. Raises NoProduct."""
    if intent.purpose is EditType.PRINT:
        said = intent.edit
        drawn = closed_instruction(task, said, shown, sent) if said else EDIT_TYPES[EditType.PRINT](task, shown, sent)
        return replace(drawn, edit=ExactEdit(EditKind.TEXT))
    if task.recolour is not None:
        code = task.recolour.to
        return _dyed(task, shown, Edit(EditKind.RECOLOUR), f"the colour {code}", rgb_of_hex(code))
    edit = intent.edit or Edit(EditKind.SAME)
    if edit.kind is EditKind.SIZE:
        return _resized(edit, shown)
    if edit.kind is EditKind.LIGHT:
        return EditPlan(shown.canvas, edit=ExactEdit(edit.kind, name=edit.name), check=light_check(edit))
    if edit.kind is not EditKind.BACKGROUND:
        return _dyed(task, shown, edit, edit.phrase, edit.rgb or (0, 0, 0))
    matte = shown.parted
    return EditPlan(
        shown.canvas,
        edit=ExactEdit(edit.kind, edit.rgb, edit.name, shown.keeps_alpha),
        matte=matte,
        product=matte.alpha,
        check=replace(background_check(edit, matte.alpha, edit.rgb), hanger=shown.hanger),
        notes=(HIDDEN,) if shown.keeps_alpha else (HUNG,) if shown.hung else (),
    )


def _resized(edit: Edit, shown: AnalysedCanvas) -> EditPlan:
    """Return the plan of a product in another size, which is on the canvas already."""
    asked = vocabulary.SIZES[edit.name]
    made = resized(shown.canvas, shown.matte, asked)
    notes = [OUTLINED] if shown.keeps_alpha else []
    if asked - made.factor > CAPPED:
        notes.append(f"the product is {made.factor - 1:.0%} larger, not {asked - 1:.0%}: no more fits into the image")
    check = EditCheck(edit.phrase, kind=GateKind.SIZE, product=shown.product, factor=made.factor)
    return EditPlan(made.rgb, edit=ExactEdit(edit.kind), check=check, notes=tuple(notes))


def exact_region(task: Customise, shown: AnalysedCanvas) -> Region | None:
    """Return where the picture may change, by the product's matte: what that has as product is locked as such."""
    named = {"product", "background"} & {task.mask, task.preserve}
    return region_in(task, shown, shown.matte.alpha if named else None, MATTE_RIM)


def _dyed(task: Customise, shown: AnalysedCanvas, edit: Edit, asked: str, colour: tuple[int, int, int]) -> EditPlan:
    """Return the plan of a part in another colour, or with a pattern in it."""
    matte = _coloured(task, shown)
    cut_out = shown.keeps_alpha and shown.mask is None and not _of_background(task)
    made = ExactEdit(EditKind.RECOLOUR, colour, cut_out=cut_out)
    check = check_of(asked, matte.alpha, colour)
    if edit.kind is EditKind.PATTERN:
        made = replace(made, kind=edit.kind, name=edit.name)
        check = EditCheck(asked, matte.alpha, kind=GateKind.PATTERN, product=matte.alpha)
    found = None if _of_background(task) else matte.alpha
    return EditPlan(shown.canvas, edit=made, matte=matte, product=found, check=check)


def _coloured(task: Customise, shown: AnalysedCanvas) -> Matte:
    """Return what is dyed: the mask that was sent, else the part that is named."""
    if shown.mask is not None:
        return matte_of(shown.canvas, shown.mask)
    return matte_of(shown.canvas, 1 - shown.product) if _of_background(task) else shown.matte


def _of_background(task: Customise) -> bool:
    return task.mask == "background" or (task.recolour is not None and task.recolour.mask == "background")
