"""What a caller submits, read from either body that is taken: multipart/form-data or JSON.

Both end in the same strict validation; neither leaves a field unread.
"""

import binascii
import json
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from likeness.contract.comparison import Compare, JobTask
from likeness.contract.editing import REFERENCES
from likeness.contract.errors import FieldProblem, InvalidField, UploadTooLarge
from likeness.contract.jobs import SentFile
from likeness.contract.labels import Labels, filename_of
from likeness.contract.options import ImageOfJob, Region
from likeness.contract.packshots import Check, Cutout, Packshot, is_background
from likeness.contract.tasks import Customise, Generate, Recreate
from service.http import strict_json
from service.http.bodies import FORM, JSON, body_of, form_parts, media_type_of
from service.http.problems import of_validation, pointer
from service.jobs.edit_files import with_files

NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
DATA_URI: Final = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)?;base64,", re.IGNORECASE)
PICTURE: Final = "an https URL, a data URI or base64, as a string"
REGIONS: Final = get_args(Region)

Model = type[Recreate] | type[Customise] | type[Compare] | type[Generate] | type[Cutout] | type[Packshot] | type[Check]
Parts = list[tuple[str, Any]]
Complete = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Gives the fields of a call with those that are saved for it."""
IMAGES: Final = "images"
"""The field of further images."""
WORDED: Final = ("mask", "background")
"""Those of them that may be a word instead."""
FILES: Final = tuple(name for name in get_args(SentFile) if name not in REFERENCES)
"""The fields beside `image` that an image may be sent in; the task says of each only that it is a "file"."""


@dataclass(frozen=True)
class Upload:
    """The bytes of an image, and what the caller says they are."""

    data: bytes
    filename: str | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class Submission:
    """A validated task and its images: of each the bytes, or where they are from; to generate takes none."""

    task: JobTask
    image: Upload | ImageOfJob | str | None
    files: dict[SentFile, Upload | str] = field(default_factory=dict)


async def read_submission(request: Request, model: Model, max_picture: int, complete: Complete) -> Submission:
    """Read the body of a request. Raises UnsupportedMedia, InvalidField, or what bounds bodies and `complete`."""
    if media_type_of(request, FORM, JSON) == FORM:
        async with form_parts(request, max_picture) as parts:
            return await _of_form(parts, model, complete)
    fields = await complete(await to_thread.run_sync(strict_json.fields_of, await body_of(request)))
    return await to_thread.run_sync(_of_json, fields, model, max_picture)


def submitted(
    fields: dict[str, Any], image: Upload | ImageOfJob | str | None, files: dict[SentFile, Upload | str], model: Model
) -> Submission:
    """Return what a call of another API submits, in our fields. Raises InvalidField."""
    if "recipe" in fields:
        raise InvalidField.at("recipe", "not a field of this call")
    return Submission(validated(fields, files, model), image, files)


def labels_of(submission: Submission) -> Labels:
    """Return how the job is to be found again: its names, and those of the image (or of its URL) and of the recipe."""
    task, image = submission.task, submission.image
    sent = unquote(urlsplit(image).path) if isinstance(image, str) else getattr(image, "filename", None)
    return Labels(reference=task.reference, metadata=task.metadata, filename=filename_of(sent), recipe=task.recipe)


async def _of_form(items: Parts, model: Model, complete: Complete) -> Submission:
    items, files = await _references(items, model)
    _refuse_twice([name for name, _ in items])
    fields: dict[str, Any] = {}
    image: Upload | ImageOfJob | None = None
    for name, value in items:
        if name == "image" and model is not Generate:
            made = isinstance(value, str) and value.startswith("{")
            image = _image_of_job(strict_json.loads(value, name)) if made else await upload_of(name, value)
        elif (file := _file_field(name, model)) and (file not in WORDED or isinstance(value, UploadFile)):
            files[file] = await upload_of(file, value)
        elif isinstance(value, UploadFile):
            raise _at(name, f"a file; only {_file_parts(model)} may be files")
        else:
            fields[name] = typed(name, value, model)
    task = validated(await complete(fields), files, model)
    if image is None and model is not Generate:
        raise _at("image", "missing: a file part of this name is required")
    return Submission(task, image, files)


async def _references(items: Parts, model: Model) -> tuple[Parts, dict[SentFile, Upload | str]]:
    """Return the parts of a form without its further images, and those."""
    sent = [await upload_of(IMAGES, value) for name, value in items if name == IMAGES and model is Customise]
    return [item for item in items if not (sent and item[0] == IMAGES)], named_references(sent)


def named_references(sent: Sequence[Upload | str]) -> dict[SentFile, Upload | str]:
    """Return further images by the names that they are kept by. Raises InvalidField when they are too many."""
    if len(sent) > len(REFERENCES):
        raise _at(IMAGES, f"at most {len(REFERENCES)}")
    return dict(zip(REFERENCES, sent, strict=False))


def _file_field(name: str, model: Model) -> SentFile | None:
    """Return the name, if an image may be sent in that field beside the model."""
    return next((file for file in _files_of(model) if file == name), None)


def _files_of(model: Model) -> list[SentFile]:
    """Return the fields that an image may be sent in; of a comparison they are those of its task."""
    if model is Customise:  # a packshot among its edits may have a background
        return list(FILES)
    fields = Customise.model_fields if model is Compare else model.model_fields
    return [name for name in FILES if name in fields]


def _file_parts(model: Model) -> str:
    if model is Generate:
        return "no part"
    names = _files_of(model)
    return f"only the parts image, {', '.join(names)}" if names else "only the part image"


def _refuse_twice(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _at(name, "given more than once")


async def upload_of(name: str, value: str | UploadFile) -> Upload:
    """Return the bytes of a part that holds an image. Raises InvalidField for a text."""
    if isinstance(value, str):
        raise _at(name, "text; it must be a file part (with a filename), or send JSON")
    return Upload(await value.read(), value.filename, value.content_type)


def typed(name: str, text: str, model: type[BaseModel]) -> Any:  # noqa: ANN401  validated by the model
    """Return the text of a form part as the JSON value that its field takes; all but texts are written as in JSON."""
    field = model.model_fields.get(name)
    kinds = set(_kinds(field.annotation)) if field else set()
    if field and text in _words(field.annotation):
        return text
    if any(issubclass(kind, BaseModel | list | dict) for kind in kinds):
        return strict_json.loads(text, name)
    if bool in kinds:
        if text not in ("true", "false"):
            raise _at(name, "true or false")
        return text == "true"
    if kinds & {int, float}:
        if not NUMBER.fullmatch(text):
            raise _at(name, "not a number")
        return strict_json.loads(text, name)
    return text


def _words(annotation: Any) -> list[str]:  # noqa: ANN401  an annotation may be anything
    """Return the words that a field takes beside numbers or objects."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    return [word for part in parts if get_origin(part) is Literal for word in get_args(part)]


