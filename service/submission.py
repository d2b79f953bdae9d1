"""What a caller hands in, read from either body that is taken: multipart/form-data or JSON.

Both end in the same strict validation; neither leaves a field unread.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, get_args

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from likeness.contract.errors import FieldProblem, InvalidField, UnsupportedMedia, UploadTooLarge
from likeness.contract.tasks import Recreate, Task
from service import strict_json
from service.errors import of_validation, pointer
from service.limits import FIELDS_BYTES

NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
DATA_URI: Final = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)?;base64,", re.IGNORECASE)
MOST_PARTS: Final = 64
MOST_FILES: Final = 8


@dataclass(frozen=True)
class Upload:
    """The bytes of a picture, and what the caller says they are."""

    data: bytes
    filename: str | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class Submission:
    """A validated task and its picture: the bytes, or a URL to fetch them from."""

    task: Task
    image: Upload | str


async def read_submission(request: Request, model: type[Recreate], max_picture: int) -> Submission:
    """Read the body of a request. Raises UnsupportedMedia, InvalidField, or what bounds bodies."""
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise UnsupportedMedia("Content-Type: the charset must be utf-8", [_header("content-type", "charset=utf-8")])
    if media_type == b"multipart/form-data":
        return await _of_parts(request, model, max_picture)
    if media_type == b"application/json":
        body = b"".join([chunk async for chunk in request.stream()])
        return await to_thread.run_sync(_of_json, body, model, max_picture)
    taken = "multipart/form-data or application/json"
    raise UnsupportedMedia(f"Content-Type: {taken} are taken", [_header("content-type", taken)])


def _header(name: str, detail: str) -> FieldProblem:
    return FieldProblem(f"#/header/{name}", detail)


async def _of_parts(request: Request, model: type[Recreate], max_picture: int) -> Submission:
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=MOST_FILES,
        max_fields=MOST_PARTS,
        max_part_size=FIELDS_BYTES,
    )
    parser.spool_max_size = 2 * max_picture  # the bound of the body keeps it below: never a file of a caller on disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidField(f"body: {error.message}", [FieldProblem("#/", error.message)]) from error
    try:
        return await _of_form(form.multi_items(), model)
    finally:
        await form.close()


async def _of_form(items: list[tuple[str, Any]], model: type[Recreate]) -> Submission:
    _refuse_twice([name for name, _ in items])
    fields: dict[str, Any] = {}
    image: Upload | None = None
    for name, value in items:
        if name == "image":
            image = await _upload(value)
        elif isinstance(value, UploadFile):
            raise _at(name, "a file; only the part image may be one")
        else:
            fields[name] = _typed(name, value, model)
    task = _validated(fields, model)
    if image is None:
        raise _at("image", "missing: one file part of this name is needed")
    return Submission(task, image)


def _refuse_twice(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _at(name, "given more than once")


async def _upload(value: str | UploadFile) -> Upload:
    if isinstance(value, str):
        raise _at("image", "text; it must be a file part (with a filename), or send JSON")
    return Upload(await value.read(), value.filename, value.content_type)


def _typed(name: str, text: str, model: type[Recreate]) -> Any:  # noqa: ANN401  validated by the model
    """Return the text of a form part as the JSON value that its field takes."""
    field = model.model_fields.get(name)
    kinds = set(_kinds(field.annotation)) if field else set()
    if any(issubclass(kind, BaseModel) for kind in kinds):
        return strict_json.loads(text, name)
    if kinds & {int, float}:
        if not NUMBER.fullmatch(text):
            raise _at(name, "not a number")
        return strict_json.loads(text, name)
    return text


def _kinds(annotation: Any) -> list[type]:  # noqa: ANN401  an annotation may be anything
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return [part for part in parts if isinstance(part, type)]


def _of_json(body: bytes, model: type[Recreate], max_picture: int) -> Submission:
    fields = strict_json.loads(body)
    if not isinstance(fields, dict):
        raise InvalidField("body: an object is needed", [FieldProblem("#/", "an object")])
    image = fields.pop("image", None)
    task = _validated(fields, model)
    if not isinstance(image, str) or not image:
        raise _at("image", "an https URL, a data URI or base64, as a string")
    return Submission(task, _source(image, max_picture))


def _source(image: str, max_picture: int) -> Upload | str:
    """Return the bytes of a data URI or of base64; another URI as it is."""
    head = DATA_URI.match(image)
    if head is None and SCHEME.match(image):
        if image[:5].lower() == "data:":
            raise _at("image", "a data URI must be base64: data:image/png;base64,...")
        return image
    text = image[head.end() :] if head else image
    if len(text) > -(-max_picture // 3) * 4:
        raise UploadTooLarge(f"image: at most {max_picture} bytes", [FieldProblem("#/image", f"{max_picture} bytes")])
    try:
        return Upload(base64.b64decode(text, validate=True), media_type=head.group(1) if head else None)
    except (binascii.Error, ValueError) as error:
        raise _at("image", "neither an https URL nor a data URI nor base64") from error


def _validated(fields: dict[str, Any], model: type[Recreate]) -> Task:
    try:
        return model.model_validate_json(json.dumps(fields), strict=True)
    except RecursionError as error:
        raise InvalidField("body: nested too deeply", [FieldProblem("#/", "nested too deeply")]) from error
    except ValidationError as error:
        raise of_validation(error) from error


def _at(name: str, detail: str) -> InvalidField:
    place = pointer([name])
    return InvalidField(f"{place.removeprefix('#/')}: {detail}", [FieldProblem(place, detail)])
