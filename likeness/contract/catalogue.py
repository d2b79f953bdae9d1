"""The catalogue: which engines there are, what each takes, and what it needs."""

import json
import math
import secrets
import tomllib
from collections.abc import Sequence
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.errors import FieldProblem, InvalidField, UnknownEngine
from likeness.contract.jobs import Scalar
from likeness.contract.tasks import PARAMETER_NAMES, Task

Kind = Literal["recreate"]


class CanvasSpec(BaseModel):
    """The canvas an engine works on, in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    multiple: int = Field(gt=0, description="each side is a multiple of this")
    minimum: int = Field(gt=0, description="each side is at least this")
    tile: int = Field(gt=0, description="a longer side is worked on in overlapping tiles of this side")
    overlap: int = Field(ge=0, description="how far neighbouring tiles overlap")


class ParameterSpec(BaseModel):
    """One parameter that an engine takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Scalar = None
    minimum: float | None = None
    maximum: float | None = None


class EngineSpec(BaseModel):
    """One engine: a row of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    family: str = Field(pattern="^[a-z][a-z0-9_]*$", description="the file in worker/engines that runs it")
    summary: str
    kinds: list[Kind]
    default_for: list[Kind] = []
    pool: str = Field(pattern="^[a-z0-9][a-z0-9-]*$", description="workers of one pool serve its engines")
    weights: str = Field(description="folder below the weights folder")
    revision: str
    licence: str
    batch: int = Field(gt=0, description="most jobs in one run")
    timeout: int = Field(gt=0, description="seconds a job may run, whatever the size of its picture")
    timeout_per_megapixel: float = Field(default=0, ge=0, description="seconds more for each megapixel")
    max_candidates: int = Field(default=1, ge=1, le=8, description="1 where the engine has no randomness")
    canvas: CanvasSpec
    parameters: dict[str, ParameterSpec] = {}

    def resolve(self, task: Task) -> dict[str, Scalar]:
        """Return the parameters to run with: those of `task`, else the defaults; `seed` is left to the caller.

        Raises InvalidField naming every parameter that the engine does not take or whose bounds are left.
        """
        given = {name: value for name in PARAMETER_NAMES if (value := getattr(task, name)) is not None}
        problems = [problem for name, value in given.items() if (problem := self._problem(name, value))]
        problems += self._repetition_problems(task)
        if problems:
            raise InvalidField("; ".join(f"{p.pointer.removeprefix('#/')}: {p.detail}" for p in problems), problems)
        return {name: given.get(name, spec.default) for name, spec in self.parameters.items() if name != "seed"}

    def bound(self, task: Task, width: int, height: int) -> int:
        """Return how many seconds a job may run: every candidate and attempt of a picture of this size."""
        once = self.timeout + self.timeout_per_megapixel * width * height / 1e6
        return math.ceil(once * task.candidates * task.attempts)

    def batch_key(self, task: Task, width: int, height: int) -> str:
        """Return what jobs must have in common to share a run: engine, parameters but the seed, and canvas.

        `width` and `height` are those of the upright picture, in px. One that takes several tiles runs alone: there is
        nothing to gain, and several of them may not fit into memory.
        """
        if max(width, height) > self.canvas.tile:
            return f"{self.name}:alone-{secrets.token_hex(8)}"
        sides = (
            max(-(-side // self.canvas.multiple) * self.canvas.multiple, self.canvas.minimum)
            for side in (width, height)
        )
        settings = json.dumps([self.revision, self.resolve(task), *sides], sort_keys=True)
        return f"{self.name}:{sha256(settings.encode()).hexdigest()[:16]}"

    def _repetition_problems(self, task: Task) -> list[FieldProblem]:
        again = f"the engine {self.name} makes the same picture every time"
        problems = []
        if task.candidates > self.max_candidates:
            detail = again if self.max_candidates == 1 else f"at most {self.max_candidates} with {self.name}"
            problems.append(FieldProblem("#/candidates", detail))
        if task.attempts > 1 and "seed" not in self.parameters:
            problems.append(FieldProblem("#/attempts", again))
        return problems

    def _problem(self, name: str, value: Scalar) -> FieldProblem | None:
        spec = self.parameters.get(name)
        if spec is None:
            taken = ", ".join(self.parameters) or "none of these parameters"
            return FieldProblem(f"#/{name}", f"the engine {self.name} does not take it; it takes {taken}")
        if isinstance(value, int | float):
            if spec.minimum is not None and value < spec.minimum:
                return FieldProblem(f"#/{name}", f"at least {spec.minimum:g} with the engine {self.name}")
            if spec.maximum is not None and value > spec.maximum:
                return FieldProblem(f"#/{name}", f"at most {spec.maximum:g} with the engine {self.name}")
        return None


class Catalogue(BaseModel):
    """All engines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: list[EngineSpec] = Field(min_length=1)

    @property
    def engines(self) -> Sequence[EngineSpec]:
        """The engines in the order of the file."""
        return self.engine

    @property
    def pools(self) -> list[str]:
        """Every pool, once, in the order of the file."""
        return list(dict.fromkeys(spec.pool for spec in self.engine))

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

    def choose(self, task: Task) -> EngineSpec:
        """Return the engine that `task` names, or the default of its kind.

        Raises UnknownEngine, or InvalidField when the engine does not do this kind of job.
        """
        if task.engine is None:
            return next(spec for spec in self.engine if task.kind in spec.default_for)
        spec = self.find(task.engine)
        if task.kind not in spec.kinds:
            raise InvalidField.at("engine", f"{spec.name} does not {task.kind}; it does: {', '.join(spec.kinds)}")
        return spec


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the catalogue from `path`, or the one that ships. Raises pydantic.ValidationError on a bad entry."""
    source = resources.files("likeness.contract").joinpath("catalogue.toml") if path is None else path
    return Catalogue.model_validate(tomllib.loads(source.read_text("utf-8")))
