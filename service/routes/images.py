"""The bytes of made images: immutable, so tagged by their sha256, cached for good, and given in ranges."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.jobs import Job, MadeImage
from likeness.contract.labels import disposition
from service.auth.dependencies import JobViewer
from service.docs.responses import file, problems_of_job
from service.http.headers import byte_range, etag_matches
from service.http.problems import problem_response
from service.http.query import OnlyQuery
from service.jobs.stored import streamed
from service.routes.paths import IfNoneMatch, ImageNumber, JobId
from service.routes.results import made_image, stem_of
from service.state import Use

router = APIRouter(tags=["results"])

Range = Annotated[str | None, Header(alias="Range", max_length=200, description="`bytes=FIRST-LAST`: one range")]
IfRange = Annotated[str | None, Header(max_length=200, description="return the range only if the image has this ETag")]

ENDINGS: Final = {"jpeg": "jpg"}
MEDIA_TYPES: Final = ("image/png", "image/jpeg", "image/webp")
PATH: Final = "/jobs/{job_id}/images/{n}"
DESCRIBED: Final = {
    200: file("The image", MEDIA_TYPES, ETag="sha256 of the bytes", Accept_Ranges="bytes"),
    206: file("The requested bytes", MEDIA_TYPES, Content_Range="which bytes of how many"),
    304: {"description": "The image is the one in `If-None-Match`"},
    **problems_of_job(
        errors.ImageNotFound,
        errors.JobNotFinished,
        errors.RangeNotSatisfiable,
        errors.StoreUnavailable,
        below="/images/0",
    ),
}


@router.get(PATH, response_class=Response, dependencies=[Depends(OnlyQuery())], responses=DESCRIBED)
async def read_image(
    request: Request,
    services: Use,
    viewer: JobViewer,
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
    job, image = await made_image(services, viewer.owner, job_id, n)
    headers = _headers(job, n, image)
    if if_none_match and etag_matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    size = image.picture.size
    try:
        part = byte_range(range_, size) if range_ and if_range in (None, headers["ETag"]) else None
    except errors.RangeNotSatisfiable as error:
        return problem_response(request, error, {"Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return await streamed(services.store, image.picture, headers, part)


def _headers(job: Job, number: int, image: MadeImage) -> dict[str, str]:
    name = f"{stem_of(job)}-{number}.{ENDINGS.get(image.format, image.format)}"
    return {
        "ETag": f'"{image.picture.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": disposition(name),
        "Vary": "Authorization",
    }
