"""What a comparison is asked to do: one image, one task, several engines and values of their parameters."""

from math import prod
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from likeness.contract.labels import Labelled
from likeness.contract.options import Strict
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.scheduling import Keep, Priority, Webhook
from likeness.contract.tasks import Customise, Generate, PictureTask, Recreate

MAX_RUNS = 24
MAX_IMAGES = 192
"""Made in all: runs, times the candidates and attempts of each."""
JobKind = Literal["recreate", "customise", "generate", "compare", "cutout", "packshot", "check"]


def _listed(given: object) -> object:
    return given if given is None or isinstance(given, list) else [given]


_SOME = Field(min_length=1, max_length=MAX_RUNS)
Texts = Annotated[list[str], _SOME, BeforeValidator(_listed, json_schema_input_type=str | list[str])]
Numbers = Annotated[list[float], _SOME, BeforeValidator(_listed, json_schema_input_type=float | list[float])]
Integers = Annotated[list[int], _SOME, BeforeValidator(_listed, json_schema_input_type=int | list[int])]


class Grid(Strict):
    """One engine and the values to try with it, one or a list of each; every combination of them is a run."""

    engine: str | None = Field(default=None, max_length=64, description="name of an engine; the default if omitted")
    prompt: Texts | None = Field(default=None, description="as in `task`, in whose place each value is put")
    negative_prompt: Texts | None = Field(default=None, description="as in `task`")
    strength: Numbers | None = Field(default=None, description="as in `task`")
    guidance_scale: Numbers | None = Field(default=None, description="as in `task`")
    image_guidance_scale: Numbers | None = Field(default=None, description="as in `task`")
    steps: Integers | None = Field(default=None, description="as in `task`")
    scheduler: Texts | None = Field(default=None, description="as in `task`")
    clip_skip: Integers | None = Field(default=None, description="as in `task`")
    label: Texts | None = Field(default=None, description="as in `task`")
    truncation: Numbers | None = Field(default=None, description="as in `task`")
    temperature: Numbers | None = Field(default=None, description="as in `task`")
    top_k: Integers | None = Field(default=None, description="as in `task`")
    top_p: Numbers | None = Field(default=None, description="as in `task`")
    variation: Numbers | None = Field(default=None, description="as in `task`")
    layer: Texts | None = Field(default=None, description="as in `task`")
    parts: Texts | None = Field(default=None, description="as in `task`")
    shadow: Texts | None = Field(default=None, description="as in `task`")
    content_weight: Numbers | None = Field(default=None, description="as in `task`")
    style_weight: Numbers | None = Field(default=None, description="as in `task`")
    seed: Integers | None = Field(default=None, description="as in `task`")

    @property
    def values(self) -> dict[str, list[str] | list[float] | list[int]]:
        """The values to try, by the names of their parameters."""
        found: dict[str, list[str] | list[float] | list[int]] = self.model_dump(exclude={"engine"}, exclude_none=True)
        return found

    @property
    def count(self) -> int:
        """How many runs it asks for."""
        return prod(map(len, self.values.values()))


class Compare(Labelled):
    """Run one image through several engines and settings, to find out which does it best."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: Literal["compare"] = "compare"
    task: PictureTask = Field(
        default_factory=Recreate,
        description="what every run does; without `engine` and `priority`, and one image of each run is kept",
    )
    runs: list[Grid] = Field(
        min_length=1, max_length=MAX_RUNS, description=f"engines and values; at most {MAX_RUNS} combinations in all"
    )
    priority: Priority = Field(default=Priority.INTERACTIVE)
    webhook: Webhook = None

    @field_validator("task", mode="before")
    @classmethod
    def _has_a_picture(cls, task: object) -> object:
        if isinstance(task, Generate) or (isinstance(task, dict) and task.get("kind") == "generate"):
            raise ValueError("generate has no original to compare with; a comparison supports recreate and customise")
        return task

    @field_validator("task")
    @classmethod
    def _leaves_open(cls, task: Recreate | Customise) -> Recreate | Customise:
        if task.engine is not None:
            raise ValueError("name the engines in runs, not in task")
        if task.priority is not Priority.INTERACTIVE:
            raise ValueError("set the priority next to task, not in it")
        if task.webhook is not None:
            raise ValueError("set the webhook next to task, not in it")
        if task.labelled or task.recipe:
            raise ValueError("set reference, metadata and recipe next to task, not in it")
        if isinstance(task, Customise) and task.edits:
            raise ValueError("a comparison tries one edit; leave edits out")
        if task.keep is not Keep.BEST:
            raise ValueError("a comparison keeps the best image of each run; leave keep out")
        return task

    @field_validator("runs")
    @classmethod
    def _bounded(cls, runs: list[Grid], info: ValidationInfo) -> list[Grid]:
        if (count := sum(grid.count for grid in runs)) > MAX_RUNS:
            raise ValueError(f"these are {count} runs; at most {MAX_RUNS} are made")
        task: Recreate | Customise | None = info.data.get("task")
        if task and (images := count * task.candidates * task.attempts) > MAX_IMAGES:
            raise ValueError(f"candidates and attempts make {images} images of these; at most {MAX_IMAGES} are made")
        return runs

    @property
    def count(self) -> int:
        """How many runs it asks for."""
        return sum(grid.count for grid in self.runs)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that must be sent beside the image."""
        return self.task.files if isinstance(self.task, Customise) else ()


JobTask = Annotated[Recreate | Customise | Generate | Compare | Cutout | Packshot | Check, Field(discriminator="kind")]
"""What a job is asked to do."""
