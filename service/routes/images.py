"""The bytes of made images: immutable, so tagged by their sha256, cached for good, and given in ranges."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response, StreamingResponse

from likeness.contract import errors
from likeness.contract.jobs import MadeImage, StoredPicture
from likeness.storage.pictures import PictureStore
from service.auth.dependencies import Owner
from service.docs import examples
from service.docs.responses import EVERYWHERE, ONE_JOB, OWNED, file, problems
from service.http.headers import byte_range, etag_matches
from service.http.problems import problem_response
from service.http.query import OnlyQuery
from service.routes.paths import IfNoneMatch, ImageNumber, JobId
from service.routes.results import made_image
from service.state import Use

router = APIRouter(tags=["results"])

Range = Annotated[str | None, Header(alias="Range", max_length=200, description="`bytes=FIRST-LAST`: one range")]
IfRange = Annotated[str | None, Header(max_length=200, description="return the range only if the image has this ETag")]

CHUNK: Final = 2**20
"""Bytes held per download."""
ENDINGS: Final = {"jpeg": "jpg"}
MEDIA_TYPES: Final = ("image/png", "image/jpeg", "image/webp")
PATH: Final = "/jobs/{job_id}/images/{n}"
DESCRIBED: Final = {
    200: file("The image", MEDIA_TYPES, ETag="sha256 of the bytes", Accept_Ranges="bytes"),
    206: file("The requested bytes", MEDIA_TYPES, Content_Range="which bytes of how many"),
    304: {"description": "The image is the one in `If-None-Match`"},
    **problems(
        *EVERYWHERE,
        *OWNED,
        *ONE_JOB,
        errors.ImageNotFound,
        errors.JobNotFinished,
        errors.RangeNotSatisfiable,
        errors.StoreUnavailable,
        instance=f"{examples.HERE}/images/0",
    ),
}


@router.get(PATH, response_class=Response, dependencies=[Depends(OnlyQuery())], responses=DESCRIBED)
async def read_image(
    request: Request,
    services: Use,
    owner: Owner,
    job_id: JobId,
    n: ImageNumber,
    range_: Annotated[
        str | None, Header(alias="Range", max_length=200, description="`bytes=FIRST-LAST`: one range")
    ] = None,
    if_range: Annotated[
        str | None, Header(max_length=200, description="return the range only if the image has this ETag")
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Get an image, or a range of its bytes."""
    _, image = await made_image(services, owner, job_id, n)
    headers = _headers(job_id, n, image)
    if if_none_match and etag_matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    size = image.picture.size
    try:
        part = byte_range(range_, size) if range_ and if_range in (None, headers["ETag"]) else None
    except errors.RangeNotSatisfiable as error:
        return problem_response(request, error, {"Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if part else 200
    chunks = _chunks(services.store, image.picture, start, end)
    first = await _first(chunks)
    return StreamingResponse(_all(first, chunks), status, headers, image.picture.media_type)


def _headers(job_id: str, number: int, image: MadeImage) -> dict[str, str]:
    name = f"{job_id}-{number}.{ENDINGS.get(image.format, image.format)}"
    return {
        "ETag": f'"{image.picture.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'inline; filename="{name}"',
        "Vary": "Authorization",
    }


async def _first(chunks: AsyncIterator[bytes]) -> bytes:
    """Return the first chunk, read before the status is sent. Raises JobExpired when the image is erased."""
    try:
        return await anext(chunks, b"")
    except errors.InputLost as error:
        raise errors.JobExpired("the image is no longer stored as it was made") from error


async def _chunks(store: PictureStore, picture: StoredPicture, start: int, end: int) -> AsyncIterator[bytes]:
    """Yield the bytes asked for; the end of a whole image only once all of it is what its name says."""
    digest, whole = sha256(), end - start == picture.size
    for place in range(start, end, CHUNK):
        chunk = await store.get_range(picture, place, min(place + CHUNK, end))
        digest.update(chunk)
        if whole and place + CHUNK >= end and digest.hexdigest() != picture.sha256:
            raise errors.InputLost(f"{picture.key} is damaged")
        yield chunk


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
