"""What the service answers: jobs and engines as callers see them, never as we store them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from likeness.contract.comparison import Compare, JobKind
from likeness.contract.engines import CanvasSpec, EngineSpec, Kind, ParameterSpec
from likeness.contract.figures import Figures, Measured
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
    Residency,
    Result,
    Scalar,
    Timings,
    WebhookLog,
)
from likeness.contract.report import Report
from likeness.contract.tasks import ControlKind, Customise, EditType, Purpose, Recreate

SentPicture = Annotated[
    str,
    Field(description="the picture (PNG, JPEG or WebP): a public https URL, a data URI, or base64; in a form a file"),
]


class RecreateRequest(Recreate):
    """Recreate a picture as exactly as the engine can."""

    image: SentPicture


class CustomiseRequest(Customise):
    """Change a picture: in words, to a colour, by another picture, within a mask, or by control."""

    image: SentPicture
    mask: str | None = Field(  # type: ignore[assignment]  # what is sent; the task says only that it is a file
        default=None,
        description="where alone the picture may change: `product` or `background`, which are then found, "
        "or a picture of the same size, sent as the image is, white where it may change; "
        "it is turned with the picture",
    )
    logo: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a picture to print, sent as the image is"
    )
    control: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a map for the first of `controls`, sent as the image is"
    )
    style_image: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a picture of any size whose style is taken over, sent as the image is"
    )
    guide: str | None = Field(  # type: ignore[assignment]  # as above
        default=None,
        description="the picture as painted over, of the same size, sent as the image is; where it is transparent, the "
        "picture shows. `strength` says how freely it is followed, `prompt` what it shows",
    )


class CompareRequest(Compare):
    """Run one picture through several engines and settings, to see which does it best."""

    image: SentPicture
    mask: str | None = Field(default=None, description="a mask for `task`, sent as the image is")
    logo: str | None = Field(default=None, description="a picture for `task` to print, sent as the image is")
    control: str | None = Field(default=None, description="a map for the first of `task`'s `controls`, sent likewise")
    style_image: str | None = Field(default=None, description="a picture for `task` to take the style of, likewise")
    guide: str | None = Field(default=None, description="the picture as painted over, for `task`, likewise")


class Links(BaseModel):
    """Where to go on with a job."""

    self: str
    events: str = Field(description="server-sent events; with API keys in use it carries a token for one hour")
    preview: str | None = Field(description="what it shows so far; with a token as `events`; null once it has ended")
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
    position: int | None = Field(description="jobs before it in its queue, while queued")
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
            links=links,
        )


class ImageView(BaseModel):
    """One image of a result."""

    url: str
    width: int
    height: int
    mode: str
    format: str
    sha256: str
    seed: int | None = Field(description="null with an engine that makes the same picture every time")
    guidance_scale: float | None = Field(
        default=None, description="as it was for this image, where it grows with each attempt; else null"
    )
    report: Report
    recipe: Recipe | None = Field(default=None, description="of this image, where the job took several runs")


class EngineUsedView(BaseModel):
    """Which engine made the images, and how it was set."""

    name: str
    family: str
    weights: str | None = Field(description="null when the engine is no longer in the catalogue")
    revision: str
    parameters: dict[str, Scalar]


class ComparisonView(BaseModel):
    """What a comparison found."""

    runs: list[ComparedRun] = Field(description="best first, those that failed last")
    merit: str = Field(description="how the merit is computed")
    recommendation: Recommendation
    sheet: str = Field(description="where the contact sheet is: a PNG of the given picture and that of every run")

    @classmethod
    def of(cls, comparison: Comparison, here: str) -> "ComparisonView":
        """Return a comparison with a link to its sheet below `here`."""
        return cls(**dict(comparison) | {"sheet": f"{here}/sheet"})


class ResultView(BaseModel):
    """What a succeeded job gives, best image first."""

    images: list[ImageView]
    engine: EngineUsedView
    recipe: Recipe
    timings: Timings
    attempts: int = Field(description="tries that were needed")
    batch: int = Field(description="jobs that shared the run")
    degradations: list[str] = Field(
        description="what was done, in order, because memory was short: `batch split`, `other engines unloaded`, or a "
        "measure of the engine's own, as `VAE tiling`"
    )
    caption: str | None = Field(description="the prompt, where a captioner wrote it for want of one")
    caption_reason: str | None = Field(
        description="why there is no caption though the engine would have used one, else null"
    )
    comparison: ComparisonView | None = Field(default=None, description="of a comparison")
    reproduction: Reproduction | None = Field(default=None, description="of a job that ran another one again")
    links_expire_at: datetime | None = Field(
        default=None, description="until when presigned links work; null where the links are the service's own"
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
                recipe=image.recipe,
            )
            for number, image in enumerate(result.images)
        ]
        engine = EngineUsedView(weights=weights, **result.engine.model_dump())
        found = ComparisonView.of(result.comparison, here) if result.comparison else None
        same = {"recipe", "timings", "attempts", "batch", "degradations", "caption", "caption_reason", "reproduction"}
        return cls(images=images, engine=engine, comparison=found, **result.model_dump(include=same))


class WebhookView(WebhookLog):
    """Who is told how a job ended, and what became of it."""

    url: str

    @classmethod
    def of(cls, job: Job) -> "WebhookView | None":
        """Return what there is to say of a job's webhook, if it has one."""
        return cls(url=job.webhook, **dict(job.told or WebhookLog())) if job.webhook else None


