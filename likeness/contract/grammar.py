"""From clauses to edits: every word that carries meaning is asked, describes what is there already, or is refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from likeness.contract.clauses import STATES, Chunk, Clause, clauses_of
from likeness.contract.combinations import combined
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.options import Region
from likeness.contract.parting import is_same, is_source, parted
from likeness.contract.tokens import NotUnderstood, tokens_of
from likeness.contract.vocabulary import Role
from likeness.contract.wishes import asked_of_background, asked_of_product, asked_of_scene

TEXT = re.compile(
    r"^(?:please )?(?:add|print|write|put) (?:the |this |a )?"
    r"(?:text|words?|slogan|lettering|writing|caption|message)[: ]+"
    r"(?P<text>[^\"“«„'‘].*)$",
    re.I,
)
"""A text without quotation marks, which goes on to the end of the sentence."""
MORE_THAN_TEXT = re.compile(
    r"\b(?:on|onto|to|in) (?:it|the|this|white|black|red)\b|(?:\band|[,;.]) +(?:then |also )?"
    r"(?:make|put|place|give|change|turn|keep|leave|add|replace|recolou?r|remove|paint|dye|increase|reduce|lower|raise)\b",
    re.I,
)
CUTS = ("cut out", "cut it out", "cut them out", "isolate")
"""Verbs of what is left, where others are of what is taken away."""
NOTHING_ELSE = "nothing but the background can be removed; with a mask and a prompt an area can be redrawn"
CUT_FROM = frozenset({Role.BACKGROUND, Role.PRODUCT, Role.IT, Role.PICTURE})
"""What may be named where a product is cut out."""
OTHER: dict[Region, Region] = {"product": "background", "background": "product"}


@dataclass(frozen=True)
class Reading:
    """What a sentence asks: its edits in order, and the part of the image that is to stay as it is."""

    edits: tuple[Edit, ...]
    keep: Region | None = None


@dataclass
class _Read:
    """What has been read so far."""

    edits: list[Edit] = field(default_factory=list)
    keep: set[Region] = field(default_factory=set)
    same: bool = False
    """Whether the picture or the product is to stay the same."""
    rest: bool = False
    """Whether all else is to be kept."""
    target: Chunk | None = None
    """What the last clause spoke of."""
    open: Clause | None = None
    """A clause that named something without saying what is to become of it."""
    cut: bool = False
    """Whether the background was named and is to be removed."""


def read(instruction: str) -> Reading:
    """Return what an instruction asks. Raises NotUnderstood for anything that cannot be done just so."""
    plain = " ".join(instruction.split())
    if found := TEXT.match(plain):
        return Reading((Edit(EditKind.TEXT, text=_text(found["text"])),))
    state = _Read()
    clauses = clauses_of(tokens_of(plain))
    for clause in clauses:
        _CLAUSES.get(clause.verb, _asked)(clause, state)
    if state.open is not None:
        raise NotUnderstood(f"what is to become of {state.open.said!r}?")
    return _reading(state)


def understand(instruction: str) -> Edit:
    """Return the one edit that an instruction asks for, which keeps nothing in particular. Raises NotUnderstood."""
    reading = read(instruction)
    if len(reading.edits) > 1:
        raise NotUnderstood(f"these are {len(reading.edits)} edits: {', '.join(one.phrase for one in reading.edits)}")
    return reading.edits[0]


def _text(text: str) -> str:
    """Return a text to print. Raises NotUnderstood when more seems to be asked than the text."""
    text = text.rstrip(".").strip()
    if MORE_THAN_TEXT.search(text) or not text:
        raise NotUnderstood("where the text ends is unclear; put it in quotation marks, and nothing but it")
    return text


def _reading(state: _Read) -> Reading:
    edits = combined(state.edits)
    regions = {_region(edit) for edit in edits}
    if state.rest and len(regions) == 1 and None not in regions:
        state.keep |= {OTHER[region] for region in regions if region}
    if not edits and state.same and not state.keep - {"product"}:
        return Reading((Edit(EditKind.SAME),))
    if not edits:
        raise NotUnderstood("it names no colour, pattern, material, background, light, size or text to change to")
    for edit in edits:
        _check_kept(edit, state.keep)
    return Reading(tuple(edits), next(iter(state.keep), None))


def _check_kept(edit: Edit, keep: set[Region]) -> None:
    region = _region(edit)
    if region in keep or len(keep) > 1:
        raise NotUnderstood(f"the {region or 'picture'} cannot be kept and changed: {edit.phrase}")
    if edit.kind is EditKind.SIZE and keep:
        raise NotUnderstood("a product of another size uncovers or covers some background, so nothing can be kept")


def _region(edit: Edit) -> Region | None:
    """Return what an edit changes; None of the whole picture."""
    if edit.kind in (EditKind.BACKGROUND, EditKind.CUT_OUT):
        return "background"
    return None if edit.kind in (EditKind.LIGHT, EditKind.SAME) else "product"


def _kept(clause: Clause, state: _Read) -> None:
    """Read "keep the background the same": what is kept is a part; what else is said of it describes it."""
    kept = False
    for chunk in clause.chunks:
        if chunk.role is Role.BACKGROUND:
            state.keep.add("background")
        elif chunk.role in (Role.PRODUCT, Role.IT):
            state.same = True
            if clause.chunks[0] is not chunk or chunk.role is Role.PRODUCT or state.edits:
                state.keep.add("product")
        elif chunk.role is Role.PICTURE:
            state.same = True
        elif chunk.role is Role.REST:
            state.rest = True
        elif chunk.noun is not None or chunk.marker or not kept:
            raise NotUnderstood(f"{clause.said!r}: only the product or the background can be kept")
        kept = True
    if not kept:
        raise NotUnderstood(f"{clause.said!r}: keep what, the product or the background?")
    _close(state)


def _removed(clause: Clause, state: _Read) -> None:
    """Read "remove the background", "cut it out" or "on a transparent background", and nothing else."""
    spoken = None if state.target is None else state.target.role
    if not _cuts_out(clause, spoken is Role.BACKGROUND or (state.cut and spoken is Role.IT)):
        raise NotUnderstood(f"{clause.said!r}: {NOTHING_ELSE}")
    if clause.behind or not clause.chunks:
        state.open = None
    state.rest = state.rest or clause.only
    state.cut = not any(verb in clause.said for verb in CUTS)
    state.edits.append(Edit(EditKind.CUT_OUT))


def _cuts_out(clause: Clause, meant: bool) -> bool:
    """Return whether a clause removes the background and no more; `meant` says that it was spoken of before."""
    for chunk in clause.chunks:
        own = {chunk.role, None if chunk.of is None else chunk.of.role}
        if chunk.noun is None or not own <= {*CUT_FROM, None} or chunk.has(Role.DEGREE) or chunk.has(Role.TEXT):
            return False
    named = {chunk.role for chunk in clause.chunks if not chunk.marker}
    if any(verb in clause.said for verb in CUTS):
        return Role.PICTURE not in named
    if any(state in clause.said for state in STATES):
        return Role.BACKGROUND in named or (meant and not named)
    if "background" in clause.said and not any(chunk.role is Role.BACKGROUND for chunk in clause.chunks):
        return True
    return named == {Role.BACKGROUND} or (named == {Role.IT} and meant)


def _redone(clause: Clause, state: _Read) -> None:
    """Read "recreate this picture", which asks for nothing else, or "recreate it in red"."""
    if any(chunk.words for chunk in clause.chunks if not is_same(chunk)):
        _asked(clause, state)
    else:
        state.same = True


def _asked(clause: Clause, state: _Read) -> None:
    """Read a clause that asks for something: of its target, of the background behind it, or of both."""
    target, asked, scenes = parted(clause, state.target)
    if clause.only:
        state.rest = True
    if target is not None:
        state.target = target
    before = len(state.edits)
    _check_whose(target, asked, state)
    state.edits += _edits_of(target or state.target, asked, clause)
    for scene in scenes:
        if all(word.role is Role.SAME for word in scene.words) and scene.words:
            state.keep.add("background")
        else:
            state.edits.append(asked_of_scene(scene, clause))
    if len(state.edits) > before or scenes:
        state.open = None
    elif any(chunk.has(Role.SAME) for chunk in clause.chunks):
        state.same = True
    else:
        _left_open(clause, target, state)


def _check_whose(target: Chunk | None, asked: Sequence[Chunk], state: _Read) -> None:
    """Raise NotUnderstood for "remove the background and make it white", which may be either's colour."""
    colours = [word.said for chunk in asked for word in chunk.words if word.role is Role.COLOUR]
    whose = target or state.target
    if state.cut and colours and (whose is None or whose.role is Role.IT):
        colour = colours[0]
        raise NotUnderstood(f"what is to be {colour}? say 'make the product {colour}', or 'put it on {colour}' alone")


