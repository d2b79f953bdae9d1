"""Which runs a job takes: one, or for a comparison every engine and combination of values; and an image's run again."""

import json
import math
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product

from pydantic import TypeAdapter, ValidationError

from likeness.contract.catalogue import Catalogue
from likeness.contract.comparison import Compare, Grid, JobTask
from likeness.contract.editing import OneEdit, naming_edit
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import FieldProblem, InvalidField, RequestError
from likeness.contract.intents import Intent, intent_of
from likeness.contract.jobs import MadeImage, Recipe, Scalar
from likeness.contract.packshots import Exact
from likeness.contract.parameters import PARAMETER_NAMES
from likeness.contract.scheduling import Keep
from likeness.contract.sequences import kept, listed, tasks_of
from likeness.contract.tasks import Customise, Generate, Task

TASK: TypeAdapter[Task] = TypeAdapter(Task)
GROWTH = 1.3
"""By how much guidance grows with each attempt that failed."""


@dataclass(frozen=True)
class PlannedRun:
    """One run of one engine: what is asked of it, read from the task once, and the parameters that it runs with."""

    spec: EngineSpec
    task: Task
    intent: Intent
    parameters: Mapping[str, Scalar]
    """All but the seed."""
    why: str = ""
    """Why this engine was chosen, in words."""

    @classmethod
    def of(cls, spec: EngineSpec, task: Task, intent: Intent | None = None) -> "PlannedRun":
        """Return the run of a task; `intent` is what it asks of the engine, where it is known.

        Raises InvalidField when the engine does not take a parameter, and InstructionNotUnderstood.
        """
        if isinstance(task, Exact):
            return cls(spec, task, Intent(task.kind), {})
        intent = intent or intent_of(task, spec.closed)
        return cls(spec, task, intent, spec.resolve(task, intent))

    def attempt(self, number: int) -> dict[str, Scalar]:
        """Return the parameters of an attempt, counted from 0: guidance grows with each, up to its maximum."""
        scale, spec = self.parameters.get("guidance_scale"), self.spec.parameters.get("guidance_scale")
        if not (number and spec and isinstance(scale, float | int)):
            return dict(self.parameters)
        return {**self.parameters, "guidance_scale": min(scale * GROWTH**number, spec.maximum or math.inf)}

    def bound(self, width: int, height: int) -> int:
        """Return how many seconds the run may take for an upright image of this size in px."""
        return self.spec.bound(self.task, width, height)

    def batch_key(self, width: int, height: int) -> str:
        """Return what jobs must have in common to share a run: engine, parameters but the seed, and canvas.

        `width` and `height` are those of the upright image, in px. One that takes several tiles runs alone: there is
        nothing to gain, and several of them may not fit into memory. So does one with further images, of any size.
        """
        task = self.task
        references = isinstance(task, Customise) and task.images
        if task.exact or references or max(width, height) > self.spec.canvas.tile:
            return alone(self.spec)
        controls = [control.model_dump() for control in task.controls] if isinstance(task, Customise) else []
        masked = isinstance(task, Customise) and bool(controls and (task.mask or task.preserve))
        loras = [lora.model_dump() for lora in task.loras]
        asked = [self.intent.purpose, dict(self.parameters), controls, masked, loras]
        settings = json.dumps([self.spec.revision, *asked, *self.spec.canvas.padded(width, height)], sort_keys=True)
        return f"{self.spec.name}:{sha256(settings.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Plan:
    """What a job will do: the task with every engine named, or the size settled, and its runs in the order asked."""

    task: JobTask
    runs: tuple[PlannedRun, ...]
    lead: int = 0
    """The run in whose engine's queue the job waits."""

    @property
    def spec(self) -> EngineSpec:
        """The engine in whose queue the job waits."""
        return self.runs[self.lead].spec

    @property
    def several_edits(self) -> bool:
        """Whether each run works on what the one before made."""
        return isinstance(self.task, Customise) and bool(self.task.edits)

    @property
    def pools(self) -> list[str]:
        """The pools of all engines, once, in the order of the runs."""
        return list(dict.fromkeys(run.spec.pool for run in self.runs))

    @property
    def whys(self) -> list[str]:
        """Why each run has its engine, in words."""
        return [run.why for run in self.runs]

    def bound(self, width: int, height: int) -> int:
        """Return how many seconds the runs together may take for an upright image of this size in px."""
        return sum(run.bound(width, height) for run in self.runs)

    def batch_key(self, width: int, height: int) -> str:
        """Return what jobs must have in common to share a run; a comparison shares none, nor do several edits."""
        if isinstance(self.task, Compare) or self.several_edits:
            return alone(self.spec)
        return self.runs[0].batch_key(width, height)


