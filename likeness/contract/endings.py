"""Edits that end with a cut-out or a packshot: what may be said of it, and what of the file that it makes."""

from typing import Any

from likeness.contract.editing import OneEdit, naming_edit
from likeness.contract.errors import InvalidField
from likeness.contract.packshots import CutoutFields, PackshotFields
from likeness.contract.tasks import Customise, OutputFormat

KEEPS_PRODUCT = {"mask": "background", "preserve": "product"}
"""What a cut-out or a packshot does by itself."""
NOT_TAKEN = {
    "flatten": "the product is cut out of the image by its alpha; a packshot's background is a colour",
    "lossy_lock": "what is protected is kept exactly until the product is cut out; leave it out",
}
"""What makes no sense with a frame that is not the original's."""


def ended(task: Customise) -> Customise:
    """Return a list of edits with the job's file format said in the cut-out or packshot that it ends with, if it does.

    Raises InvalidField for an edit after it, and for what it does not take.
    """
    places = [number for number, edit in enumerate(task.edits) if edit.finish]
    if not places:
        return task
    if places[0] + 1 < len(task.edits):
        kind = "cut-out" if task.edits[places[0]].cutout else "packshot"
        raise InvalidField.at(
            f"edits/{places[0] + 1}", f"a {kind} makes a frame of its own: nothing is edited after it"
        )
    for name, why in NOT_TAKEN.items():
        if getattr(task, name):
            raise InvalidField.at(name, why)
    if len(task.edits) == 1:
        _check_nothing_held(task)
    asked = {"format": task.format, "quality": task.quality}
    said = {name: value for name, value in asked.items() if value is not None}
    last = _written(places[0], task.edits[-1], said) if said else task.edits[-1]
    return task.model_copy(update={"edits": [*task.edits[:-1], last], "format": None, "quality": None})


def _check_nothing_held(task: Customise) -> None:
    """Raise InvalidField for a protected area that nothing would be edited around."""
    for name, value in KEEPS_PRODUCT.items():
        if getattr(task, name) not in (None, value):
            raise InvalidField.at(name, "nothing is edited before; a mask of the product is said in the edit itself")


def _written(number: int, edit: OneEdit, said: dict[str, Any]) -> OneEdit:
    """Return the edit with the format and the quality that the job asks of its file. Raises InvalidField."""
    finish = edit.finish
    if said.get("format") is OutputFormat.SAME:
        raise InvalidField.at("format", "the frame is not the original's: name a file format, or leave it out")
    if isinstance(finish, CutoutFields):
        _check_clear(said)
    for name, value in said.items():
        if finish is not None and name in finish.model_fields_set and getattr(finish, name) != value:
            raise InvalidField.at(name, f"the last edit says {getattr(finish, name)}")
    name, kind = ("cutout", CutoutFields) if edit.cutout else ("packshot", PackshotFields)
    own = {} if finish is None else finish.model_dump(exclude_unset=True)
    with naming_edit(number, name):
        return edit.model_copy(update={name: kind.model_validate({**own, **said})})


def _check_clear(said: dict[str, Any]) -> None:
    """Raise InvalidField for a file that cannot hold a cut-out."""
    if said.get("format") is OutputFormat.JPEG:
        raise InvalidField.at("format", "a cut-out has an alpha channel, which jpeg cannot hold: take png or webp")
    if "quality" in said:
        raise InvalidField.at("quality", "a cut-out is lossless; leave it out")
