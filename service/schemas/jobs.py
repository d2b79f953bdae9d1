"""Jobs as callers see them, never as they are stored."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from likeness.contract.asked import asked_of
from likeness.contract.comparison import JobKind
from likeness.contract.deliveries import WebhookLog
from likeness.contract.image_facts import ImageFacts
from likeness.contract.jobs import (
    ComparedRun,
    Comparison,
    Job,
    JobFailure,
    JobStatus,
    Progress,
    Recipe,
    Recommendation,
    Reproduction,
    Result,
    Scalar,
    Timings,
)
from likeness.contract.left_alone import LeftAlone
from likeness.contract.report import MadeEdit, Report
from likeness.contract.reviews import Review, ReviewState, state_of


class Links(BaseModel):
    """Where to follow a job."""

    self: str
    events: str = Field(
        description="server-sent events; when API keys are in use, the link contains a token that is valid for one hour"
    )
    preview: str | None = Field(
        description="the preview so far; has a token like `events`; null once the job has ended"
    )
    cancel: str

    @classmethod
    def of(cls, job: Job, root: str, token: str | None) -> "Links":
        """Return the links of a job below the path `root`."""
        here, query = f"{root}/jobs/{job.id}", f"?token={token}" if token else ""
        preview = None if job.status.ended else f"{here}/preview{query}"
        return cls(self=here, events=f"{here}/events{query}", preview=preview, cancel=f"{here}/cancel")


class AcceptedJob(BaseModel):
    """A job that was accepted: it is durable and will run."""

    id: str
    kind: JobKind
    status: JobStatus
    created_at: datetime
    position: int | None = Field(description="number of jobs ahead of it in its queue, while queued")
    reference: str | None = Field(default=None, description="as given; null if none was")
    metadata: dict[str, str] = Field(default={}, description="as given")
    links: Links

    @classmethod
    def of(cls, job: Job, links: Links) -> "AcceptedJob":
        """Return what the answer to an accepted request says."""
        return cls(
            id=job.id,
            kind=job.task.kind,
            status=job.status,
            created_at=job.created_at,
            position=job.position,
            reference=job.labels.reference,
            metadata=job.labels.metadata,
            links=links,
        )


class ImageView(ImageFacts):
    """One image of a result."""

    guidance_scale: float | None = Field(
        default=None, description="the value used for this image, where it grows with each attempt; otherwise null"
    )
    report: Report = Field(description="the quality report, measured on the file")
    matte: str | None = Field(
        default=None, description="link to what was taken for the product, a grey PNG; null where nobody looked for it"
    )
    left_alone: LeftAlone | None = Field(
        default=None, description="what a change of colour left as it was, because it is not cloth; null if nothing"
    )
    recipe: Recipe | None = Field(default=None, description="of this image, if the job had several runs")


class EngineUsedView(BaseModel):
    """Which engine made the images, and how it was set."""

    name: str
    family: str
    weights: str | None = Field(description="null when the engine is no longer in the catalogue")
    revision: str
    parameters: dict[str, Scalar]
    why: str = Field(description="why this engine was chosen; empty for a job that reproduces another")


class ComparisonView(BaseModel):
    """What a comparison found."""

    runs: list[ComparedRun] = Field(description="best first, failed runs last")
    merit: str = Field(description="how the merit is computed")
    recommendation: Recommendation
    sheet: str = Field(description="link to the contact sheet: a PNG of the original and the result of every run")

    @classmethod
    def of(cls, comparison: Comparison, here: str) -> "ComparisonView":
        """Return a comparison with a link to its sheet below `here`."""
        return cls(**dict(comparison) | {"sheet": f"{here}/sheet"})


class ResultView(BaseModel):
    """The result of a job that succeeded, best image first."""

    images: list[ImageView]
    engine: EngineUsedView
    recipe: Recipe
    timings: Timings
    attempts: int = Field(description="number of attempts that were needed")
    batch: int = Field(description="number of jobs in the same run")
    degradations: list[str] = Field(
        description="what was done, in order, to save memory: `batch split`, `other engines unloaded`, or a "
        "measure of the engine itself, such as `VAE tiling`; and why one image was made where more were asked for"
    )
    caption: str | None = Field(description="the prompt, if a captioner wrote it because none was given")
    caption_reason: str | None = Field(
        description="why there is no caption although the engine would have used one; otherwise null"
    )
    edits: list[MadeEdit] = Field(default=[], description="of several edits, in the order they were made")
    comparison: ComparisonView | None = Field(default=None, description="only of a comparison")
    reproduction: Reproduction | None = Field(default=None, description="only of a job that reproduces another one")
    links_expire_at: datetime | None = Field(
        default=None, description="when the presigned links expire; null if the links point to the service itself"
    )

    @classmethod
    def of(cls, result: Result, here: str, weights: str | None) -> "ResultView":
        """Return a result with links to its images below `here`, and without where they are stored."""
        images = [
            ImageView(
                url=f"{here}/images/{number}",
                sha256=image.picture.sha256,
                **image.model_dump(include={"width", "height", "mode", "format", "seed", "guidance_scale"}),
                report=image.report,
                matte=f"{here}/images/{number}/matte" if image.matte else None,
                left_alone=image.left_alone,
                recipe=image.recipe,
            )
            for number, image in enumerate(result.images)
        ]
        engine = EngineUsedView(weights=weights, **result.engine.model_dump())
        found = ComparisonView.of(result.comparison, here) if result.comparison else None
        same = {
            "recipe",
            "timings",
            "attempts",
            "batch",
            "degradations",
            "caption",
            "caption_reason",
            "reproduction",
            "edits",
        }
        return cls(images=images, engine=engine, comparison=found, **result.model_dump(include=same))


class WebhookView(WebhookLog):
    """The receiver of a job's webhook, and its deliveries."""

    url: str

    @classmethod
    def of(cls, job: Job) -> "WebhookView | None":
        """Return the state of a job's webhook; None if it has none."""
        return cls(url=job.webhook, **dict(job.told or WebhookLog())) if job.webhook else None


