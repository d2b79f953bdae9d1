"""Accepting a job, as one function of named steps. Nothing is stored before everything has been checked."""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final, Literal

import structlog
from anyio import to_thread

from likeness.contract.catalogue import EngineSpec, edit_of, way_of
from likeness.contract.errors import (
    FieldProblem,
    InvalidField,
    InvalidPicture,
    LikenessError,
    QueueUnavailable,
    RequestError,
)
from likeness.contract.jobs import Job, JobOrder, SentFile, StoredPicture, new_job_id
from likeness.contract.tasks import Customise, Task, Way
from likeness.imaging.decode import Bounds, Header, peek
from likeness.imaging.edits.printing import unprintable
from likeness.imaging.encode import check_format, wanted_format
from likeness.imaging.masks import orientation_of_mask, upright_size
from service.state import Services
from service.submission import FILES, Submission, Upload

Name = Literal["image"] | SentFile
"""The fields that pictures come in."""
MEDIA_TYPES: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
"""Other names that are in use."""
NAMES: Final = mimetypes.MimeTypes()
for _type, _ending in (("image/webp", ".webp"), ("image/jpeg", ".jfif"), ("image/avif", ".avif")):
    NAMES.add_type(_type, _ending)

log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """A job that will run; `replayed` when an earlier request with the same key had it accepted."""

    job: Job
    replayed: bool = False


@dataclass(frozen=True)
class Checked:
    """A picture that may be stored."""

    data: bytes
    header: Header

    @property
    def media_type(self) -> str:
        """What the file is."""
        return f"image/{self.header.format}"


async def accept(services: Services, owner: str, submission: Submission, key: str | None) -> Accepted:
    """Accept a job, durably. Raises RequestError for whatever is wrong with it, Unavailable when that is ours."""
    task = submission.task
    spec = services.catalogue.choose(task, await _missing(services))
    spec.resolve(task)
    _check_text(task, spec)
    uploads = await _uploads(services, submission)
    pictures = await to_thread.run_sync(_inspect, uploads, task, services.bounds)
    if key is not None:
        known = await services.queue.claim_key(owner, key, await to_thread.run_sync(_fingerprint, task, pictures))
        if known is not None:
            return Accepted(await services.queue.fetch(known, owner), replayed=True)
    try:
        await services.queue.check_room(spec, task.priority)
        job = await _store_and_queue(services, owner, task, spec, pictures, key)
    except QueueUnavailable:
        raise  # whether Redis took the job is not known: the key lapses, or stands for the job, by itself
    except BaseException:
        await _release(services, owner, key)
        raise
    services.metrics.accepted(job.task.kind, job.engine)
    log.info("accepted", job_id=job.id, engine=job.engine, owner=owner)
    return Accepted(job)


async def _missing(services: Services) -> set[str]:
    """Return the names of the engines that no worker has the models for."""
    if not services.catalogue.model:
        return set()
    return services.catalogue.missing(await services.queue.installed())


def _check_text(task: Task, spec: EngineSpec) -> None:
    """Raise InvalidField when a text is to be printed that is blank, or that the font has no signs for."""
    if not isinstance(task, Customise) or way_of(task, spec.closed) is not Way.PRINT or task.logo:
        return
    field = "text" if task.text is not None else "instruction"
    text = task.text if task.text is not None else edit_of(task.instruction or "").text
    if not text.strip():
        raise InvalidField.at(field, "there is nothing to print")
    if missing := unprintable(text):
        raise InvalidField.at(field, f"the font has no signs for: {missing}; it has ASCII and little more")


async def _uploads(services: Services, submission: Submission) -> dict[Name, Upload]:
    """Return the bytes of every picture, `image` first."""
    found: dict[Name, Upload] = {}
    sources: list[tuple[Name, Upload | str]] = [("image", submission.image), *submission.files.items()]
    for name, source in sources:
        with _naming(name):
            found[name] = Upload(await services.fetcher.fetch(source)) if isinstance(source, str) else source
    return found


def _inspect(uploads: dict[Name, Upload], task: Task, bounds: Bounds) -> dict[Name, Checked]:
    """Return the pictures once they may be stored; every error names the field."""
    checked: dict[Name, Checked] = {}
    for name, upload in uploads.items():
        with _naming(name):
            checked[name] = Checked(upload.data, peek(upload.data, bounds))
            _check_name(upload, checked[name].header)
    header = checked["image"].header
    _check_format(task, header)
    for name in ("mask", "control"):
        if name in checked:
            orientation_of_mask(header, checked[name].header, name)
    return checked


@contextmanager
def _naming(field: Name) -> Iterator[None]:
    """Name the field in whatever is found wrong with its picture."""
    try:
        yield
    except RequestError as error:
        raise type(error)(f"{field}: {error.detail}", [FieldProblem(f"#/{field}", error.detail)]) from error


def _check_name(upload: Upload, header: Header) -> None:
    """Raise InvalidPicture when a file is not what its name or its media type says: one of the two is a mistake."""
    given = f"image/{header.format}"
    said = (upload.media_type or "").partition(";")[0].strip().lower()
    named = NAMES.guess_type("picture" + PurePosixPath(upload.filename or "").suffix)[0]
    for name in (named, said):
        if name and name != "application/octet-stream" and MEDIA_TYPES.get(name, name) != given:
            raise InvalidPicture(f"named or declared as {name[:64]}, but the file is {given}")


def _check_format(task: Task, header: Header) -> None:
    """Raise InvalidField when the format that the task leads to cannot hold the frame, or what is locked."""
    if task.kind == "customise" and task.locks and header.mode == "CMYK":
        raise InvalidField.at("image", "CMYK is kept by jpeg alone, where no lock is exact; send the picture as RGB")
    check_format(header, wanted_format(task, header.format))


def _fingerprint(task: Task, pictures: dict[Name, Checked]) -> str:
    """Return what makes two requests the same: what is asked, of which bytes; not how the body was written."""
    digests = [f"{name} {sha256(pictures[name].data).hexdigest()}" for name in sorted(pictures)]
    return sha256("\n".join([task.model_dump_json(), *digests]).encode()).hexdigest()


async def _store_and_queue(
    services: Services, owner: str, task: Task, spec: EngineSpec, pictures: dict[Name, Checked], key: str | None
) -> Job:
    """Store the pictures, then queue the job; on a refusal nothing stays behind."""
    job_id = new_job_id()
    width, height = upright_size(pictures["image"].header)
    try:
        stored = await _stored(services, job_id, pictures)
        order = JobOrder(
            id=job_id,
            owner=owner,
            engine=spec.name,
            task=task,
            input=stored["image"],
            files={name: stored[name] for name in FILES if name in stored},
            created_at=datetime.now(UTC),
            batch_key=spec.batch_key(task, width, height),
            timeout=spec.bound(task, width, height),
        )
        return await services.queue.accept(order, spec, key)
    except QueueUnavailable:
        raise  # Redis may have taken the job: if not, the sweep erases its pictures
    except BaseException:
        await services.store.erase(job_id)
        raise


async def _stored(services: Services, job_id: str, pictures: dict[Name, Checked]) -> dict[Name, StoredPicture]:
    return {
        name: await services.store.put_async(job_id, picture.data, picture.media_type)
        for name, picture in pictures.items()
    }


async def _release(services: Services, owner: str, key: str | None) -> None:
    if key is None:
        return
    try:
        await services.queue.release_key(owner, key)
    except LikenessError as error:
        log.warning("idempotency key not released", error=error.code)
