"""The job: one envelope, the same for every kind, and what happens to it."""

import secrets
import time
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.report import Report
from likeness.contract.tasks import Task

Scalar = str | int | float | bool | None


SentFile = Literal["mask", "logo", "control"]
"""What may be sent beside a picture."""


class JobStatus(StrEnum):
    """Where a job stands. It ends once, in one of the last three."""

    QUEUED = "queued"
    """Durable, waiting for a worker."""
    RUNNING = "running"
    """A worker has it."""
    SUCCEEDED = "succeeded"
    """There is a result."""
    FAILED = "failed"
    """There is an error that says why."""
    CANCELLED = "cancelled"
    """Stopped because the caller asked."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Strict(BaseModel):
    """A model that takes no unknown field."""

    model_config = ConfigDict(extra="forbid")


def new_job_id() -> str:
    """Return 32 hex digits that cannot be guessed and sort by time (milliseconds first)."""
    return first_job_id(time.time()) + secrets.token_hex(10)


def first_job_id(moment: float) -> str:
    """Return the 12 digits that ids of jobs made at `moment` (Unix seconds) begin with."""
    return f"{int(moment * 1000):012x}"


class StoredPicture(Strict):
    """A picture in the store."""

    key: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    media_type: str
    size: int = Field(ge=0, description="bytes")


class JobOrder(Strict):
    """What the service hands to the worker: all there is in the RQ job's arguments."""

    id: str
    owner: str
    engine: str
    task: Task
    input: StoredPicture
    files: dict[SentFile, StoredPicture] = Field(default={}, description="what was sent beside it")
    created_at: datetime
    batch_key: str = Field(description="jobs with an equal key may share one run")
    timeout: int = Field(gt=0, description="seconds the job may run")


class Progress(Strict):
    """How far a running job is."""

    step: int = Field(ge=0)
    steps: int = Field(ge=0)
    stage: Literal["loading", "preparing", "denoising", "decoding", "assessing"]
    attempt: int = Field(default=1, ge=1)


class Timings(Strict):
    """Where the time went, in seconds."""

    queued: float = 0.0
    loading: float = 0.0
    preparing: float = 0.0
    denoising: float = 0.0
    decoding: float = 0.0
    assessing: float = 0.0


class MadeImage(Strict):
    """One image of a result."""

    picture: StoredPicture
    width: int
    height: int
    mode: str
    format: str
    seed: int | None = Field(description="null where the same picture is made every time")
    guidance_scale: float | None = Field(default=None, description="as it was for this image; grows with each attempt")
    report: Report


class EngineUsed(Strict):
    """Which engine made the images, and how it was set."""

    name: str
    family: str
    revision: str
    parameters: dict[str, Scalar]


class Recipe(Strict):
    """All that is needed to make the pictures again."""

    engine: str
    revision: str
    models: dict[str, str] = Field(default={}, description="the commits of the pulled models it ran on")
    parameters: dict[str, Scalar]
    seeds: list[int]
    input_sha256: str
    files_sha256: dict[SentFile, str] = {}
    task: Task | None = Field(default=None, description="what was asked")
    caption: str | None = Field(default=None, description="the prompt, where a captioner wrote it")


class Result(Strict):
    """What a succeeded job gives, best image first."""

    images: list[MadeImage]
    engine: EngineUsed
    recipe: Recipe
    timings: Timings
    attempts: int = Field(ge=1, description="tries that were needed")
    batch: int = Field(ge=1, description="jobs that shared the run")
    degradations: list[str] = Field(
        default=[],
        description="what was done, in order, because memory was short: `batch split`, `other engines unloaded`, or a "
        "measure of the engine's own, as `VAE tiling`",
    )
    caption: str | None = Field(default=None, description="the prompt, where a captioner wrote it for want of one")
    caption_reason: str | None = Field(
        default=None, description="why there is no caption though the engine would have used one"
    )


class JobFailure(Strict):
    """Why a job failed."""

    code: str
    detail: str
    fault: Literal["caller", "engine", "service"]


class Event(Strict):
    """One entry of a job's event stream."""

    type: Literal["status", "progress"]
    status: JobStatus
    progress: Progress | None = None
    error: JobFailure | None = None
    steps_done: int | None = Field(default=None, description="with `cancelled`: steps run before it stopped")


class Job(Strict):
    """A job as the queue knows it."""

    id: str
    owner: str
    status: JobStatus
    task: Task
    engine: str
    input: StoredPicture
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    position: int | None = Field(default=None, description="jobs before it in its queue, while queued")
    progress: Progress | None = None
    result: Result | None = None
    error: JobFailure | None = None


class Residency(Strict):
    """What one worker holds in memory."""

    worker: str
    device: str
    engines: list[str]
    pools: list[str]
    memory: int | None = Field(default=None, gt=0, description="bytes its engines may take")
