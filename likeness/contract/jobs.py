"""The job: one envelope, the same for every kind, and what happens to it."""

import secrets
import time
from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from likeness.contract.comparison import Compare, JobTask
from likeness.contract.deliveries import WebhookLog
from likeness.contract.report import Report, Score, Verdict
from likeness.contract.strict import Strict
from likeness.contract.tasks import Generate, Task

Scalar = str | int | float | bool | None

SentFile = Literal["mask", "logo", "control", "style_image", "guide"]
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
    engine: str = Field(description="with several runs that of the first")
    task: JobTask
    input: StoredPicture | None = Field(description="the picture; null where one is generated")
    files: dict[SentFile, StoredPicture] = Field(default={}, description="what was sent beside it")
    reproduces: "Reproduces | None" = Field(default=None, description="the job whose images are to be made again")
    created_at: datetime
    batch_key: str = Field(description="jobs with an equal key may share one run")
    timeout: int = Field(gt=0, description="seconds the job may run")
    traceparent: str | None = Field(default=None, max_length=55, description="W3C traceparent of the request")

    @model_validator(mode="after")
    def _works_on_something(self) -> Self:
        if (self.input is None) != isinstance(self.task, Generate):
            raise ValueError("a picture is needed, but to generate one")
        return self

    @property
    def runs(self) -> int:
        """How many runs of an engine it takes."""
        if self.reproduces is not None:
            return len(self.reproduces.originals)
        return sum(grid.count for grid in self.task.runs) if isinstance(self.task, Compare) else 1


class Progress(Strict):
    """How far a running job is."""

    step: int = Field(ge=0)
    steps: int = Field(ge=0)
    stage: Literal["loading", "preparing", "denoising", "decoding", "assessing"]
    attempt: int = Field(default=1, ge=1)
    run: int | None = Field(default=None, ge=1, description="which of several runs `step` and `steps` are of")
    runs: int | None = Field(default=None, ge=1, description="how many runs the job takes, where it takes several")
    preview: int | None = Field(default=None, ge=1, description="previews of this run so far; the newest can be read")


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
    recipe: "Recipe | None" = Field(default=None, description="of this image, where the job took several runs")


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
    input_sha256: str | None = Field(description="null where a picture was generated")
    files_sha256: dict[SentFile, str] = Field(default={})
    task: Task | None = Field(default=None, description="what was asked")
    caption: str | None = Field(default=None, description="the prompt, where a captioner wrote it")
    device: str | None = Field(default=None, description="what the pictures were made on; not known of older jobs")


class Original(Strict):
    """An image of an earlier job, and how to make it again."""

    picture: StoredPicture
    recipe: Recipe


class Reproduces(Strict):
    """The job that is run again, and its images as they were."""

    job: str
    originals: list[Original]


class JobFailure(Strict):
    """Why a job, or one of its runs, failed."""

    code: str
    detail: str
    fault: Literal["caller", "engine", "service"]


class ComparedRun(Strict):
    """One run of a comparison: a row of its table."""

    run: int = Field(ge=0, description="its place in the order asked")
    rank: int | None = Field(default=None, ge=1, description="1 is the best; null when it failed")
    engine: str
    parameters: dict[str, Scalar]
    image: int | None = Field(default=None, ge=0, description="number of its image; null when it failed")
    verdict: Verdict | None = None
    merit: float | None = Field(default=None, description="what runs of an equal verdict are ranked by")
    figures: list[Score] = Field(default=[], description="the main figures of its report")
    seconds: float | None = Field(default=None, description="at work, without queueing and loading the engine")
    timings: Timings | None = None
    degradations: list[str] = Field(default=[], description="what was done because memory was short")
    error: JobFailure | None = None


class Recommendation(Strict):
    """The run to take, and why."""

    run: int = Field(ge=0, description="`run` of the row")
    reasons: list[str] = Field(description="plain sentences, made from the figures")


class Comparison(Strict):
    """What a comparison found."""

    runs: list[ComparedRun] = Field(description="best first, those that failed last")
    merit: str = Field(description="how the merit is computed")
    recommendation: Recommendation
    sheet: StoredPicture


class Sameness(StrEnum):
    """How near a reproduced image came to the original."""

    BITWISE = "bitwise"
    """The very same bytes."""
    PERCEPTUAL = "perceptual"
    """Other bytes, the same frame, and an ssim of at least 0.98 between the two."""
    DIFFERENT = "different"
    """Neither."""


class Reproduced(Strict):
    """One image of the original job, made again."""

    original: int = Field(ge=0, description="its number in the original job")
    original_sha256: str
    image: int | None = Field(default=None, ge=0, description="its number in this job; null when it failed")
    sameness: Sameness | None = None
    figures: list[Score] = Field(default=[], description="ssim, psnr and delta_e between the two, where bytes differ")
    reasons: list[str] = Field(default=[], description="plain sentences: what is known to differ")
    error: JobFailure | None = None


class Reproduction(Strict):
    """How the images of an earlier job came out when it was run again."""

    job: str = Field(description="id of the original job")
    images: list[Reproduced]


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
    comparison: Comparison | None = Field(default=None, description="of a `compare`")
    reproduction: Reproduction | None = Field(default=None, description="of a job that ran another one again")


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
    task: JobTask
    engine: str
    input: StoredPicture | None
    files: dict[SentFile, StoredPicture] = Field(default={})
    reproduces: str | None = Field(default=None, description="id of the job whose images it makes again")
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    position: int | None = Field(default=None, description="jobs before it in its queue, while queued")
    progress: Progress | None = None
    result: Result | None = None
    error: JobFailure | None = None
    webhook: str | None = Field(default=None, description="URL that is told how it ended")
    told: WebhookLog | None = Field(default=None, description="with a webhook")


class Residency(Strict):
    """What one worker holds in memory."""

    worker: str
    device: str
    engines: list[str]
    pools: list[str]
    memory: int | None = Field(default=None, gt=0, description="bytes its engines may take")
