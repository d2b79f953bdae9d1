"""Several edits in one job: the sentence that asks for them as a list, and the task of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from likeness.contract.catalogue import Catalogue
from likeness.contract.editing import MAX_EDITS, SHARED, OneEdit
from likeness.contract.errors import FieldProblem, InvalidField, RequestError
from likeness.contract.grammar import Reading, read
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.options import Region
from likeness.contract.tasks import Customise
from likeness.contract.tokens import NotUnderstood

EACH = ("candidates", "attempts", "exact", "priority", "thresholds", "flatten")
"""Fields of the job that hold for each of its edits."""


def listed(task: Customise, catalogue: Catalogue) -> Customise:
    """Return a customisation whose sentences ask for several edits with these as its list. Raises InvalidField."""
    reading = _several(task, catalogue)
    if reading is not None:
        own = task.model_dump(include=set(OneEdit.model_fields) - {"instruction", *SHARED}, exclude_unset=True)
        single = dict.fromkeys(own, None) | {"loras": [], "controls": [], "instruction": None}
        edits = [_one(edit, own) for edit in reading.edits]
        return kept(task.model_copy(update={**single, "edits": edits}), reading.keep)
    edits = [one for number, edit in enumerate(task.edits) for one in _parts(number, edit, catalogue)]
    if len(edits) > MAX_EDITS:
        raise InvalidField.at("edits", f"these are {len(edits)} edits; at most {MAX_EDITS} are made")
    return task.model_copy(update={"edits": edits})


def kept(task: Customise, part: Region | None) -> Customise:
    """Return the task with the part protected that its instruction asks to keep. Raises InvalidField."""
    if part is None:
        return task
    if task.preserve not in (None, part) or task.mask == part:
        raise InvalidField.at("instruction", f"it keeps the {part}, so that nothing is left to change")
    return task.model_copy(update={"preserve": part})


def tasks_of(task: Customise) -> list[Customise]:
    """Return the task of each edit of a list, with what holds through all of them. Raises InvalidField."""
    shared = {name: getattr(task, name) for name in EACH}
    return [_task(number, edit, task, shared) for number, edit in enumerate(task.edits)]


def _several(task: Customise | OneEdit, catalogue: Catalogue) -> Reading | None:
    """Return what an instruction asks where that is several edits, for an engine that does not read it itself."""
    if task.instruction is None or (task.engine and not catalogue.find(task.engine).closed):
        return None
    try:
        reading = read(task.instruction)
    except NotUnderstood:
        return None
    return reading if len(reading.edits) > 1 else None


def _parts(number: int, edit: OneEdit, catalogue: Catalogue) -> list[OneEdit]:
    with naming_edit(number):
        reading = _several(edit, catalogue)
    if reading is None:
        return [edit]
    own = edit.model_dump(exclude={"instruction"}, exclude_unset=True)
    if reading.keep:
        own["preserve"] = reading.keep
    return [_one(part, own) for part in reading.edits]


def _one(edit: Edit, own: dict[str, Any]) -> OneEdit:
    said = {"text": edit.text} if edit.kind is EditKind.TEXT else {"instruction": edit.phrase}
    return OneEdit.model_validate({**own, **said})


def _task(number: int, edit: OneEdit, whole: Customise, shared: dict[str, Any]) -> Customise:
    with naming_edit(number):
        for name in SHARED:
            ours, theirs = getattr(whole, name), getattr(edit, name)
            if ours and theirs and ours != theirs:
                raise InvalidField.at(name, f"beside edits it is the {ours}, which holds through all of them")
        protected = {name: getattr(whole, name) or getattr(edit, name) for name in SHARED}
        return Customise.model_validate({**edit.model_dump(), **protected, **shared})


@contextmanager
def naming_edit(number: int) -> Iterator[None]:
    """Name the edit, counted from 0, in whatever is found wrong with it."""
    try:
        yield
    except ValidationError as error:
        said = [item["msg"].removeprefix("Value error, ") for item in error.errors(include_url=False)]
        problems = [FieldProblem(f"#/edits/{number}", detail) for detail in said]
        raise InvalidField(f"edits/{number}: {'; '.join(said)}", problems) from error
    except RequestError as error:
        problems = [
            FieldProblem(f"#/edits/{number}/{problem.pointer.removeprefix('#/')}", problem.detail)
            for problem in error.problems
        ]
        raise type(error)(f"edits/{number}: {error.detail}", problems) from error
