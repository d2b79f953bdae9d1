"""Rows of the catalogue: an engine, what it takes and needs, and a model that is pulled."""

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from likeness.contract.errors import (
    FieldProblem,
    InvalidField,
)
from likeness.contract.instructions import Edit, EditKind, abilities
from likeness.contract.intents import EDIT_TYPE_OF, Intent, intent_of
from likeness.contract.jobs import Scalar
from likeness.contract.parameters import PARAMETER_NAMES
from likeness.contract.tasks import ControlKind, Customise, EditType, Generate, Purpose, Task

REFINING = 0.4
"""The strength up to which tiles of a picture agree, as they only refine it; from more noise each invents its own."""
LONGEST = 2.0
"""The longest side that is worked on, in sides of the square an engine was trained at: its buckets go up to 4 to 1."""
Kind = Literal["recreate", "customise", "generate", "cutout", "packshot", "check"]
STILL_AT_0 = ("strength", "variation")
"""The parameters at whose 0 nothing is left to chance."""


class CanvasSpec(BaseModel):
    """The canvas an engine works on, in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    multiple: int = Field(gt=0, description="each side is a multiple of this")
    minimum: int = Field(gt=0, description="each side is at least this")
    tile: int = Field(gt=0, description="the longest side that is processed at once")
    native: int | None = Field(
        default=None, gt=0, description="the longer side it works best at; a smaller image is enlarged for processing"
    )
    area: int | None = Field(
        default=None,
        gt=0,
        description="the area it was trained at: a smaller image is enlarged to it, whatever its proportions, and what "
        "is not processed in tiles is reduced to it; takes the place of `native` and `tile` there",
    )
    larger: Literal["tiles", "smaller"] = Field(
        default="tiles",
        description="a larger image is processed in overlapping tiles, or scaled down and only its change scaled up",
    )
    overlap: int = Field(default=0, ge=0, description="overlap of neighbouring tiles")

    @property
    def shrunk(self) -> "CanvasSpec":
        """The same, for work that cannot be done in tiles."""
        return self.model_copy(update={"larger": "smaller"})

    def padded(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the canvas of an upright image of this size."""
        across, down = (max(-(-side // self.multiple) * self.multiple, self.minimum) for side in (width, height))
        return across, down

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """Return the size that a canvas is worked on in: that of the area it was trained at, or larger in tiles.

        Without an area it is not below `native`, and not above `tile` unless in tiles. Sides stay multiples;
        proportions are kept as far as multiples allow.
        """
        scale = self._scale(width, height)
        if abs(scale - 1) * max(width, height) < self.multiple:
            return width, height
        sides = (max(self.minimum, round(side * scale / self.multiple) * self.multiple) for side in (width, height))
        across, down = sides
        return across, down

    def _scale(self, width: int, height: int) -> float:
        longer = max(width, height)
        if self.area is None:
            native = self.native or 0
            most = longer if self.larger == "tiles" else self.tile
            return min(max(longer, native), max(most, native)) / longer
        scale = min(math.sqrt(self.area / (width * height)), LONGEST * math.sqrt(self.area) / longer)
        return max(1.0, scale) if self.larger == "tiles" else scale


class ParameterSpec(BaseModel):
    """One parameter that an engine takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Scalar = None
    by_way: dict[Purpose, Scalar] = Field(
        default={}, description="different defaults for some edit types and for `generate`"
    )
    only_for: list[Purpose] = Field(default=[], description="the kinds and edit types it affects; empty means all")
    minimum: float | None = None
    maximum: float | None = None
    choices: list[str] = Field(default=[], description="the allowed words; empty means any")

    @model_validator(mode="after")
    def _is_a_choice(self) -> Self:
        if self.choices and self.default not in (None, *self.choices):
            raise ValueError("the default is not among the choices")
        return self

    def default_of(self, purpose: Purpose) -> Scalar:
        """Return the default for what is asked of the engine."""
        return self.by_way.get(purpose, self.default)

    def does(self, purpose: Purpose) -> bool:
        """Return whether it does something for what is asked of the engine."""
        return not self.only_for or purpose in self.only_for

    def miss(self, value: Scalar) -> str | None:
        """Return what a value should have been; None when it will do."""
        if self.choices and value not in self.choices:
            return f"one of {', '.join(self.choices)}"
        if not isinstance(value, int | float):
            return None
        if self.minimum is not None and value < self.minimum:
            return f"at least {self.minimum:g}"
        return f"at most {self.maximum:g}" if self.maximum is not None and value > self.maximum else None


class EngineSpec(BaseModel):
    """One engine: a row of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    family: str = Field(pattern="^[a-z][a-z0-9_]*$", description="the file in worker/engines that runs it")
    summary: str
    use: str = Field(default="", description="when to choose it over another engine")
    kinds: list[Kind]
    ways: list[EditType] = Field(default=[], description="the edit types it supports")
    default_for: list[Purpose] = Field(
        default=[], description="what it goes before the catalogue's preferences for; of several engines the last"
    )
    closed: bool = Field(default=False, description="supports only a fixed list of instructions")
    edits: list[EditKind] = Field(
        default=[], description="of an engine that makes exact edits by arithmetic: the kinds of edit it makes"
    )
    pool: str = Field(pattern="^[a-z0-9][a-z0-9-]*$", description="the pool of workers that runs it")
    weights: str = Field(description="its weights: a folder of the shipped weights, or a pulled model")
    parts: dict[str, str] = Field(default={}, description="other models it needs, by their role")
    controls: list[ControlKind] = Field(
        default=[], description="the control maps it supports, each with the part of that name"
    )
    loras: list[str] = Field(default=[], description="LoRA adapters that a job may use")
    references: int = Field(default=0, ge=0, description="how many further images (`images`) it takes at most")
    captioned: bool = Field(
        default=False, description="needs a prompt to recreate an image; a captioner writes it if none is given"
    )
    memory: int | None = Field(
        default=None, gt=0, description="bytes of memory it needs for one image, including weights"
    )
    revision: str
    licence: str = Field(description="of its weights")
    commercial: Literal["yes", "no", "conditions"] = Field(
        default="conditions", description="whether its licence allows commercial use; with conditions: read it"
    )
    licence_url: str | None = Field(default=None, pattern="^https://", description="where the licence can be read")
    batch: int = Field(gt=0, description="maximum number of jobs in one run")
    timeout: int = Field(gt=0, description="time limit of a job in seconds, for an image of any size")
    timeout_per_megapixel: float = Field(default=0, ge=0, description="additional seconds per megapixel")
    max_candidates: int = Field(default=1, ge=1, le=8, description="1 for an engine without randomness")
    drifts: bool = Field(
        default=False,
        description="tends to shift or zoom the image; the service undoes this when it is small and certain",
    )
    canvas: CanvasSpec
    parameters: dict[str, ParameterSpec] = {}

    @model_validator(mode="after")
    def _is_a_default_for_anybody(self) -> Self:
        if self.commercial == "no" and self.default_for:
            raise ValueError("an engine whose licence forbids commercial use runs only where it is named")
        return self

    @property
    def needs(self) -> list[str]:
        """The names of all weights and models it runs on."""
        return [self.weights, *self.parts.values()]

    def resolve(self, task: Task, intent: Intent | None = None) -> dict[str, Scalar]:
        """Return the parameters to run with: those of `task`, else the defaults; `seed` is left to the caller.

        There is no `prompt` where an instruction is what the engine reads. `intent` is that of `task`, if known.
        Raises InvalidField naming every parameter that the engine does not take or whose bounds are left.
        """
        given = {name: value for name in PARAMETER_NAMES if (value := getattr(task, name, None)) is not None}
        purpose = (intent or intent_of(task, self.closed)).purpose
        problems = [problem for name, value in given.items() if (problem := self._problem(name, value, purpose))]
        problems += [
            FieldProblem(f"#/loras/{place}", f"the engine {self.name} supports: {', '.join(self.loras) or 'none'}")
            for place, lora in enumerate(task.loras)
            if lora.name not in self.loras
        ]
        problems += self._repetition_problems(task)
        if isinstance(task, Customise):
            problems += self._edit_type_problems(task, purpose)
        if isinstance(task, Generate) and "prompt" in self.parameters and not task.prompt:
            problems.append(FieldProblem("#/prompt", f"the engine {self.name} makes an image from text: send a prompt"))
        if problems:
            raise InvalidField("; ".join(f"{p.pointer.removeprefix('#/')}: {p.detail}" for p in problems), problems)
        unused = ("seed", "prompt") if purpose is EditType.INSTRUCTION else ("seed",)
        taken = {name: spec for name, spec in self.parameters.items() if name not in unused and spec.does(purpose)}
        return {name: given.get(name, spec.default_of(purpose)) for name, spec in taken.items()}

    def instructions(self) -> list[str]:
        """Return what can be asked of a closed engine in words; of another one, anything can: an empty list."""
        asked = {kind: Intent(EDIT_TYPE_OF.get(kind, EditType.INSTRUCTION), Edit(kind)) for kind in EditKind}
        return abilities({kind for kind in EditKind if self.makes(asked[kind])}) if self.closed else []

    def makes(self, intent: "Intent") -> bool:
        """Return whether it makes what is asked."""
        edit = intent.edit
        if edit and edit.kind is EditKind.CUT_OUT:
            return "cutout" in self.kinds
        return intent.purpose in (*self.ways, *self.kinds) and not (self.edits and edit and edit.kind not in self.edits)

    def unsuited(self, task: Task, intent: "Intent") -> str | None:
        """Return in words what of a task it does not take, such as a parameter or control map; None if it takes all."""
        given = [name for name in PARAMETER_NAMES if getattr(task, name, None) is not None]
        refused = [name for name in given if not self._takes(name, intent.purpose)]
        refused += [lora.name for lora in getattr(task, "loras", []) if lora.name not in self.loras]
        if isinstance(task, Customise):
            refused += [control.kind for control in task.controls if control.kind not in self.controls]
            refused += ["images"] if len(task.images) > self.references else []
        if refused:
            return f"does not take {', '.join(refused)}"
        return "needs a prompt" if isinstance(task, Generate) and self._takes("prompt") and not task.prompt else None

    def _takes(self, name: str, purpose: Purpose | None = None) -> bool:
        spec = self.parameters.get(name)
        return spec is not None and (purpose is None or spec.does(purpose))

    def size_of(self, task: Generate) -> tuple[int, int]:
        """Return width and height in px of the image to generate: as asked, or the engine's native square."""
        side = self.canvas.native or self.canvas.tile
        return task.width or side, task.height or side

    def bound(self, task: Task, width: int, height: int) -> int:
        """Return how many seconds a job may run: every candidate and attempt of an image of this size."""
        once = self.timeout + self.timeout_per_megapixel * width * height / 1e6
        return math.ceil(once * task.candidates * task.attempts)

    def varies(self, parameters: dict[str, Scalar]) -> bool:
        """Return whether another seed gives another image: not where nothing is left to chance."""
        return self.max_candidates > 1 and all(parameters.get(name) != 0 for name in STILL_AT_0)

    def _edit_type_problems(self, task: Customise, purpose: Purpose) -> list[FieldProblem]:
        problems = []
        problems += [
            FieldProblem(
                f"#/controls/{place}", f"the engine {self.name} supports: {', '.join(self.controls) or 'none'}"
            )
            for place, control in enumerate(task.controls)
            if control.kind not in self.controls
        ]
        if len(task.images) > self.references:
            most = f"at most {self.references}" if self.references else "none"
            problems.append(FieldProblem("#/images", f"the engine {self.name} takes {most}"))
        if (task.mask or task.preserve) and purpose is EditType.RESIZE:
            field = "mask" if task.mask else "preserve"
            problems.append(FieldProblem(f"#/{field}", "a product that is resized cannot be protected"))
        return problems

    def _repetition_problems(self, task: Task) -> list[FieldProblem]:
        if task.candidates > self.max_candidates > 1:
            return [FieldProblem("#/candidates", f"at most {self.max_candidates} with {self.name}")]
        return []

    def _problem(self, name: str, value: Scalar, purpose: Purpose) -> FieldProblem | None:
        spec = self.parameters.get(name)
        if spec is None or not spec.does(purpose):
            taken = ", ".join(key for key, other in self.parameters.items() if other.does(purpose))
            when = "" if spec is None else f" for {purpose}"
            said = (
                f"the engine {self.name} does not support it{when}; it supports {taken or 'none of these parameters'}"
            )
            return FieldProblem(f"#/{name}", said)
        missed = spec.miss(value)
        return FieldProblem(f"#/{name}", f"{missed} with the engine {self.name}") if missed else None


class ModelSpec(BaseModel):
    """A model that `likeness models pull` brings from a hub: a row of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$", description="its folder below the models folder")
    repository: str = Field(pattern="^[\\w.-]+/[\\w.-]+$", description="owner/name on the hub")
    revision: str = Field(min_length=1, description="a commit, or a branch whose commit is recorded when it is pulled")
    licence: str
    commercial: Literal["yes", "no", "conditions"] = Field(
        default="conditions", description="whether its licence allows commercial use; with conditions: read it"
    )
    files: list[str] = Field(min_length=1, description="patterns of the files it takes; weights are safetensors")
    size: int | None = Field(default=None, gt=0, description="bytes to download, about")