def plan_of(task: JobTask, catalogue: Catalogue, missing: Collection[str] = ()) -> Plan:
    """Return the runs of a job, each one valid for its engine, `missing` engines left out.

    Raises UnknownEngine, EngineNotInstalled, InvalidField or InstructionNotUnderstood; of a comparison with the pointer
    of the run that is wrong.
    """
    if isinstance(task, Customise):
        task = listed(task, catalogue)
        if task.edits:
            return _sequence(task, catalogue, missing)
    if not isinstance(task, Compare):
        run = _checked(task, catalogue, missing)
        return Plan(run.task, (run,))
    runs: list[PlannedRun] = []
    grids = []
    for number, grid in enumerate(task.runs):
        with _naming(number, grid):
            own = [_checked(one, catalogue, missing) for one in _tasks(task, grid)]
        runs += own
        grids.append(grid.model_copy(update={"engine": own[0].spec.name}))
    return Plan(task.model_copy(update={"runs": grids}), tuple(runs))


def alone(spec: EngineSpec) -> str:
    """Return a batch key that no other job has; it begins with the engine's name, as all do."""
    return f"{spec.name}:alone-{secrets.token_hex(8)}"


def task_again(recipe: Recipe, image: MadeImage, asked: Task) -> Task:
    """Return the task that makes just this image again: its seed, and every parameter and text as it was.

    `asked` stands in for recipes of older jobs, which do not say what was asked. Raises pydantic.ValidationError when
    the recipe is not one of ours.
    """
    task = recipe.task or asked
    if isinstance(task, Customise) and task.edits:
        return TASK.validate_python(task.model_copy(update={"candidates": 1, "attempts": 1}).model_dump())
    taken = type(task).model_fields.keys() & set(PARAMETER_NAMES)
    was = {name: value for name, value in recipe.parameters.items() if name in taken and value is not None}
    text = {} if recipe.caption is None else {"prompt": recipe.caption}
    own = {name: value for name in ("seed", "guidance_scale") if (value := getattr(image, name)) is not None}
    once = {"engine": recipe.engine, "candidates": 1, "attempts": 1, "keep": Keep.BEST}
    again = {**was, **text, **own, **once}
    return TASK.validate_python(
        task.model_dump() | {name: again[name] for name in again if name in type(task).model_fields}
    )


def _checked(task: Task, catalogue: Catalogue, missing: Collection[str]) -> PlannedRun:
    spec, intent, why = catalogue.match(task, missing)
    if isinstance(task, Generate):
        task = _sized(task, spec)
    elif isinstance(task, Customise):
        task = kept(task, intent.keep)
    return replace(PlannedRun.of(spec, task, intent), why=why)


def _sequence(task: Customise, catalogue: Catalogue, missing: Collection[str]) -> Plan:
    """Return the plan of several edits, each with its engine named."""
    runs = []
    for number, one in enumerate(tasks_of(task)):
        with naming_edit(number):
            runs.append(_checked(one, catalogue, missing))
    named = [_named(edit, run) for edit, run in zip(task.edits, runs, strict=True)]
    heaviest = max(range(len(runs)), key=lambda number: runs[number].spec.memory or 0)
    return Plan(task.model_copy(update={"edits": named}), tuple(runs), heaviest)


def _named(edit: OneEdit, run: PlannedRun) -> OneEdit:
    """Return an edit with its engine; a cut-out and a packshot have but the one."""
    if not isinstance(run.task, Customise):
        return edit
    return edit.model_copy(update={"engine": run.spec.name, "preserve": run.task.preserve})


def _sized(task: Generate, spec: EngineSpec) -> Generate:
    """Return the task with its size, so that the recipe has it whatever becomes of the engine."""
    width, height = spec.size_of(task)
    return task.model_copy(update={"width": width, "height": height})


def _tasks(asked: Compare, grid: Grid) -> Iterator[Task]:
    """Yield the task of every combination of the grid's values."""
    fixed = {**asked.task.model_dump(), "engine": grid.engine, "priority": asked.priority}
    for values in product(*grid.values.values()):
        yield TASK.validate_python({**fixed, **dict(zip(grid.values, values, strict=True))})


@contextmanager
def _naming(number: int, grid: Grid) -> Iterator[None]:
    """Name the run, or the field of it, in whatever is found wrong with it."""
    try:
        yield
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [_problem(number, grid, item["loc"], item["msg"]) for item in found]
        raise InvalidField(_said(problems), problems) from error
    except RequestError as error:
        problems = [
            FieldProblem(_pointer(number, grid, problem.pointer.removeprefix("#/")), problem.detail)
            for problem in error.problems
        ]
        raise type(error)(f"runs/{number}: {error.detail}", problems) from error


def _problem(number: int, grid: Grid, place: tuple[int | str, ...], said: str) -> FieldProblem:
    """Return what pydantic says of a task; the place begins with the task's kind, and has no more for all of it."""
    return FieldProblem(_pointer(number, grid, str(place[1]) if place[1:] else ""), said.removeprefix("Value error, "))


def _pointer(number: int, grid: Grid, field: str) -> str:
    """Return where a field of a run was said: in its grid, or in the task that all runs share."""
    if not field:
        return f"#/runs/{number}"
    return f"#/runs/{number}/{field}" if field == "engine" or field in grid.values else f"#/task/{field}"


def _said(problems: Sequence[FieldProblem]) -> str:
    return "; ".join(f"{problem.pointer.removeprefix('#/')}: {problem.detail}" for problem in problems)
