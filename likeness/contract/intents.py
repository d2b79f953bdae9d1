"""What a task asks of an engine, read from its fields and its instruction."""

from dataclasses import dataclass

from likeness.contract.errors import FieldProblem, InstructionNotUnderstood
from likeness.contract.instructions import Edit, EditKind, NotUnderstood, abilities, understand
from likeness.contract.tasks import Customise, EditType, Purpose, Task

EDIT_TYPE_OF = {EditKind.TEXT: EditType.PRINT, EditKind.SIZE: EditType.RESIZE}
"""Edits that are asked in words but done another way than by instruction."""


@dataclass(frozen=True)
class Intent:
    """What a task asks of an engine: its kind or edit type, and what a closed engine understands its instruction as."""

    purpose: Purpose
    edit: Edit | None = None

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
    edit = _edit_of(task.instruction)
    return Intent(EDIT_TYPE_OF.get(edit.kind, EditType.INSTRUCTION), edit)


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


def _edit_of(instruction: str) -> Edit:
    """Return the edit that an instruction asks for. Raises InstructionNotUnderstood, listing what can be asked."""
    try:
        return understand(instruction)
    except NotUnderstood as error:
        problems = [FieldProblem("#/instruction", ability) for ability in abilities()]
        raise InstructionNotUnderstood(
            f"instruction: {error}; errors lists the supported instructions", problems
        ) from error
