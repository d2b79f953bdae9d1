"""The images of a request: fetched, and checked before anything is stored."""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, cast

from likeness.contract.editing import REFERENCES
from likeness.contract.errors import (
    FieldProblem,
    InputLost,
    InvalidField,
    InvalidPicture,
    JobExpired,
    JobNotFound,
    RequestError,
)
from likeness.contract.jobs import SentFile
from likeness.contract.options import ImageOfJob, rgb_of_hex
from likeness.contract.packshots import Exact
from likeness.contract.runs import Plan
from likeness.contract.tasks import Customise, DrawnTask
from likeness.imaging.flatten import flattened_header
from likeness.imaging.formats.decode import Bounds, Header, peek, verify
from likeness.imaging.formats.encode import check_format, wanted_format
from likeness.imaging.masks import orientation_of_mask
from service.jobs.submission import Submission, Upload
from service.state import Services

Name = Literal["image"] | SentFile
"""The fields that images come in."""
MEDIA_TYPES: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
"""Other names that are in use."""
NAMES: Final = mimetypes.MimeTypes()
for _type, _ending in (("image/webp", ".webp"), ("image/jpeg", ".jfif"), ("image/avif", ".avif")):
    NAMES.add_type(_type, _ending)


@dataclass(frozen=True)
class Checked:
    """An image that may be stored."""

    data: bytes
    header: Header

    @property
    def media_type(self) -> str:
        """What the file is."""
        return f"image/{self.header.format}"


async def uploads_of(services: Services, submission: Submission, owner: str) -> dict[Name, Upload]:
    """Return the bytes of every image, `image` first."""
    found: dict[Name, Upload] = {}
    sources: list[tuple[Name, Upload | ImageOfJob | str | None]] = [
        ("image", submission.image),
        *submission.files.items(),
    ]
    for name, source in sources:
        if source is not None:
            with naming(name):
                found[name] = await upload_from(services, source, owner)
    return found


async def upload_from(services: Services, source: Upload | ImageOfJob | str, owner: str) -> Upload:
    """Return the bytes of an image: as they were sent, of a job of the caller's, or from a URL. Raises RequestError."""
    if isinstance(source, ImageOfJob):
        return await _made(services, source, owner)
    return Upload(await services.fetcher.fetch(source)) if isinstance(source, str) else source


async def _made(services: Services, source: ImageOfJob, owner: str) -> Upload:
    """Return an image that a job of the caller's made.

    Raises InvalidField, in the same words whether the job is another's, is gone, or never was.
    """
    try:
        job = await services.queue.fetch(source.job, owner)
        images = job.result.images if job.result else []
        return Upload(await services.store.get_async(images[source.image].picture))
    except (JobNotFound, JobExpired, InputLost, IndexError) as error:
        raise InvalidField(f"no image {source.image} of a job {source.job} of yours is stored") from error


def inspected(uploads: dict[Name, Upload], plan: Plan, bounds: Bounds) -> dict[Name, Checked]:
    """Return the images once they may be stored, each decoded once to its last pixel; every error names the field."""
    checked: dict[Name, Checked] = {}
    for name, upload in uploads.items():
        with naming(name):
            checked[name] = Checked(upload.data, peek(upload.data, bounds))
            _check_name(upload, checked[name].header)
    header = checked["image"].header
    if not isinstance(plan.task, Exact):
        _check_format(plan, header)
    for name in ("mask", "control", "guide"):
        if name in checked:
            orientation_of_mask(header, checked[name].header, name)
    for name, upload in uploads.items():  # last, because it costs most
        with naming(name):
            verify(upload.data, bounds)
    return checked


@contextmanager
def naming(field: Name) -> Iterator[None]:
    """Name the field in whatever is found wrong with its image."""
    try:
        yield
    except RequestError as error:
        place = f"images/{REFERENCES.index(field)}" if field in REFERENCES else field
        raise type(error)(f"{place}: {error.detail}", [FieldProblem(f"#/{place}", error.detail)]) from error


def _check_name(upload: Upload, header: Header) -> None:
    """Raise InvalidPicture when a file is not what its name or its media type says: one of the two is a mistake."""
    given = f"image/{header.format}"
    said = (upload.media_type or "").partition(";")[0].strip().lower()
    named = NAMES.guess_type("picture" + PurePosixPath(upload.filename or "").suffix)[0]
    for name in (named, said):
        if name and name != "application/octet-stream" and MEDIA_TYPES.get(name, name) != given:
            raise InvalidPicture(f"named or declared as {name[:64]}, but the file is {given}")


def _check_format(plan: Plan, header: Header) -> None:
    """Raise InvalidField when the format that the task leads to cannot hold the frame, or what is locked."""
    task = cast(DrawnTask, plan.task if plan.several_edits else plan.runs[0].task)
    if task.kind == "customise" and task.flatten:
        header = flattened_header(header, rgb_of_hex(task.flatten))
    locks = any(isinstance(run.task, Customise) and run.task.locks for run in plan.runs)
    lossy = isinstance(task, Customise) and task.lossy_lock
    if locks and not lossy and header.mode == "CMYK":
        raise InvalidField.at(
            "image", "CMYK requires jpeg, which cannot keep a protected area exactly; send it as RGB, or set lossy_lock"
        )
    if not isinstance(plan.runs[-1].task, Exact):
        check_format(header, wanted_format(task, header.format, header.lossless))
