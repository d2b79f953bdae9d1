"""Accepting a job, as one function of named steps. Nothing is stored before everything has been checked."""

import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

import structlog
from anyio import to_thread

from likeness.contract.catalogue import EngineSpec
from likeness.contract.errors import FieldProblem, InvalidPicture, LikenessError, QueueUnavailable, RequestError
from likeness.contract.jobs import Job, JobOrder, new_job_id
from likeness.contract.tasks import Task
from likeness.imaging.decode import Bounds, Header, peek
from likeness.imaging.encode import check_format
from service.state import Services
from service.submission import Submission, Upload

SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""
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


async def accept(services: Services, owner: str, submission: Submission, key: str | None) -> Accepted:
    """Accept a job, durably. Raises RequestError for whatever is wrong with it, Unavailable when that is ours."""
    spec = services.catalogue.choose(submission.task)
    spec.resolve(submission.task)
    upload = await _picture(services, submission.image)
    header, digest = await to_thread.run_sync(_inspect, upload, submission.task, services.bounds)
    if key is not None:
        known = await services.queue.claim_key(owner, key, _fingerprint(submission.task, digest))
        if known is not None:
            return Accepted(await services.queue.fetch(known, owner), replayed=True)
    try:
        await services.queue.check_room(spec, submission.task.priority)
        job = await _store_and_queue(services, owner, submission.task, spec, upload.data, header, key)
    except QueueUnavailable:
        raise  # whether Redis took the job is not known: the key lapses, or stands for the job, by itself
    except BaseException:
        await _release(services, owner, key)
        raise
    services.metrics.accepted(job.task.kind, job.engine)
    log.info("accepted", job_id=job.id, engine=job.engine, owner=owner)
    return Accepted(job)


async def _picture(services: Services, image: Upload | str) -> Upload:
    return Upload(await services.fetcher.fetch(image)) if isinstance(image, str) else image


def _inspect(upload: Upload, task: Task, bounds: Bounds) -> tuple[Header, str]:
    """Return the picture's header and its sha256; every error names the field."""
    try:
        header = peek(upload.data, bounds)
    except RequestError as error:
        raise type(error)(
            f"image: {error.detail}", error.problems or [FieldProblem("#/image", error.detail)]
        ) from error
    _check_name(upload, header)
    check_format(header, task.format.value)
    return header, sha256(upload.data).hexdigest()


def _check_name(upload: Upload, header: Header) -> None:
    """Raise InvalidPicture when a file is not what its name or its media type says: one of the two is a mistake."""
    given = f"image/{header.format}"
    said = (upload.media_type or "").partition(";")[0].strip().lower()
    named = NAMES.guess_type("picture" + PurePosixPath(upload.filename or "").suffix)[0]
    for name in (named, said):
        if name and name != "application/octet-stream" and MEDIA_TYPES.get(name, name) != given:
            detail = f"named or declared as {name[:64]}, but the file is {given}"
            raise InvalidPicture(f"image: {detail}", [FieldProblem("#/image", detail)])


def _fingerprint(task: Task, digest: str) -> str:
    """Return what makes two requests the same: what is asked, of which bytes; not how the body was written."""
    return sha256(f"{task.model_dump_json()}\n{digest}".encode()).hexdigest()


async def _store_and_queue(
    services: Services, owner: str, task: Task, spec: EngineSpec, data: bytes, header: Header, key: str | None
) -> Job:
    """Store the picture, then queue the job; on a refusal nothing stays behind."""
    job_id = new_job_id()
    picture = await services.store.put_async(job_id, data, f"image/{header.format}")
    width, height = header.width, header.height
    if header.orientation in SIDEWAYS:
        width, height = height, width
    order = JobOrder(
        id=job_id,
        owner=owner,
        engine=spec.name,
        task=task,
        input=picture,
        created_at=datetime.now(UTC),
        batch_key=spec.batch_key(task, width, height),
        timeout=spec.bound(task, width, height),
    )
    try:
        return await services.queue.accept(order, spec, key)
    except QueueUnavailable:
        raise  # Redis may have taken the job: if not, the sweep erases its picture
    except BaseException:
        await services.store.erase(job_id)
        raise


async def _release(services: Services, owner: str, key: str | None) -> None:
    if key is None:
        return
    try:
        await services.queue.release_key(owner, key)
    except LikenessError as error:
        log.warning("idempotency key not released", error=error.code)