def _kinds(annotation: Any) -> list[type]:  # noqa: ANN401  an annotation may be anything
    either = get_origin(annotation) in (Union, UnionType)
    parts = get_args(annotation) if either else (annotation,)
    bare = [get_args(part)[0] if get_origin(part) is Annotated else part for part in parts]
    return [kind for part in bare if isinstance(kind := get_origin(part) or part, type)]


def _of_json(fields: dict[str, Any], model: Model, max_picture: int) -> Submission:
    if model is Generate:
        return Submission(validated(fields, (), model), None)
    image = fields.pop("image", None)
    texts = pictures_said(fields, model)
    further = fields.pop(IMAGES, []) if model is Customise else []
    if not isinstance(further, list) or not all(isinstance(text, str) and text for text in further):
        raise _at(IMAGES, f"a list; of each: {PICTURE}")
    files = named_references([source_of(IMAGES, text, max_picture) for text in further])
    task = validated(fields, [*texts, *files], model)
    files |= {name: source_of(name, text, max_picture) for name, text in texts.items()}
    if isinstance(image, dict):
        return Submission(task, _image_of_job(image), files)
    if not isinstance(image, str) or not image:
        raise _at("image", PICTURE)
    return Submission(task, source_of("image", image, max_picture), files)


def _image_of_job(fields: object) -> ImageOfJob:
    try:
        return ImageOfJob.model_validate(fields, strict=True)
    except ValidationError as error:
        raise _at("image", f'{PICTURE}; or {{"job": id, "image": number}}, of a job of yours') from error


