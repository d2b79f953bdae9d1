"""The job: one envelope, the same for every kind, and what happens to it."""

import secrets
import time
from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from likeness.contract.comparison import Compare, JobTask
from likeness.contract.deliveries import WebhookLog
from likeness.contract.labels import Labels
from likeness.contract.left_alone import LeftAlone
from likeness.contract.report import MadeEdit, Report, Score, Verdict
from likeness.contract.reviews import Review
from likeness.contract.strict import Strict
from likeness.contract.tasks import Customise, Generate, Task

Scalar = str | int | float | bool | None
SentFile = Literal["mask", "logo", "control", "style_image", "guide", "background", "image_2", "image_3", "image_4"]
"""Files that may be sent with an image."""


class JobStatus(StrEnum):
    """The status of a job. It ends once, in one of the last three."""

    QUEUED = "queued"
    """Stored durably, waiting for a worker."""
    RUNNING = "running"
    """A worker is running it."""
    SUCCEEDED = "succeeded"
    """There is a result."""
    FAILED = "failed"
    """There is an error that explains why."""
    CANCELLED = "cancelled"
    """Cancelled by the caller."""

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
    """An image in storage."""

    key: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    media_type: str
    size: int = Field(ge=0, description="bytes")


class Ordered(Strict):
    """What a job was accepted with."""

    id: str
    owner: str
    engine: str = Field(description="with several runs that of the first")
    task: JobTask
    input: StoredPicture | None = Field(description="the original; null for generate")
    files: dict[SentFile, StoredPicture] = Field(default={}, description="files sent with it")
    created_at: datetime
    labels: Labels = Field(default_factory=Labels)


class JobOrder(Ordered):
    """What the service hands to the worker: all there is in the RQ job's arguments."""

    reproduces: "Reproduces | None" = Field(default=None, description="the job to reproduce")
    batch_key: str = Field(description="jobs with an equal key may share one run")
    timeout: int = Field(gt=0, description="time limit of the job in seconds")
    traceparent: str | None = Field(default=None, max_length=55, description="W3C traceparent of the request")
    whys: list[str] = Field(default=[], description="why each run has its engine; empty for one that is reproduced")

    @model_validator(mode="after")
    def _works_on_something(self) -> Self:
        if (self.input is None) != isinstance(self.task, Generate):
            raise ValueError("an image is required, except to generate one")
        return self

    @property
    def runs(self) -> int:
        """How many runs of an engine it takes."""
        if self.reproduces is not None:
            return len(self.reproduces.originals)
        edits = self.task.edits if isinstance(self.task, Customise) else []
        return self.task.count if isinstance(self.task, Compare) else max(1, len(edits))

    def why(self, run: int = 0) -> str:
        """Return why a run, counted from 0, has its engine; nothing where that was not said."""
        return self.whys[run] if run < len(self.whys) else ""


class Progress(Strict):
    """How far a running job is."""

    step: int = Field(ge=0)
    steps: int = Field(ge=0)
    stage: Literal["loading", "preparing", "denoising", "decoding", "assessing"]
    attempt: int = Field(default=1, ge=1)
    run: int | None = Field(
        default=None, ge=1, description="the run that `step` and `steps` refer to, if there are several"
    )
    runs: int | None = Field(default=None, ge=1, description="number of runs of the job, if there are several")
    preview: int | None = Field(
        default=None, ge=1, description="number of previews of this run so far; the newest can be read"
    )


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
    seed: int | None = Field(description="the seed; null where none was given and every seed makes the same image")
    guidance_scale: float | None = Field(
        default=None, description="the value used for this image; grows with each attempt"
    )
    report: Report
    matte: StoredPicture | None = Field(default=None, description="what was taken for the product, a grey PNG")
    left_alone: LeftAlone | None = Field(default=None, description="what a change of colour left as it was")
    recipe: "Recipe | None" = Field(default=None, description="of this image, if the job had several runs")


class EngineUsed(Strict):
    """Which engine made the images, and how it was set."""

    name: str
    family: str
    revision: str
    parameters: dict[str, Scalar]
    why: str = Field(default="", description="why this engine was chosen; empty for a job that reproduces another")


