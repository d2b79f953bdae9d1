"""Which edits one sentence may ask together: each must still show when all are done."""

from collections.abc import Sequence
from itertools import combinations

from likeness.contract.editing import MAX_EDITS
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.tokens import NotUnderstood
from likeness.contract.vocabulary import OPPOSITES

ONCE = (EditKind.RECOLOUR, EditKind.PATTERN, EditKind.MATERIAL, EditKind.BACKGROUND, EditKind.SIZE)
"""Kinds of which the last would cover the others."""
COVERED_BY: dict[EditKind, tuple[EditKind, ...]] = {
    EditKind.RECOLOUR: (EditKind.MATERIAL,),
    EditKind.PATTERN: (EditKind.RECOLOUR, EditKind.MATERIAL),
    EditKind.TEXT: (EditKind.RECOLOUR, EditKind.PATTERN, EditKind.MATERIAL),
}
"""What an edit does not survive that comes after it."""
NO_BACKGROUND = {EditKind.BACKGROUND, EditKind.CUT_OUT}
OWN_COLOUR = (EditKind.MATERIAL, EditKind.RECOLOUR)


def combined(edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits, each once, in the order said, but a cut-out last: after it there is nothing else to edit.

    Raises NotUnderstood when one would undo or cover another.
    """
    made = list(dict.fromkeys(edits))
    if len(made) > MAX_EDITS:
        raise NotUnderstood(f"these are {len(made)} edits; at most {MAX_EDITS} are made")
    for first, second in combinations(made, 2):
        _check_pair(first, second)
    return sorted(made, key=lambda edit: edit.kind is EditKind.CUT_OUT)


def _check_pair(first: Edit, second: Edit) -> None:
    if {first.kind, second.kind} == NO_BACKGROUND:
        raise NotUnderstood("a background that is removed cannot be changed: ask for one or the other")
    if first.kind is second.kind and first.kind in ONCE:
        raise NotUnderstood(f"{_named(first)} or {_named(second)}, one at a time")
    if {first.name, second.name} in OPPOSITES:
        raise NotUnderstood(f"{first.name} and {second.name} undo each other")
    if (first.kind, second.kind) == OWN_COLOUR:
        raise NotUnderstood(f"{first.name} or {second.colour}, one at a time: {first.name} has a colour of its own")
    if second.kind in COVERED_BY.get(first.kind, ()) or _drained(first, second):
        raise NotUnderstood(f"{_named(second)} would cover {_named(first)}; say them the other way round")


def _drained(first: Edit, second: Edit) -> bool:
    """Return whether greyscale would take away the colour of what comes before it."""
    return second.name == "greyscale" and (bool(first.colour) or first.name in ("warmer", "cooler"))


def _named(edit: Edit) -> str:
    return edit.text or " ".join(word for word in (edit.colour, edit.name) if word and word != "plain")
