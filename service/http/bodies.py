"""The body of a request: its type, its bytes, and the parts of a form."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from likeness.contract.errors import FieldProblem, InvalidField, UnsupportedMedia
from service.http.body_limits import FIELDS_BYTES
from service.http.submitting import MOST_IMAGES

MOST_PARTS: Final = 64
MOST_FILES: Final = 8
FORM: Final = "multipart/form-data"
JSON: Final = "application/json"


async def body_of(request: Request) -> bytearray:
    """Return the whole body of a request. Raises what bounds bodies."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
    return body


def media_type_of(request: Request, *taken: str) -> str:
    """Return the type of a request's body, one of those that are taken. Raises UnsupportedMedia for another one."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        detail = "none is taken: send the body as it is, without compression"
        raise UnsupportedMedia(f"Content-Encoding: {detail}", [_header("content-encoding", detail)])
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise UnsupportedMedia("Content-Type: the charset must be utf-8", [_header("content-type", "charset=utf-8")])
    if (found := media_type.decode("latin-1")) in taken:
        return found
    said = " or ".join(taken)
    raise UnsupportedMedia(
        f"Content-Type: {said} {'is' if len(taken) == 1 else 'are'} taken", [_header("content-type", said)]
    )


def _header(name: str, detail: str) -> FieldProblem:
    return FieldProblem(f"#/header/{name}", detail)


@asynccontextmanager
async def form_parts(request: Request, max_picture: int) -> AsyncIterator[list[tuple[str, Any]]]:
    """Yield the parts of a form, each its name and a text or an UploadFile. Raises InvalidField.

    Empty ones are left out: browsers send a part for each field of a form, filled in or not.
    """
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=MOST_FILES,
        max_fields=MOST_PARTS,
        max_part_size=FIELDS_BYTES,
    )
    # The bound of the body keeps it below this: no file of a caller is ever on disk.
    parser.spool_max_size = MOST_IMAGES * 2 * max_picture
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidField(f"body: {error.message}", [FieldProblem("#/", error.message)]) from error
    try:
        yield [(name, value) for name, value in form.multi_items() if not _is_empty(value)]
    finally:
        await form.close()


def _is_empty(value: str | UploadFile) -> bool:
    """Whether a part says nothing: an empty text, or a file of no name and no bytes."""
    return not value if isinstance(value, str) else not (value.filename or value.size)