def _left_open(clause: Clause, target: Chunk | None, state: _Read) -> None:
    """Keep a clause without a request open for the next one: "make the shirt and the pants red"."""
    said = [chunk for chunk in clause.chunks if not is_source(chunk, clause)]
    if said and (state.open is not None or target is None):
        raise NotUnderstood(f"what is to become of {clause.said!r}?")
    if said:
        state.open = clause


def _close(state: _Read) -> None:
    if state.open is not None:
        raise NotUnderstood(f"what is to become of {state.open.said!r}?")


def _edits_of(target: Chunk | None, asked: Sequence[Chunk], clause: Clause) -> list[Edit]:
    if not asked:
        return []
    for before, after in pairwise(asked):
        if before.known and after.known:
            raise NotUnderstood(f"{clause.said!r}: what of {before}?")
    if target is not None and Role.BACKGROUND in (target.role, None if target.of is None else target.of.role):
        return [asked_of_background(asked)]
    backgrounds = [chunk for chunk in asked if chunk.role is Role.BACKGROUND]
    if backgrounds and len(asked) == len(backgrounds) == 1:
        return [asked_of_background(asked)]
    if backgrounds:
        raise NotUnderstood(f"{clause.said!r}: say what is to change one after the other")
    return [edit for group in _groups(asked) for edit in asked_of_product(target, group, clause.verb)]


def _groups(asked: Sequence[Chunk]) -> list[list[Chunk]]:
    """Return what is asked one after the other: "white" and "with blue stripes"."""
    groups: list[list[Chunk]] = []
    for chunk in asked:
        if groups and chunk.marker != "with":
            groups[-1].append(chunk)
        else:
            groups.append([chunk])
    return groups


_CLAUSES = {"keep": _kept, "remove": _removed, "redo": _redone}
"""How the clauses of some verbs are read; all others ask for something."""
