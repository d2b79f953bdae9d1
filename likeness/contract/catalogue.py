"""The catalogue: which engines there are, what each takes, and what it needs."""

import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from likeness.contract.engines import EngineSpec, Kind, ModelSpec
from likeness.contract.errors import (
    EngineNotInstalled,
    FieldProblem,
    InstructionNotUnderstood,
    InvalidField,
    UnknownEngine,
)
from likeness.contract.intents import Intent, intent_of
from likeness.contract.preferences import Choice, Preference, Wanted, first_of
from likeness.contract.tasks import Customise, EditType, Generate, Purpose, Task

Row = dict[str, Any]
"""A row of a catalogue as TOML gives it, not yet checked."""

NOT_INHERITED: Final = ("default_for",)
"""What an engine never has from the one it is `like`: to become a default has to be said."""
TABLES: Final = ("canvas", "parameters", "parts")
"""Tables that an engine adds to, key by key, rather than replaces."""


class Catalogue(BaseModel):
    """All engines, and the models they need that do not ship."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: list[EngineSpec] = Field(min_length=1)
    model: list[ModelSpec] = []
    preference: list[Preference] = []

    @model_validator(mode="after")
    def _prefers_what_there_is(self) -> Self:
        known = {spec.name: spec.commercial for spec in self.engine}
        for row in self.preference:
            for name in row.engines:
                if known.get(name) in (None, "no"):
                    said = "is not in the catalogue" if name not in known else "may not be used commercially"
                    raise ValueError(f"preference of {row.of}: {name} {said}")
        return self

    @property
    def engines(self) -> Sequence[EngineSpec]:
        """The engines in the order of the file."""
        return self.engine

    @property
    def pools(self) -> list[str]:
        """Every pool, once, in the order of the file."""
        return self.pools_without(())

    def pools_without(self, missing: Collection[str]) -> list[str]:
        """Return the pools of the engines that are not missing, once, in the order of the file."""
        return list(dict.fromkeys(spec.pool for spec in self.engine if spec.name not in missing))

    @property
    def quick_pools(self) -> list[str]:
        """The pools all of whose engines make exact edits: one machine gives each a worker of its own."""
        slow = {spec.pool for spec in self.engine if not spec.edits}
        return [pool for pool in self.pools if pool not in slow]

    def find(self, name: str) -> EngineSpec:
        """Return the engine called `name`. Raises UnknownEngine listing those there are."""
        for spec in self.engine:
            if spec.name == name:
                return spec
        known = ", ".join(spec.name for spec in self.engine)
        raise UnknownEngine(
            f"engine: {name!r} is not in the catalogue; there are: {known}",
            [FieldProblem("#/engine", f"one of: {known}")],
        )

    def missing(self, installed: Collection[str]) -> set[str]:
        """Return the names of the engines that need a model which is pulled, and are not among the installed."""
        pulled = {model.name for model in self.model}
        return {spec.name for spec in self.engine if pulled.intersection(spec.needs)} - set(installed)

    def choices(self, missing: Collection[str]) -> list[Choice]:
        """Return for every kind of edit the engine of requests that name none, those missing left out.

        `missing` may be a mapping that says why each cannot be had.
        """
        stated = [purpose for spec in self.engine for purpose in spec.default_for]
        wanted = dict.fromkeys([*(row.of for row in self.preference), *stated])
        return [first_of(one, self.preferred(one), missing) for one in wanted]

    def defaults(self, missing: Collection[str]) -> dict[Wanted, EngineSpec]:
        """Return by what is wanted the engine of `choices`, where there is one."""
        return {choice.wanted: choice.spec for choice in self.choices(missing) if choice.spec}

    def preferred(self, wanted: Wanted, purpose: Purpose | None = None) -> list[EngineSpec]:
        """Return the engines for what is wanted, best first.

        Those that say so themselves (`default_for`) go before the rows, the last of them first. An instruction that
        has no row of its own has that of its `purpose`.
        """
        said = [spec for spec in reversed(self.engine) if {wanted, purpose} & set(spec.default_for)]
        rows = {row.of: row.engines for row in self.preference}
        return said + [self.find(name) for name in rows.get(wanted) or rows.get(purpose or wanted, [])]

    def choose(self, task: Task, missing: Collection[str] = ()) -> EngineSpec:
        """Return the engine of `match`. Raises what it raises."""
        return self.match(task, missing).spec

    def match(self, task: Task, missing: Collection[str] = ()) -> "Match":
        """Return the engine that `task` names, or the best of those not missing, and what the task asks of it.

        Raises UnknownEngine, EngineNotInstalled, InvalidField when the engine does not do this, or
        InstructionNotUnderstood.
        """
        if task.engine is None:
            return self._unnamed(task, missing)
        spec = self.find(task.engine)
        intent = intent_of(task, closed=spec.closed)
        if not spec.makes(intent):
            raise InvalidField.at("engine", self._not_done(spec, intent))
        self.check_installed(spec, missing)
        return Match(spec, intent.read_by(spec.closed), "the request names it")

    @staticmethod
    def check_installed(spec: EngineSpec, missing: Collection[str]) -> None:
        """Raise EngineNotInstalled for an engine that is missing."""
        if spec.name in missing:
            raise EngineNotInstalled(
                f"engine: no worker has {spec.name}; there: likeness models pull {spec.name}",
                [FieldProblem("#/engine", "not installed")],
            )

    def _unnamed(self, task: Task, missing: Collection[str]) -> "Match":
        try:
            intent = intent_of(task, closed=True)
        except InstructionNotUnderstood:
            intent = Intent(EditType.INSTRUCTION)
            choice = self._best(task, intent, missing, [spec for spec in self.engine if not spec.closed])
            if choice is None or choice.spec is None:
                raise
            return Match(choice.spec, intent, choice.why)
        choice = self._best(task, intent, missing, self.engine)
        if choice is None or choice.spec is None:
            raise self._nothing_for(intent)
        return Match(choice.spec, intent.read_by(choice.spec.closed), choice.why)

    def _best(self, task: Task, intent: Intent, missing: Collection[str], among: Sequence[EngineSpec]) -> Choice:
        """Return the best engine for what is asked that takes all that is given.

        An edit that none of those preferred takes goes to another, the last first, but never to one whose licence
        forbids commerce. Where none takes all, what is given counts for nothing, and the engine says what is wrong.
        """
        wanted = _wanted(intent)
        ranked = [spec for spec in self.preferred(wanted, intent.purpose) if spec in among and spec.makes(intent)]
        if isinstance(task, Generate):
            told = task.prompt is not None
            ranked = [spec for spec in ranked if ("prompt" in spec.parameters) == told] or ranked
        free = isinstance(task, Customise) and (bool(ranked) or intent == Intent(EditType.INSTRUCTION))
        others = [spec for spec in reversed(among) if spec.commercial != "no" and spec.makes(intent)] if free else []
        every = ranked + [spec for spec in others if spec not in ranked]

        def unsuited(spec: EngineSpec) -> str | None:
            return spec.unsuited(task, intent)

        found = first_of(wanted, every, missing, unsuited)
        return found if found.spec else first_of(wanted, ranked or every, missing)

    def _nothing_for(self, intent: Intent) -> EngineNotInstalled | UnknownEngine:
        """Return the error of what no engine that is there does."""
        wanted = self.preferred(_wanted(intent), intent.purpose)
        able = [spec.name for spec in self.engine if spec.makes(intent)]
        hint = f"one of: {', '.join(able)}" if able else "no engine of this service does it"
        if wanted:
            pull = f"likeness models pull {wanted[-1].name}"
            said = f"engine: no worker has an engine that does {intent.purpose} ({', '.join(able)}); there: {pull}"
            return EngineNotInstalled(said, [FieldProblem("#/engine", hint)])
        said = f"engine: this service has no default for {intent.purpose}"
        return UnknownEngine(said, [FieldProblem("#/engine", hint)])

    def _not_done(self, spec: EngineSpec, intent: Intent) -> str:
        able = ", ".join(other.name for other in self.engine if other.makes(intent)) or "no other: none does"
        if intent.purpose in get_args(Kind):
            return f"{spec.name} does not {intent.purpose}; it does: {', '.join(spec.kinds)}; take {able}"
        does, asked = ", ".join(spec.ways) or "none of them", str(intent.purpose)
        if intent.purpose in spec.ways and intent.edit:
            does, asked = ", ".join(spec.edits), f"an edit of the kind {intent.edit.kind}"
        return f"{spec.name} does not customise by {asked}; it does: {does}; take {able}"


class Match(NamedTuple):
    """The engine for a task, what the task asks of it, and why it is this one, in words."""

    spec: EngineSpec
    intent: Intent
    why: str


def _wanted(intent: Intent) -> Wanted:
    """Return what there may be a preference for: the kind of an edit in words, else the edit type or kind of job."""
    return intent.edit.kind if intent.edit else intent.purpose


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the engines from `path`, or those that ship; the models that ship are known to both.

    With `extends = "shipped"` at its top `path` has the engines that ship before its own. A row of `path` goes before
    the shipped one of its name; an engine's or a preference's stands in that one's place. An engine `like` another has
    all that it does not say itself from that one, but `default_for`. Raises ValueError on a bad entry;
    pydantic.ValidationError is one.
    """
    own = {} if path is None else tomllib.loads(path.read_text("utf-8"))
    engines = _rows(own, "engine")
    extended = path is None or _extends(own)
    if extended:
        engines = _over(_shipped("catalogue.toml")["engine"], engines)
    preferences = _rows(own, "preference", "of")
    if extended:
        preferences = _over(_shipped("catalogue.toml")["preference"], preferences, "of")
    models = _rows(own, "model")
    known = {row.get("name") for row in models}
    models += [row for row in _shipped("models.toml")["model"] if row["name"] not in known]
    specs = [_spec(row) for row in _alike(engines)]
    return Catalogue.model_validate(own | {"engine": specs, "model": models, "preference": preferences})


