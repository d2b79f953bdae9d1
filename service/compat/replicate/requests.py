"""Replicate's predictions as its clients send and read them, translated to our fields and back."""

import base64
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from likeness.contract.errors import InvalidField, UnknownEngine
from likeness.contract.jobs import Job, JobStatus, SentFile
from likeness.contract.tasks import Customise, Generate, Recreate
from service.compat.bodies import request_of
from service.compat.kinds import asks_for_change
from service.jobs.submission import FILES, REGIONS, Model, Submission, Upload, source_of, submitted

OWNER: Final = "likeness"
"""The owner of every model here."""
STATUS: Final = {
    JobStatus.QUEUED: "starting",
    JobStatus.RUNNING: "processing",
    JobStatus.SUCCEEDED: "succeeded",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "canceled",
}
MODELS: Final[dict[str, Model]] = {"recreate": Recreate, "customise": Customise, "generate": Generate}
BAR: Final = 10
"""Characters of a progress bar."""


class PredictionRequest(BaseModel):
    """`POST /v1/predictions`, and with a model in its path."""

    model_config = ConfigDict(extra="forbid")

    version: str | None = Field(default=None, max_length=128)
    input: dict[str, Any] = {}
    webhook: None = None
    webhook_completed: None = None
    webhook_events_filter: None = None
    stream: Literal[False] = False

    @field_validator("webhook", "webhook_completed", "webhook_events_filter", mode="before")
    @classmethod
    def _said_in_the_input(cls, value: object) -> None:
        if value is not None:
            raise ValueError("not supported: use `webhook` in the input, which this service delivers in its own format")


class Prediction(BaseModel):
    """A job as a prediction."""

    id: str
    model: str
    version: str = Field(description="the engine's name")
    status: str
    input: dict[str, Any] = Field(description="as it was understood, without the images")
    output: list[str] | None = Field(description="the images: URLs, or data URIs where the service is not on https")
    logs: str = Field(description="a progress bar")
    error: str | None
    metrics: dict[str, float]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    urls: dict[str, str]
    reports: list[dict[str, Any]] = Field(description="ours: of each image its quality report")


def read(body: bytearray, owner: str | None, name: str | None, most: int) -> Submission:
    """Return the job that a JSON body asks for, with the model of the path if it has one; `most` bytes an image.

    The input has the fields of `POST /recreate`, `/customise` or `/generate`; `kind` says which, where it is not plain.
    Raises UnknownEngine or InvalidField.
    """
    request = request_of(body, PredictionRequest)
    if (name is None) == (request.version is None):
        raise InvalidField.at("version", "an engine's name, here or in the path")
    engine = engine_named(owner or OWNER, name) if name else _of_version(request.version or "")
    said = {name: value for name, value in request.input.items() if value is not None}
    return _submission(said, engine, most)


def engine_named(owner: str, name: str) -> str:
    """Return the name of an engine. Raises UnknownEngine for a model of another owner."""
    if owner != OWNER:
        raise UnknownEngine(f"{owner[:64]}/{name[:64]}: the models here are {OWNER}/ENGINE")
    return name


def _of_version(version: str) -> str:
    owner, slash, name = version.rpartition("/")
    return engine_named(owner if slash else OWNER, name)


def _submission(said: dict[str, Any], engine: str, most: int) -> Submission:
    if said.pop("engine", engine) != engine:
        raise InvalidField.at("engine", "the model says it")
    image = said.pop("image", None)
    files: dict[SentFile, Upload | str] = {}
    for name in FILES:
        if isinstance(value := said.get(name), str) and not (name == "mask" and value in REGIONS):
            files[name] = source_of(name, said.pop(name), most)
    kind = said.pop("kind", None) or _kind(image, said, files)
    if not isinstance(kind, str) or kind not in MODELS:
        raise InvalidField.at("kind", f"one of {', '.join(MODELS)}")
    if (kind == "generate") != (image is None) or not isinstance(image, str | None):
        raise InvalidField.at("image", "a URL or a data URI, and none to generate")
    source = None if image is None else source_of("image", image, most)
    return submitted({**said, "engine": engine}, source, files, MODELS[kind])


def _kind(image: object, said: dict[str, Any], files: dict[SentFile, Upload | str]) -> str:
    if image is None:
        return "generate"
    return "customise" if asks_for_change(said, files) else "recreate"


def prediction(job: Job, base: str, output: list[str] | None) -> Prediction:
    """Return a job as a prediction; `output` has its images, `base` is where callers reach the service."""
    here = f"{base}/v1/predictions/{job.id}"
    seconds = job.ended_at and job.started_at and (job.ended_at - job.started_at).total_seconds()
    return Prediction(
        id=job.id,
        model=f"{OWNER}/{job.engine}",
        version=job.engine,
        status=STATUS[job.status],
        input=job.task.model_dump(mode="json", exclude_defaults=True, exclude={"engine"}),
        output=output,
        logs=_bar(job),
        error=job.error.detail if job.error else None,
        metrics={"predict_time": seconds} if seconds else {},
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.ended_at,
        urls={"get": here, "cancel": f"{here}/cancel"},
        reports=[image.report.model_dump(mode="json") for image in job.result.images] if job.result else [],
    )


def _bar(job: Job) -> str:
    """Return the progress as the line from which clients read it."""
    if job.progress is None or not job.progress.steps:
        return ""
    step, steps = job.progress.step, job.progress.steps
    share = min(1.0, step / steps)
    return f"{share * 100:3.0f}%|{'█' * round(share * BAR):<{BAR}}| {step}/{steps}\n"


def image_urls(job: Job, base: str) -> list[str] | None:
    """Return where the images of a job are; None while there is no result."""
    count = len(job.result.images) if job.result else 0
    return [f"{base}/jobs/{job.id}/images/{number}" for number in range(count)] or None


def file_of(upload: Upload, moment: datetime) -> dict[str, Any]:
    """Return an uploaded file as its clients read it. It is not kept: its URL is a data URI that holds it whole."""
    digest = sha256(upload.data).hexdigest()
    media_type = upload.media_type or "application/octet-stream"
    plain = "" if media_type == "application/octet-stream" else media_type
    return {
        "id": digest,
        "name": (upload.filename or "file")[:255],
        "content_type": media_type,
        "size": len(upload.data),
        "etag": digest,
        "checksums": {"sha256": digest},
        "metadata": {},
        "created_at": moment.isoformat(),
        "expires_at": None,
        "urls": {"get": f"data:{plain};base64,{base64.b64encode(upload.data).decode()}"},
    }
