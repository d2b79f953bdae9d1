"""The plans of exact edits: what arithmetic is asked to do, where, and what the result is measured by."""

from dataclasses import replace

from likeness.contract.instructions import Edit, EditKind
from likeness.contract.intents import Intent
from likeness.contract.tasks import Customise, EditType, Purpose
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.edits.scene import named_colour
from worker.editing.canvas import AnalysedCanvas
from worker.editing.captions import rgb_of_hex
from worker.editing.edit_types import EDIT_TYPES, check_of, closed_instruction, where_of
from worker.editing.plan import EditPlan, Sent
from worker.engine import ExactEdit, Plane

DRAWN: dict[Purpose, EditKind] = {EditType.PRINT: EditKind.TEXT, EditType.RESIZE: EditKind.SIZE}
"""Edits that the plan itself draws on the canvas, whatever the engine; an exact one has nothing to add."""


def exact_plan(task: Customise, intent: Intent, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    """Return the plan of an edit that an engine makes exactly. Raises NoProduct."""
    if kind := DRAWN.get(intent.purpose):
        said = intent.edit
        drawn = closed_instruction(task, said, shown, sent) if said else EDIT_TYPES[EditType.PRINT](task, shown, sent)
        return replace(drawn, edit=ExactEdit(kind))
    if task.recolour is not None:
        code = task.recolour.to
        return _dyed(task, shown, f"the colour {code}", rgb_of_hex(code), _coloured(task, shown))
    edit = intent.edit or Edit(EditKind.SAME)
    if edit.kind is EditKind.LIGHT:
        return EditPlan(shown.canvas, edit=ExactEdit(edit.kind, name=edit.name), check=EditCheck(edit.phrase))
    where = where_of(task, shown, edit)
    if edit.kind is not EditKind.BACKGROUND:
        return _dyed(task, shown, edit.phrase, edit.rgb or (0, 0, 0), where)
    colour = named_colour(edit.colour) if edit.colour else None
    asked = ExactEdit(edit.kind, colour, edit.name, shown.cut_out is not None)
    return EditPlan(shown.canvas, mask=where, edit=asked, check=check_of(edit.phrase, 1 - where, colour))


def _dyed(task: Customise, shown: AnalysedCanvas, asked: str, colour: tuple[int, int, int], where: Plane) -> EditPlan:
    cut_out = shown.cut_out is not None and shown.mask is None and task.mask != "background"
    edit = ExactEdit(EditKind.RECOLOUR, colour, cut_out=cut_out)
    return EditPlan(shown.canvas, mask=where, edit=edit, check=check_of(asked, where, colour))


def _coloured(task: Customise, shown: AnalysedCanvas) -> Plane:
    """Return what a colourway covers: the mask that was sent, else the part that is named."""
    if shown.mask is not None:
        return shown.mask
    return shown.product if task.recolour is None or task.recolour.mask == "product" else 1 - shown.product