class JobView(AcceptedJob):
    """A job as it stands."""

    engine: str = Field(description="of a comparison that of the first run")
    reproduces: str | None = Field(default=None, description="id of the job whose images it makes again")
    started_at: datetime | None
    ended_at: datetime | None
    progress: Progress | None = Field(description="while running")
    result: ResultView | None = Field(description="once succeeded")
    error: JobFailure | None = Field(description="once failed")
    webhook: WebhookView | None = Field(default=None, description="where one was asked for")

    @classmethod
    def whole(cls, job: Job, links: Links, weights: str | None) -> "JobView":
        """Return everything that a caller may know about a job."""
        return cls(
            **dict(AcceptedJob.of(job, links)),
            **job.model_dump(include={"engine", "reproduces", "started_at", "ended_at"}),
            progress=job.progress,
            result=ResultView.of(job.result, links.self, weights) if job.result else None,
            error=job.error,
            webhook=WebhookView.of(job),
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
    next: str | None = Field(description="`cursor` of the page after this one; null on the last")


class Resident(BaseModel):
    """A worker that holds an engine in memory."""

    worker: str
    device: str
    memory: int | None = Field(description="bytes its engines may take")
    exact: bool = Field(description="gives the same bytes in any batch; elsewhere only to jobs that ask for `exact`")


class EngineView(BaseModel):
    """One engine of the catalogue, and where it is in memory."""

    name: str
    family: str
    summary: str
    use: str = Field(description="when to take it rather than another")
    kinds: list[Kind]
    ways: list[EditType] = Field(description="the edit types it does")
    default_for: list[Purpose] = Field(description="what it does when no engine is named")
    closed: bool = Field(description="takes only the instructions that `instructions` lists")
    instructions: list[str] = Field(description="what can be asked of a closed engine in words, a line for each kind")
    pool: str
    weights: str
    parts: dict[str, str] = Field(description="further models it runs on")
    controls: list[ControlKind] = Field(description="maps that steer it")
    loras: list[str] = Field(description="adapters that a job may put on")
    captioned: bool = Field(description="needs a text to recreate a picture; one is written when none is given")
    memory: int | None = Field(description="bytes it needs to make one picture, weights included")
    revision: str
    licence: str
    batch: int = Field(description="most jobs in one run")
    timeout: int = Field(description="seconds a job may run, for each candidate and attempt")
    timeout_per_megapixel: float = Field(description="seconds more for each megapixel")
    max_candidates: int
    drifts: bool = Field(description="is known to shift or zoom the picture; undone where it is small and sure")
    canvas: CanvasSpec
    parameters: dict[str, ParameterSpec]
    figures: list[Measured] = Field(description="what was measured of it with its default parameters; may be empty")
    installed: bool = Field(description="whether a worker has everything it runs on")
    resident: list[Resident]

    @classmethod
    def of(
        cls, spec: EngineSpec, workers: Sequence[Residency], missing: Collection[str], figures: Figures
    ) -> "EngineView":
        """Return an engine with what was measured of it, and the workers that hold it."""
        resident = [
            Resident(**worker.model_dump(include={"worker", "device", "memory"}), exact=worker.device == "cpu")
            for worker in workers
            if spec.name in worker.engines
        ]
        said = spec.model_dump(include=set(cls.model_fields))
        return cls(
            **said,
            instructions=spec.instructions(),
            figures=figures.of(spec),
            installed=spec.name not in missing,
            resident=resident,
        )


class EngineList(BaseModel):
    """The catalogue."""

    engines: list[EngineView]


class Health(BaseModel):
    """That the service, or all that it stands on, answers."""

    status: str
