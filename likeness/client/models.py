"""The responses of the service, as far as the client reads them. Unknown fields are ignored."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from likeness.contract.deliveries import Delivery
from likeness.contract.image_facts import ImageFacts
from likeness.contract.jobs import (
    ComparedRun,
    JobFailure,
    JobStatus,
    Progress,
    Recommendation,
    Reproduction,
    Timings,
)
from likeness.contract.left_alone import LeftAlone
from likeness.contract.report import MadeEdit, Report
from likeness.contract.reviews import ReviewState
from likeness.contract.usage import DayUsage


class RemoteModel(BaseModel):
    """A response or a part of one; a newer service may send more fields."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class RemoteImage(ImageFacts):
    """One image of a result, with its report."""

    guidance_scale: float | None = None
    report: Report
    matte: str | None = None
    left_alone: LeftAlone | None = None


class RemoteComparison(RemoteModel):
    """The result of a comparison; the best of `runs` comes first, failed ones last."""

    runs: list[ComparedRun]
    merit: str
    recommendation: Recommendation
    sheet: str


class RemoteResult(RemoteModel):
    """The result of a job that succeeded, best image first."""

    images: list[RemoteImage]
    engine: dict[str, Any]
    recipe: dict[str, Any]
    timings: Timings
    degradations: list[str] = []
    caption: str | None = None
    caption_reason: str | None = None
    edits: list[MadeEdit] = []
    comparison: RemoteComparison | None = None
    reproduction: Reproduction | None = None
    links_expire_at: datetime | None = None


class RemoteWebhook(RemoteModel):
    """The webhook of a job and its deliveries so far."""

    url: str
    state: str
    deliveries: list[Delivery]
    next_at: datetime | None = None


class RemoteReview(RemoteModel):
    """What one person said of a job's result: `by` is the name of the API key, `decision` None for a mere comment."""

    by: str
    at: datetime
    decision: str | None = None
    comment: str | None = None


class JobFacts(RemoteModel):
    """Which job it is, and how it stands."""

    id: str
    kind: str
    status: JobStatus
    created_at: datetime


class RemoteJob(JobFacts):
    """A job as the service reports it."""

    engine: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    position: int | None = None
    reference: str | None = None
    metadata: dict[str, str] = {}
    filename: str | None = None
    asked: str = ""
    recipe: str | None = None
    progress: Progress | None = None
    result: RemoteResult | None = None
    error: JobFailure | None = None
    webhook: RemoteWebhook | None = None
    review: ReviewState = ReviewState.NONE
    reviews: list[RemoteReview] = []


class RemoteRecipe(RemoteModel):
    """A saved recipe: the call that it is for, and the fields that it sets."""

    name: str
    kind: str
    fields: dict[str, Any]


class RemoteReviewLink(RemoteModel):
    """A review link: its token, told once, the address of its page below the service's, and when it ends."""

    reference: str
    name: str
    token: str
    url: str
    expires_at: datetime


class RecipeList(RemoteModel):
    """Your saved recipes."""

    recipes: list[RemoteRecipe]


class JobEvent(RemoteModel):
    """One event of a job: a new status, or a step of a running job. `id` is the service's id of the event."""

    type: str
    status: JobStatus
    progress: Progress | None = None
    error: JobFailure | None = None
    steps_done: int | None = None
    reference: str | None = None
    metadata: dict[str, str] | None = None
    id: str = ""


class Health(RemoteModel):
    """Whether the service is ready to run jobs; `detail` says what is missing, None if nothing is."""

    ready: bool
    detail: str | None = None


class Usage(RemoteModel):
    """The usage of a key by UTC day, today first, and its limits; None means no limit."""

    key: str = ""
    daily_quota: int | None
    concurrency: int | None
    days: list[DayUsage]


class DryRunEstimate(RemoteModel):
    """An estimate, in seconds: None if unknown; `reason` says what it is based on, or why it is unknown."""

    value: float | None
    reason: str


class DryRun(RemoteModel):
    """What a request would do; each of `runs` holds its engine, parameters, canvas and memory."""

    kind: str
    engine: str
    runs: list[dict[str, Any]]
    timeout: int
    seconds: DryRunEstimate
    position: int
    wait: DryRunEstimate


class EngineInfo(RemoteModel):
    """One engine of the catalogue; `resident` lists the workers that hold it in memory."""

    name: str
    summary: str
    use: str = ""
    kinds: list[str]
    ways: list[str] = []
    closed: bool = False
    instructions: list[str] = []
    licence: str
    default_for: list[str] = []
    commercial: str = ""
    licence_url: str | None = None
    permitted: bool = True
    installed: bool = True
    parameters: dict[str, Any] = {}
    figures: list[Any] = []
    resident: list[Any] = []


class PreferenceInfo(RemoteModel):
    """Which engine a request of one kind gets that names none, and why."""

    of: str
    engines: list[str]
    engine: str | None
    why: str


class EngineList(RemoteModel):
    """The catalogue."""

    engines: list[EngineInfo]
    preferences: list[PreferenceInfo] = []


class JobPage(RemoteModel):
    """A page of the list of jobs; `next` is the cursor of the page after it."""

    jobs: list[RemoteJob]
    next: str | None = None