class Recipe(Strict):
    """Everything needed to reproduce the images."""

    engine: str
    revision: str
    models: dict[str, str] = Field(default={}, description="commits of the pulled models that were used")
    parameters: dict[str, Scalar]
    seeds: list[int]
    input_sha256: str | None = Field(description="null for generate")
    files_sha256: dict[SentFile, str] = Field(default={})
    task: Task | None = Field(default=None, description="the requested task")
    caption: str | None = Field(default=None, description="the prompt, if a captioner wrote it")
    device: str | None = Field(default=None, description="the device that made the images; null for older jobs")


class Original(Strict):
    """An image of an earlier job, and how to reproduce it."""

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

    run: int = Field(ge=0, description="its position in the request")
    rank: int | None = Field(default=None, ge=1, description="1 is the best; null if the run failed")
    engine: str
    parameters: dict[str, Scalar]
    image: int | None = Field(default=None, ge=0, description="number of its image; null if the run failed")
    verdict: Verdict | None = None
    retouchable: bool = Field(default=False, description="rejected only for faults that a retoucher can mend")
    merit: float | None = Field(default=None, description="ranks runs with the same verdict")
    figures: list[Score] = Field(default=[], description="the main metrics of its report")
    seconds: float | None = Field(default=None, description="excluding queueing and loading the engine")
    timings: Timings | None = None
    degradations: list[str] = Field(default=[], description="what was done to save memory")
    error: JobFailure | None = None


class Recommendation(Strict):
    """The recommended run, and why."""

    run: int = Field(ge=0, description="`run` of the row")
    reasons: list[str] = Field(description="plain sentences, derived from the metrics")


class Comparison(Strict):
    """What a comparison found."""

    runs: list[ComparedRun] = Field(description="best first, failed runs last")
    merit: str = Field(description="how the merit is computed")
    recommendation: Recommendation
    sheet: StoredPicture


class Sameness(StrEnum):
    """How closely a reproduced image matches the original."""

    BITWISE = "bitwise"
    """Identical bytes."""
    PERCEPTUAL = "perceptual"
    """Different bytes, the same frame, and an ssim of at least 0.98 between the two."""
    DIFFERENT = "different"
    """Neither."""


class Reproduced(Strict):
    """One image of the original job, reproduced."""

    original: int = Field(ge=0, description="its number in the original job")
    original_sha256: str
    image: int | None = Field(default=None, ge=0, description="its number in this job; null if it failed")
    sameness: Sameness | None = None
    figures: list[Score] = Field(default=[], description="ssim, psnr and delta_e between the two, if the bytes differ")
    reasons: list[str] = Field(default=[], description="plain sentences: known differences")
    error: JobFailure | None = None


class Reproduction(Strict):
    """How closely the reproduced images match those of the earlier job."""

    job: str = Field(description="id of the original job")
    images: list[Reproduced]


class Result(Strict):
    """The result of a job that succeeded, best image first."""

    images: list[MadeImage]
    engine: EngineUsed
    recipe: Recipe
    timings: Timings
    attempts: int = Field(ge=1, description="number of attempts that were needed")
    batch: int = Field(ge=1, description="number of jobs in the same run")
    degradations: list[str] = Field(
        default=[],
        description="what was done, in order, to save memory: `batch split`, `other engines unloaded`, or a "
        "measure of the engine itself, such as `VAE tiling`",
    )
    caption: str | None = Field(default=None, description="the prompt, if a captioner wrote it because none was given")
    caption_reason: str | None = Field(
        default=None, description="why there is no caption although the engine would have used one"
    )
    edits: list[MadeEdit] = Field(default=[], description="of several edits, in the order they were made")
    comparison: Comparison | None = Field(default=None, description="of a `compare`")
    reproduction: Reproduction | None = Field(default=None, description="only of a job that reproduces another one")


class Job(Ordered):
    """A job as the queue knows it."""

    status: JobStatus
    reproduces: str | None = Field(default=None, description="id of the job that it reproduces")
    started_at: datetime | None = None
    ended_at: datetime | None = None
    position: int | None = Field(default=None, description="number of jobs ahead of it in its queue, while queued")
    progress: Progress | None = None
    result: Result | None = None
    error: JobFailure | None = None
    webhook: str | None = Field(default=None, description="URL to notify when it ends")
    told: WebhookLog | None = Field(default=None, description="with a webhook")
    reviews: list[Review] = Field(default=[], description="what people said of its result, oldest first")
