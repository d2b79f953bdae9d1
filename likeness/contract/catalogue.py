"""The catalogue: which engines there are, what each takes, and what it needs."""

import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likeness.contract.engines import EngineSpec, ModelSpec
from likeness.contract.errors import (
    EngineNotInstalled,
    FieldProblem,
    InstructionNotUnderstood,
    InvalidField,
    UnknownEngine,
)
from likeness.contract.intents import Intent, intent_of
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.tasks import Customise, EditType, Generate, Purpose, Recreate, Task

Row = dict[str, Any]
"""A row of a catalogue as TOML gives it, not yet checked."""

NOT_INHERITED: Final = ("default_for", "best_for")
"""What an engine never has from the one it is `like`: to become a default has to be said."""
TABLES: Final = ("canvas", "parameters", "parts")
"""Tables that an engine adds to, key by key, rather than replaces."""


class Catalogue(BaseModel):
    """All engines, and the models they need that do not ship."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: list[EngineSpec] = Field(min_length=1)
    model: list[ModelSpec] = []

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

    def defaults(self, missing: Collection[str]) -> dict[Purpose, EngineSpec]:
        """Return by purpose the engine of jobs that name none: the one furthest down that is not missing."""
        return {edit_type: spec for spec in self.engine if spec.name not in missing for edit_type in spec.default_for}

    def choose(self, task: Task, missing: Collection[str] = ()) -> EngineSpec:
        """Return the engine of `match`. Raises what it raises."""
        return self.match(task, missing)[0]

    def match(self, task: Task, missing: Collection[str] = ()) -> tuple[EngineSpec, Intent]:
        """Return the engine that `task` names, or the default of those not missing, and what the task asks of it.

        Raises UnknownEngine, EngineNotInstalled, InvalidField when the engine does not do this, or
        InstructionNotUnderstood.
        """
        spec, intent = self._matched(task, missing)
        self.check_installed(spec, missing)
        return spec, intent

    @staticmethod
    def check_installed(spec: EngineSpec, missing: Collection[str]) -> None:
        """Raise EngineNotInstalled for an engine that is missing."""
        if spec.name in missing:
            raise EngineNotInstalled(
                f"engine: no worker has {spec.name}; there: likeness models pull {spec.name}",
                [FieldProblem("#/engine", "not installed")],
            )

    def why(self, spec: EngineSpec, task: Task, intent: Intent) -> str:
        """Return in words why `match` gives a task this engine, for what it found the task to ask."""
        if task.engine:
            return "the request names it"
        if intent.purpose in spec.default_for:
            return f"the default for {intent.purpose}"
        return f"the best engine that is installed for what the default for {intent.purpose} does not do or take"

    def _matched(self, task: Task, missing: Collection[str]) -> tuple[EngineSpec, Intent]:
        if not isinstance(task, Customise):
            return self._of_kind(task, missing), Intent(task.kind)
        named = None if task.engine is None else self.find(task.engine)
        try:
            intent = intent_of(task, closed=named is None or named.closed)
        except InstructionNotUnderstood:
            if named is None and (other := self._open(missing)):
                return other, Intent(EditType.INSTRUCTION)
            raise
        spec = named or self._default_that_suits(task, intent, missing)
        if not spec.makes(intent):
            raise InvalidField.at("engine", self._not_done(spec, intent))
        return spec, intent.read_by(spec.closed)

    def _not_done(self, spec: EngineSpec, intent: Intent) -> str:
        does, asked = ", ".join(spec.ways) or "none of them", str(intent.purpose)
        if intent.purpose in spec.ways and intent.edit:
            does, asked = ", ".join(spec.edits), f"an edit of the kind {intent.edit.kind}"
        able = ", ".join(other.name for other in self.engine if other.makes(intent)) or "no other: none does"
        return f"{spec.name} does not customise by {asked}; it does: {does}; take {able}"

    def _default_that_suits(self, task: Customise, intent: Intent, missing: Collection[str]) -> EngineSpec:
        """Return the engine for what is asked: one that is best at it, a default, or another that takes what is given.

        Of several the last. Where none takes all parameters that are given, they count for nothing.
        """
        able = [spec for spec in self._unnamed(missing) if spec.makes(intent)]
        suited = [spec for spec in able if spec.suits(task, intent)]
        kind = intent.edit and intent.edit.kind
        defaults = [spec for spec in able if intent.purpose in spec.default_for]
        best = [spec for spec in suited if kind in spec.best_for] or [spec for spec in defaults if spec in suited]
        if chosen := best or (suited if defaults else []) or defaults:
            return chosen[-1]
        return self._default_for(intent.purpose, missing)

    def _open(self, missing: Collection[str]) -> EngineSpec | None:
        """Return an engine for an instruction that no closed one can follow, if one is installed."""
        able = [spec for spec in self._unnamed(missing) if EditType.INSTRUCTION in spec.ways and not spec.closed]
        return able[-1] if able else None

    def _unnamed(self, missing: Collection[str]) -> list[EngineSpec]:
        """Return the engines that a task may get without naming one: never those whose licence forbids commerce."""
        return [spec for spec in self.engine if spec.name not in missing and spec.commercial != "no"]

    def _default_to_generate(self, task: Generate, missing: Collection[str]) -> EngineSpec:
        """Return the default among the engines that take a prompt where there is one, else among those that do not."""
        fitting = [spec for spec in self.engine if ("prompt" in spec.parameters) == (task.prompt is not None)]
        if any(task.kind in spec.default_for for spec in fitting):
            return self.model_copy(update={"engine": fitting})._default_for(task.kind, missing)
        return self._default_for(task.kind, missing)

    def _default_for(self, purpose: Purpose, missing: Collection[str]) -> EngineSpec:
        if found := self.defaults(missing).get(purpose):
            return found
        defaults = [spec.name for spec in self.engine if purpose in spec.default_for]
        able = [spec.name for spec in self.engine if purpose in (*spec.ways, *spec.kinds)]
        hint = f"one of: {', '.join(able)}" if able else "no engine of this service does it"
        if defaults:
            pull = f"likeness models pull {defaults[0]}"
            said = f"engine: no worker has an engine that does {purpose} ({', '.join(able)}); there: {pull}"
            raise EngineNotInstalled(said, [FieldProblem("#/engine", hint)])
        raise UnknownEngine(f"engine: this service has no default for {purpose}", [FieldProblem("#/engine", hint)])

    def _of_kind(self, task: Recreate | Generate | Cutout | Packshot | Check, missing: Collection[str]) -> EngineSpec:
        if task.engine is None:
            if isinstance(task, Generate):
                return self._default_to_generate(task, missing)
            return self._default_for(task.kind, missing)
        spec = self.find(task.engine)
        if task.kind not in spec.kinds:
            able = ", ".join(other.name for other in self.engine if task.kind in other.kinds) or "no other: none does"
            raise InvalidField.at(
                "engine", f"{spec.name} does not {task.kind}; it does: {', '.join(spec.kinds)}; take {able}"
            )
        return spec


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the engines from `path`, or those that ship; the models that ship are known to both.

    With `extends = "shipped"` at its top `path` has the engines that ship before its own. A row of `path` goes before
    the shipped one of its name, an engine's in that one's place. An engine `like` another has all that it does not say
    itself from that one, but `default_for`. Raises ValueError on a bad entry; pydantic.ValidationError is one.
    """
    own = {} if path is None else tomllib.loads(path.read_text("utf-8"))
    engines = _rows(own, "engine")
    if path is None or _extends(own):
        engines = _over(_shipped("catalogue.toml")["engine"], engines)
    models = _rows(own, "model")
    known = {row.get("name") for row in models}
    models += [row for row in _shipped("models.toml")["model"] if row["name"] not in known]
    specs = [_spec(row) for row in _alike(engines)]
    return Catalogue.model_validate(own | {"engine": specs, "model": models})


def _spec(row: Row) -> EngineSpec:
    """Return the engine of a row. Raises ValueError, which names the engine and each field that is wrong."""
    try:
        return EngineSpec.model_validate(row)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ValueError(f"engine {row.get('name', 'without a name')}: {'; '.join(said)}") from error


def _rows(own: Row, table: str) -> list[Row]:
    """Take the rows of a table out of a catalogue. Raises ValueError when they are not rows, or two have one name."""
    rows = own.pop(table, [])
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise ValueError(f"{table}: each is a table of its own, [[{table}]]")
    known = [row.get("name") for row in rows]
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


def _over(shipped: Sequence[Row], own: Sequence[Row]) -> list[Row]:
    """Return the rows of both; one of our own stands in place of the shipped one of its name."""
    mine = {row.get("name"): row for row in own}
    known = {row["name"] for row in shipped}
    return [mine.get(row["name"], row) for row in shipped] + [row for row in own if row.get("name") not in known]


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