class JobView(AcceptedJob):
    """The current state of a job."""

    engine: str = Field(description="for a comparison or several edits, the one in whose queue it waited")
    filename: str | None = Field(
        default=None, description="name of the file that was sent as `image`, or the last part of its URL; null if none"
    )
    asked: str = Field(default="", description="what was asked, in a few words")
    recipe: str | None = Field(
        default=None, description="name of the saved recipe that the call named; what that said then is in `asked`"
    )
    reproduces: str | None = Field(default=None, description="id of the job that it reproduces")
    started_at: datetime | None
    ended_at: datetime | None
    progress: Progress | None = Field(description="while running")
    result: ResultView | None = Field(description="once succeeded")
    error: JobFailure | None = Field(description="once failed")
    webhook: WebhookView | None = Field(default=None, description="if one was requested")
    review: ReviewState = Field(default=ReviewState.NONE, description="how the decisions in `reviews` stand together")
    reviews: list[Review] = Field(default=[], description="what people said of its result, oldest first")

    @classmethod
    def whole(cls, job: Job, links: Links, weights: str | None) -> "JobView":
        """Return everything that a caller may know about a job."""
        return cls(
            **dict(AcceptedJob.of(job, links)),
            **job.model_dump(include={"engine", "reproduces", "started_at", "ended_at"}),
            filename=job.labels.filename,
            asked=asked_of(job.task),
            recipe=job.labels.recipe,
            progress=job.progress,
            result=ResultView.of(job.result, links.self, weights) if job.result else None,
            error=job.error,
            webhook=WebhookView.of(job),
            review=state_of([review.decision for review in job.reviews]),
            reviews=job.reviews,
        )


class StreamedEvent(BaseModel):
    """One server-sent event of a job; `data` is an Event, or for `error` an object with `code` and `detail`."""

    event: Literal["status", "progress", "error"]
    id: str = Field(default="", description="for Last-Event-ID")
    data: str = Field(
        json_schema_extra={
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/Event"},
        }
    )


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[JobView]
    next: str | None = Field(description="`cursor` of the next page; null on the last one")
