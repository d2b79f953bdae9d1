"""What the service's answers look like, as far as the client reads them. Fields it does not know are passed over."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from likeness.contract.deliveries import Delivery
from likeness.contract.jobs import ComparedRun, JobFailure, JobStatus, Progress, Recommendation, Reproduction, Timings
from likeness.contract.report import Report
from likeness.contract.usage import DayUsage


class Wire(BaseModel):
    """An answer or a part of one; a newer service may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class RemoteImage(Wire):
    """One image of a result."""

    url: str
    width: int
    height: int
    mode: str
    format: str
    sha256: str
    seed: int | None
    guidance_scale: float | None = None
    report: Report


class RemoteComparison(Wire):
    """What a comparison found; `runs` are best first, those that failed last."""

    runs: list[ComparedRun]
    merit: str
    recommendation: Recommendation
    sheet: str


class RemoteResult(Wire):
    """What a succeeded job gives, best image first."""

    images: list[RemoteImage]
    engine: dict[str, Any]
    recipe: dict[str, Any]
    timings: Timings
    degradations: list[str] = []
    caption: str | None = None
    caption_reason: str | None = None
    comparison: RemoteComparison | None = None
    reproduction: Reproduction | None = None
    links_expire_at: datetime | None = None


class RemoteWebhook(Wire):
    """Who is told how a job ends, and what became of it so far."""

    url: str
    state: str
    deliveries: list[Delivery]
    next_at: datetime | None = None


class RemoteJob(Wire):
    """A job as the service tells it."""

    id: str
    kind: str
    status: JobStatus
    created_at: datetime
    engine: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    position: int | None = None
    progress: Progress | None = None
    result: RemoteResult | None = None
    error: JobFailure | None = None
    webhook: RemoteWebhook | None = None


class JobEvent(Wire):
    """One event of a job as it happens: a new status, or a step of a running one. `id` is the service's own for it."""

    type: str
    status: JobStatus
    progress: Progress | None = None
    error: JobFailure | None = None
    steps_done: int | None = None
    id: str = ""


class Health(Wire):
    """Whether the service can do its work now; `detail` says what is missing, None when nothing is."""

    ready: bool
    detail: str | None = None


class Usage(Wire):
    """What a key used, a UTC day at a time with today first, and what bounds it: None where nothing does."""

    daily_quota: int | None
    concurrency: int | None
    days: list[DayUsage]


class DryRunEstimate(Wire):
    """A figure that is not certain: null when nothing is known; `reason` says what it rests on, or why."""

    value: float | None
    reason: str


class DryRun(Wire):
    """What a request would do; of each run its engine, parameters, canvas and memory."""

    kind: str
    engine: str
    runs: list[dict[str, Any]]
    timeout: int
    seconds: DryRunEstimate
    position: int
    wait: DryRunEstimate


class EngineInfo(Wire):
    """One engine of the catalogue, and where it is in memory."""

    name: str
    summary: str
    use: str = ""
    kinds: list[str]
    ways: list[str] = []
    closed: bool = False
    instructions: list[str] = []
    licence: str
    installed: bool = True
    parameters: dict[str, Any] = {}
    figures: list[Any] = []
    resident: list[Any] = []


class EngineList(Wire):
    """The catalogue."""

    engines: list[EngineInfo]


class JobPage(Wire):
    """A page of the list of jobs; `next` asks for the one after it."""

    jobs: list[RemoteJob]
    next: str | None = None
