"""What a job is asked to do, told apart by `kind`."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.report import Thresholds

MAX_SEED = 2**32 - 1
MAX_PROMPT = 2000


class Priority(StrEnum):
    """Which jobs are taken first."""

    INTERACTIVE = "interactive"
    """Somebody waits for it."""
    BATCH = "batch"
    """Taken when no interactive job waits."""


class Keep(StrEnum):
    """Which candidates of a job are kept."""

    BEST = "best"
    """The accepted one with the highest ssim, else the best rejected one."""
    ALL = "all"
    """All of them, best first."""


class OutputFormat(StrEnum):
    """The file format of the images that come back."""

    SAME = "same"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class Parameters(BaseModel):
    """What steers an engine. Each engine takes some of these (`GET /engines`); another one given is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: str | None = Field(default=None, max_length=MAX_PROMPT, description="what the picture shows")
    negative_prompt: str | None = Field(default=None, max_length=MAX_PROMPT, description="what it must not show")
    strength: float | None = Field(default=None, ge=0, le=1, description="0 keeps the picture, 1 forgets it (SDEdit)")
    guidance_scale: float | None = Field(default=None, ge=0, le=50, description="how strongly the prompt is followed")
    image_guidance_scale: float | None = Field(default=None, ge=0, le=50, description="how strongly the picture is")
    steps: int | None = Field(default=None, ge=1, le=1000, description="denoising steps")
    seed: int | None = Field(
        default=None, ge=0, le=MAX_SEED, description="seed of the first candidate; drawn at random when not given"
    )


PARAMETER_NAMES: tuple[str, ...] = tuple(Parameters.model_fields)


class Recreate(Parameters):
    """Recreate a picture as exactly as the engine can."""

    kind: Literal["recreate"] = "recreate"
    engine: str | None = Field(default=None, max_length=64, description="an engine's name; the default when not given")
    candidates: int = Field(default=1, ge=1, le=8, description="how many images to make in one attempt")
    keep: Keep = Field(default=Keep.BEST, description="which of them to return")
    attempts: int = Field(default=1, ge=1, le=5, description="how often to try, with new seeds, until one is accepted")
    format: OutputFormat = Field(
        default=OutputFormat.SAME, description="file format; it must be able to hold the frame"
    )
    thresholds: Thresholds = Field(default_factory=Thresholds, description="what a candidate must reach")
    priority: Priority = Field(default=Priority.INTERACTIVE)


Task = Recreate
