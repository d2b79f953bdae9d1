"""Several edits in one job: the sentence that asks for them as a list, and the task of each."""

from typing import Any

from likeness.contract.catalogue import Catalogue
from likeness.contract.editing import FINISHES, MAX_EDITS, SHARED, OneEdit, naming_edit
from likeness.contract.endings import KEEPS_PRODUCT, ended
from likeness.contract.errors import InvalidField
from likeness.contract.grammar import Reading, read
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.options import Region
from likeness.contract.packshots import Cutout, CutoutFields, Packshot
from likeness.contract.tasks import Customise
from likeness.contract.tokens import NotUnderstood

EACH = ("candidates", "attempts", "exact", "priority", "thresholds", "flatten")
"""Fields of the job that hold for each of its edits."""
WITH_FIELDS = 'its own fields, such as a mask of the product, are said in edits: [{"cutout": {"mask": "file"}}]'


def listed(task: Customise, catalogue: Catalogue) -> Customise:
    """Return a customisation whose sentences ask for several edits, or for a cut-out, with these as its list.

    Raises InvalidField.
    """
    reading = None if task.images else _several(task, catalogue)
    if reading is not None:
        own = task.model_dump(include=set(OneEdit.model_fields) - {"instruction", *SHARED}, exclude_unset=True)
        single = dict.fromkeys(own, None) | {"loras": [], "controls": [], "instruction": None}
        _check_cut_out(reading, own, catalogue)
        edits = [_one(edit, own) for edit in reading.edits]
        return ended(kept(task.model_copy(update={**single, "edits": edits}), reading.keep))
    edits = [one for number, edit in enumerate(task.edits) for one in _parts(number, edit, catalogue)]
    if len(edits) > MAX_EDITS:
        raise InvalidField.at("edits", f"these are {len(edits)} edits; at most {MAX_EDITS} are made")
    return ended(task.model_copy(update={"edits": edits}))


def kept(task: Customise, part: Region | None) -> Customise:
    """Return the task with the part protected that its instruction asks to keep. Raises InvalidField."""
    if part is None:
        return task
    if task.preserve not in (None, part) or task.mask == part:
        raise InvalidField.at("instruction", f"it keeps the {part}, so that nothing is left to change")
    return task.model_copy(update={"preserve": part})


def tasks_of(task: Customise) -> list[Customise | Cutout | Packshot]:
    """Return the task of each edit of a list, with what holds through all of them. Raises InvalidField."""
    shared = {name: getattr(task, name) for name in EACH}
    return [_task(number, edit, task, shared) for number, edit in enumerate(task.edits)]


def _several(task: Customise | OneEdit, catalogue: Catalogue) -> Reading | None:
    """Return what an instruction asks where that is several edits or a cut-out, and the engine does not read it."""
    if task.instruction is None or (task.engine and not catalogue.find(task.engine).closed):
        return None
    try:
        reading = read(task.instruction)
    except NotUnderstood:
        return None
    return reading if len(reading.edits) > 1 or reading.edits[0].kind is EditKind.CUT_OUT else None


def _parts(number: int, edit: OneEdit, catalogue: Catalogue) -> list[OneEdit]:
    with naming_edit(number):
        reading = _several(edit, catalogue)
        if reading is None:
            return [edit]
        own = edit.model_dump(exclude={"instruction"}, exclude_unset=True)
        _check_cut_out(reading, own, catalogue)
    if reading.keep:
        own["preserve"] = reading.keep
    return [_one(part, own) for part in reading.edits]


def _check_cut_out(reading: Reading, own: dict[str, Any], catalogue: Catalogue) -> None:
    """Raise InvalidField for what is said beside a sentence that asks for a cut-out alone, which takes none of it."""
    if reading.edits[0].kind is not EditKind.CUT_OUT:
        return
    for name, value in own.items():
        if name == "engine" and value and "cutout" not in catalogue.find(value).kinds:
            raise InvalidField.at(name, f"{value} makes no cut-outs; leave engine out")
        if name not in ("engine", "seed") and value not in (None, []) and KEEPS_PRODUCT.get(name) != value:
            raise InvalidField.at(name, f"a cut-out does not take it; {WITH_FIELDS}")


def _one(edit: Edit, own: dict[str, Any]) -> OneEdit:
    if edit.kind is EditKind.CUT_OUT:
        return OneEdit(cutout=CutoutFields())
    said = {"text": edit.text} if edit.kind is EditKind.TEXT else {"instruction": edit.phrase}
    return OneEdit.model_validate({**own, **said})


def _task(number: int, edit: OneEdit, whole: Customise, shared: dict[str, Any]) -> Customise | Cutout | Packshot:
    if edit.finish is not None:
        kind = Cutout if isinstance(edit.finish, CutoutFields) else Packshot
        return kind.model_validate({**edit.finish.model_dump(exclude_unset=True), "priority": whole.priority})
    with naming_edit(number):
        for name in SHARED:
            ours, theirs = getattr(whole, name), getattr(edit, name)
            if ours and theirs and ours != theirs:
                raise InvalidField.at(name, f"beside edits it is the {ours}, which holds through all of them")
        protected = {name: getattr(whole, name) or getattr(edit, name) for name in SHARED}
        return Customise.model_validate({**edit.model_dump(exclude=set(FINISHES)), **protected, **shared})