def pictures_said(fields: dict[str, Any], model: Model) -> dict[SentFile, str]:
    """Take out of `fields` what names or holds an image beside `image`; a mask may also be a region, and stays."""
    found: dict[SentFile, str] = {}
    for name in _files_of(model):
        value = fields.get(name)
        if value is None or _is_word(name, value, model):
            continue
        if not isinstance(value, str) or not value:
            raise _at(name, f"{' or '.join(REGIONS)}, or {PICTURE}" if name == "mask" else PICTURE)
        if value == "file":
            raise _at(name, f"send the {name} as a file: {PICTURE}")
        found[name] = fields.pop(name)
    return found


def _is_word(name: SentFile, value: Any, model: Model) -> bool:  # noqa: ANN401  whatever JSON holds
    """Return whether a field that may hold an image says a word instead."""
    if name == "mask":
        return value in REGIONS and model is not Compare
    return name == "background" and isinstance(value, str) and is_background(value)


def source_of(name: str, text: str, max_picture: int) -> Upload | str:
    """Return the bytes of a data URI or of base64; another URI as it is. Raises UploadTooLarge or InvalidField."""
    head = DATA_URI.match(text)
    if head is None and SCHEME.match(text):
        if text[:5].lower() == "data:":
            raise _at(name, "a data URI must be base64: data:image/png;base64,...")
        return text
    start = head.end() if head else 0
    if len(text) - start > -(-max_picture // 3) * 4:
        raise UploadTooLarge(
            f"{name}: at most {max_picture} bytes", [FieldProblem(f"#/{name}", f"{max_picture} bytes")]
        )
    try:
        data = binascii.a2b_base64(text[start:], strict_mode=True)
        return Upload(data, media_type=head.group(1) if head else None)
    except (binascii.Error, ValueError) as error:
        raise _at(name, "neither an https URL nor a data URI nor base64") from error


def validated(fields: dict[str, Any], files: Collection[SentFile], model: Model) -> JobTask:
    """Return the task that the fields and the files sent beside them make."""
    if isinstance(mask := fields.get("mask"), str) and mask not in REGIONS and "mask" in model.model_fields:
        raise _at("mask", f"{' or '.join(REGIONS)}; or send the mask as a file")
    if fields.get("background") == "file" and "background" in model.model_fields:
        raise _at("background", f"send the background as a file: {PICTURE}")
    if model is Customise and fields.get(IMAGES):
        raise _at(IMAGES, f"send each of them as a file: {PICTURE}")
    fields = _compared(fields, files) if model is Compare else with_files(fields, files)
    try:
        return model.model_validate_json(json.dumps(fields), strict=True)
    except RecursionError as error:
        raise InvalidField("body: nested too deeply", [FieldProblem("#/", "nested too deeply")]) from error
    except ValidationError as error:
        raise _untagged(of_validation(error)) from error


def _untagged(error: InvalidField) -> InvalidField:
    """Return the error without the name of the kind that pydantic puts behind `task`."""
    plain = re.compile(r"(?<=task/)(recreate|customise)/")
    problems = [FieldProblem(plain.sub("", problem.pointer), problem.detail) for problem in error.problems]
    return InvalidField(plain.sub("", error.detail), problems)


def _compared(fields: dict[str, Any], files: Collection[SentFile]) -> dict[str, Any]:
    """Return the fields of a comparison, with the files that were sent said in its task."""
    task = fields.get("task", {"kind": "recreate"})
    if not isinstance(task, dict):
        return fields
    for name in FILES:
        if task.get(name) == "file" and name not in files:
            raise _at(name, f"the task requires it, sent as a file: {PICTURE}")
        if name in files and task.get(name) not in (None, "file"):
            raise _at(name, f"task contains another {name}; send only one of them")
    said = {name: value for name, value in task.items() if value is not None}
    return {**fields, "task": {**said, **dict.fromkeys(files, "file")}}


def _at(name: str, detail: str) -> InvalidField:
    place = pointer([name])
    return InvalidField(f"{place.removeprefix('#/')}: {detail}", [FieldProblem(place, detail)])
