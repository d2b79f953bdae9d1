"""The catalogue: which engines there are, what each takes, and what it needs."""

import tomllib
from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.engines import EngineSpec, ModelSpec, way_of
from likeness.contract.errors import (
    EngineNotInstalled,
    FieldProblem,
    InstructionNotUnderstood,
    InvalidField,
    UnknownEngine,
)
from likeness.contract.tasks import Customise, Generate, Purpose, Recreate, Task, Way


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
        return {wish: spec for spec in self.engine if spec.name not in missing for wish in spec.default_for}

    def choose(self, task: Task, missing: Collection[str] = ()) -> EngineSpec:
        """Return the engine that `task` names, or the default for what it asks, of those that are not missing.

        Raises UnknownEngine, EngineNotInstalled, InvalidField when the engine does not do this, or
        InstructionNotUnderstood.
        """
        spec = self._chosen(task, missing)
        if spec.name in missing:
            raise EngineNotInstalled(
                f"engine: no worker has {spec.name}; there: likeness models pull {spec.name}",
                [FieldProblem("#/engine", "not installed")],
            )
        return spec

    def _chosen(self, task: Task, missing: Collection[str]) -> EngineSpec:
        if not isinstance(task, Customise):
            return self._of_kind(task, missing)
        named = None if task.engine is None else self.find(task.engine)
        if named is None and (other := self._open(task, missing)):
            return other
        way = way_of(task, closed=named is None or named.closed)
        spec = named or self._default_for(way, missing)
        if way not in spec.ways:
            does = ", ".join(spec.ways) or "none of them"
            able = ", ".join(other.name for other in self.engine if way in other.ways) or "no other: none does"
            raise InvalidField.at("engine", f"{spec.name} does not customise by {way}; it does: {does}; take {able}")
        return spec

    def _open(self, task: Customise, missing: Collection[str]) -> EngineSpec | None:
        """Return an engine for an instruction that no closed one can follow, if one is installed."""
        try:
            way_of(task, closed=True)
        except InstructionNotUnderstood:
            able = [spec for spec in self.engine if Way.INSTRUCTION in spec.ways and not spec.closed]
            return next((spec for spec in reversed(able) if spec.name not in missing), None)
        return None

    def _default_to_generate(self, task: Generate, missing: Collection[str]) -> EngineSpec:
        """Return the default among the engines that take a prompt where there is one, else among those that do not."""
        fitting = [spec for spec in self.engine if ("prompt" in spec.parameters) == (task.prompt is not None)]
        if any(task.kind in spec.default_for for spec in fitting):
            return self.model_copy(update={"engine": fitting})._default_for(task.kind, missing)
        return self._default_for(task.kind, missing)

    def _default_for(self, wish: Purpose, missing: Collection[str]) -> EngineSpec:
        if found := self.defaults(missing).get(wish):
            return found
        defaults = [spec.name for spec in self.engine if wish in spec.default_for]
        able = [spec.name for spec in self.engine if wish in (*spec.ways, *spec.kinds)]
        hint = f"one of: {', '.join(able)}" if able else "no engine of this service does it"
        if defaults:
            pull = f"likeness models pull {defaults[0]}"
            said = f"engine: no worker has an engine that does {wish} ({', '.join(able)}); there: {pull}"
            raise EngineNotInstalled(said, [FieldProblem("#/engine", hint)])
        raise UnknownEngine(f"engine: this service has no default for {wish}", [FieldProblem("#/engine", hint)])

    def _of_kind(self, task: Recreate | Generate, missing: Collection[str]) -> EngineSpec:
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

    A `[[model]]` of `path` goes before the one of its name that ships. Raises pydantic.ValidationError on a bad entry.
    """
    shipped = resources.files("likeness.contract")
    source = shipped.joinpath("catalogue.toml") if path is None else path
    catalogue = Catalogue.model_validate(tomllib.loads(source.read_text("utf-8")))
    models = [ModelSpec(**row) for row in tomllib.loads(shipped.joinpath("models.toml").read_text("utf-8"))["model"]]
    own = {spec.name for spec in catalogue.model}
    return catalogue.model_copy(
        update={"model": [*catalogue.model, *(spec for spec in models if spec.name not in own)]}
    )