def _spec(row: Row) -> EngineSpec:
    """Return the engine of a row. Raises ValueError, which names the engine and each field that is wrong."""
    try:
        return EngineSpec.model_validate(row)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ValueError(f"engine {row.get('name', 'without a name')}: {'; '.join(said)}") from error


def _rows(own: Row, table: str, key: str = "name") -> list[Row]:
    """Take the rows of a table out of a catalogue. Raises ValueError when they are not rows, or two have one name."""
    rows = own.pop(table, [])
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise ValueError(f"{table}: each is a table of its own, [[{table}]]")
    known = [row.get(key) for row in rows]
    if twice := {str(name) for name in known if known.count(name) > 1}:
        raise ValueError(f"{table}: {', '.join(sorted(twice))} is there twice")
    return rows


@cache
def _shipped(name: str) -> dict[str, list[Row]]:
    """Return the rows of a file that ships, which are read once and not to be changed."""
    return tomllib.loads(resources.files("likeness.contract").joinpath(name).read_text("utf-8"))


def _extends(own: Row) -> bool:
    """Return whether a catalogue adds to the one that ships. Raises ValueError when it says something else."""
    extended = own.pop("extends", None)
    if extended not in (None, "shipped"):
        raise ValueError(f"extends: {extended!r} is not known; it may be 'shipped'")
    return extended is not None


def _over(shipped: Sequence[Row], own: Sequence[Row], key: str = "name") -> list[Row]:
    """Return the rows of both; one of our own stands in place of the shipped one of its name."""
    mine = {row.get(key): row for row in own}
    known = {row[key] for row in shipped}
    return [mine.get(row[key], row) for row in shipped] + [row for row in own if row.get(key) not in known]


def _alike(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of engines with what each has from the one it is `like`. Raises ValueError when there is none."""
    whole: dict[str, Row] = {}
    for row in rows:
        base, said = {}, dict(row)
        if (like := said.pop("like", None)) is not None:
            if like not in whole:
                raise ValueError(f"{row.get('name')}: no engine called {like!r} stands before it to be like")
            base = {name: value for name, value in whole[like].items() if name not in NOT_INHERITED}
        tables = {name: base.get(name, {}) | said.get(name, {}) for name in TABLES if name in base or name in said}
        whole[str(row.get("name"))] = base | said | tables
    return list(whole.values())
