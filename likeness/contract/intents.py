"""What a task asks of an engine, read from its fields and its instruction."""

from dataclasses import dataclass

from likeness.contract.errors import FieldProblem, InstructionNotUnderstood
from likeness.contract.grammar import Reading, read
from likeness.contract.instructions import Edit, EditKind, abilities
from likeness.contract.options import Region
from likeness.contract.tasks import Customise, EditType, Purpose, Task
from likeness.contract.tokens import NotUnderstood

EDIT_TYPE_OF = {EditKind.TEXT: EditType.PRINT, EditKind.SIZE: EditType.RESIZE}
"""Edits that are asked in words but done another way than by instruction."""


@dataclass(frozen=True)
class Intent:
    """What a task asks of an engine: its kind or edit type, and what a closed engine understands its instruction as."""

    purpose: Purpose
    edit: Edit | None = None
    keep: Region | None = None
    """The part that the instruction asks to keep."""

    def read_by(self, closed: bool) -> "Intent":
        """Return it as the engine takes it: one that is not closed reads the instruction itself."""
        return self if closed or self.edit is None else Intent(EditType.INSTRUCTION)


def intent_of(task: Task, closed: bool) -> Intent:
    """Return what `task` asks of an engine; with `closed` its instruction must be understood here.

    Raises InstructionNotUnderstood, listing what can be asked.
    """
    if not isinstance(task, Customise):
        return Intent(task.kind)
    if task.instruction is None:
        return Intent(_edit_type_of(task))
    if not closed:
        return Intent(EditType.INSTRUCTION)
    reading = _reading_of(task.instruction)
    if len(reading.edits) > 1:
        said = " or ".join(repr(edit.phrase) for edit in reading.edits)
        raise InstructionNotUnderstood(f"instruction: one edit at a time: {said}?")
    edit = reading.edits[0]
    if edit.kind is EditKind.CUT_OUT:
        raise InstructionNotUnderstood("instruction: a cut-out is made without an engine: there is nothing to compare")
    return Intent(EDIT_TYPE_OF.get(edit.kind, EditType.INSTRUCTION), edit, reading.keep)


def _edit_type_of(task: Customise) -> EditType:
    """Return the edit type of a task without an instruction."""
    if task.recolour:
        return EditType.COLOURWAY
    if task.text or task.logo:
        return EditType.PRINT
    given = {EditType.STYLE: task.style_image, EditType.GUIDE: task.guide, EditType.COMPLETE: task.complete}
    for edit_type, value in given.items():
        if value:
            return edit_type
    return EditType.CONTROL if task.controls else EditType.FILL


def _reading_of(instruction: str) -> Reading:
    """Return what an instruction asks for. Raises InstructionNotUnderstood, listing what can be asked."""
    try:
        return read(instruction)
    except NotUnderstood as error:
        problems = [FieldProblem("#/instruction", ability) for ability in abilities()]
        raise InstructionNotUnderstood(
            f"instruction: {error}; errors lists the supported instructions", problems
        ) from error
