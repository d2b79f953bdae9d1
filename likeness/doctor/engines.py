"""Which engines will run here, what each kind of edit goes to, and what would be worth pulling."""

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from likeness.contract.catalogue import Catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.preferences import NOT_INSTALLED
from likeness.doctor.findings import Finding, Standing
from likeness.models.display import readable
from likeness.models.folder import ModelsFolder, State
from likeness.models.selection import models_for
from likeness.problems import LocalProblem

SLOW = 5_000_000_000
"""Bytes: larger engines are not proposed for a machine without a GPU, where each image takes them many minutes."""


@dataclass(frozen=True)
class EngineHere:
    """Whether an engine runs here, why not, and the command that changes it."""

    name: str
    runs: bool
    said: str
    next: str | None = None


@dataclass(frozen=True)
class EditHere:
    """What a kind of edit goes to where no engine is named, and why; `better` is one that could be pulled."""

    of: str
    engine: str | None
    why: str
    better: str | None = None


@dataclass(frozen=True)
class Place:
    """What there is for engines: bytes of memory, None if not known, and whether a GPU has them."""

    budget: int | None
    gpu: bool
    noncommercial: bool
    installed: Collection[str]

    def too_large(self, spec: EngineSpec) -> str | None:
        """Return what an engine needs where that is more than there is."""
        if self.budget is None or (spec.memory or 0) <= self.budget:
            return None
        return f"needs {readable(spec.memory)} of memory, and there are {readable(self.budget)} for engines"

    def sensible(self, spec: EngineSpec) -> bool:
        """Return whether an engine is worth its download here."""
        return self.too_large(spec) is None and (self.gpu or (spec.memory or 0) <= SLOW)


def about_models(catalogue: Catalogue, models: ModelsFolder) -> list[Finding]:
    """Return the state of the models: how many there are, and what is wrong with any."""
    try:
        states = {spec.name: models.state(spec) for spec in catalogue.model}
    except LocalProblem as problem:
        return [Finding("models", Standing.PROBLEM, str(problem), "likeness models verify --no-run")]
    here = [name for name, state in states.items() if state in (State.INSTALLED, State.FOREIGN)]
    found = [Finding("models", Standing.OK, f"{', '.join(here) or 'none is pulled'} ({models.root})")]
    begun = [name for name, state in states.items() if state is State.BEGUN]
    if begun:
        said = f"a pull was interrupted: {', '.join(begun)}"
        found.append(Finding("models", Standing.WARNING, said, f"likeness models pull {' '.join(begun)}"))
    other = [name for name, state in states.items() if state is State.OTHER]
    if other:
        said = f"pulled at another commit than the catalogue asks for: {', '.join(other)}"
        found.append(Finding("models", Standing.WARNING, said, f"likeness models pull {' '.join(other)}"))
    return found


def engines_here(catalogue: Catalogue, place: Place) -> list[EngineHere]:
    """Return every engine of the catalogue, and whether it runs."""
    return [_here(catalogue, spec, place) for spec in catalogue.engines]


def _here(catalogue: Catalogue, spec: EngineSpec, place: Place) -> EngineHere:
    if spec.commercial == "no" and not place.noncommercial:
        return EngineHere(spec.name, False, f"its licence, {spec.licence}, forbids commercial use")
    if reason := place.too_large(spec):
        return EngineHere(spec.name, False, reason)
    if spec.name in place.installed:
        where = "" if place.gpu or (spec.memory or 0) <= SLOW else "on the processor: many minutes an image"
        return EngineHere(spec.name, True, where)
    size = readable(_download(catalogue, spec))
    return EngineHere(spec.name, False, f"{NOT_INSTALLED}: {size} to pull", f"likeness models pull {spec.name}")


def edits_here(catalogue: Catalogue, place: Place) -> list[EditHere]:
    """Return for each kind of edit what it goes to."""
    missing = {spec.name: NOT_INSTALLED for spec in catalogue.engines if spec.name not in place.installed}
    missing |= {spec.name: reason for spec in catalogue.engines if (reason := place.too_large(spec))}
    found = []
    for choice in catalogue.choices(missing):
        better = _better(catalogue.preferred(choice.wanted), choice.spec, place)
        taken = choice.spec.name if choice.spec else None
        found.append(EditHere(str(choice.wanted), taken, choice.why, better.name if better else None))
    return found


def _better(ranked: Sequence[EngineSpec], taken: EngineSpec | None, place: Place) -> EngineSpec | None:
    """Return the best engine before the one that is taken that would run here if it were pulled."""
    before = ranked[: ranked.index(taken)] if taken else ranked
    return next((spec for spec in before if spec.name not in place.installed and place.sensible(spec)), None)


def pulls(catalogue: Catalogue, edits: Sequence[EditHere], models: Path) -> Mapping[str, str]:
    """Return the commands that bring what better engines need, each with what it costs; the most useful first."""
    wanted = [edit.better for edit in edits if edit.better]
    place = next(folder for folder in (models.resolve(), *models.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    told = {}
    for name in sorted(set(wanted), key=lambda one: (-wanted.count(one), wanted.index(one))):
        spec = catalogue.find(name)
        size, uses = _download(catalogue, spec), [edit.of for edit in edits if edit.better == name]
        room = "" if size <= free else f"; the disk has {readable(free)}: make room first"
        terms = f"{spec.licence}, commercial use: {spec.commercial}"
        told[f"likeness models pull {name}"] = f"{readable(size)}, {terms}; for {', '.join(uses)}{room}"
    return told


def _download(catalogue: Catalogue, spec: EngineSpec) -> int:
    return sum(model.size or 0 for model in models_for(catalogue, [spec.name]))
