"""The quality report of an image: as JSON, or for people as an image or a page."""

from hashlib import sha256
from io import BytesIO
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from PIL import Image
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.jobs import Job, MadeImage
from likeness.contract.report import Report
from likeness.imaging.assessment.contact_sheet import report_picture, shown
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.upright import upright_image
from likeness.storage.pictures import PictureStore
from service.auth.dependencies import Owner
from service.docs import examples
from service.docs.responses import answer, problems_of_job
from service.http.headers import best_media_type, etag_matches
from service.http.query import OnlyQuery
from service.jobs.threads import with_pixels
from service.routes.paths import IfNoneMatch, JobId
from service.routes.report_page import POLICY, report_page
from service.routes.results import made_image
from service.state import Use

router = APIRouter(tags=["results"])

JSON: Final = "application/json"
PNG: Final = "image/png"
HTML: Final = "text/html"
OFFERED: Final = (JSON, PNG, HTML)
SHOWN_SIDE: Final = 640
"""Px; the longer side of the images in a page."""

_described = answer("The report, in the type that `Accept` prefers", examples.REPORT, ETag="changes with the report")
_described["content"][PNG] = {
    "schema": {"type": "string", "format": "binary"},
    "examples": {"example": {"summary": "the bytes", "value": "..."}},
}
_described["content"][HTML] = {
    "schema": {"type": "string"},
    "examples": {"example": {"summary": "a single file, without scripts", "value": "<!doctype html>..."}},
}


@router.get(
    "/jobs/{job_id}/report",
    response_model=Report,
    dependencies=[Depends(OnlyQuery("image"))],
    responses={
        200: _described,
        304: {"description": "The report is the one in `If-None-Match`"},
        **problems_of_job(
            errors.ImageNotFound, errors.JobNotFinished, errors.NotAcceptable, errors.StoreUnavailable, below="/report"
        ),
    },
)
async def read_report(
    services: Use,
    owner: Owner,
    job_id: JobId,
    image: Annotated[int, Query(ge=0, le=63, description="number of the image; 0 is the best")] = 0,
    accept: Annotated[str, Header(max_length=1000, include_in_schema=False)] = "*/*",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Get the report of an image: metrics as JSON, a card as PNG, or a page as a single HTML file."""
    job, made = await made_image(services, owner, job_id, image)
    media_type = best_media_type(accept, OFFERED)
    if media_type is None:
        raise errors.NotAcceptable(f"a report comes as {' or '.join(OFFERED)}")
    text = made.report.model_dump_json()
    etag = f'"{sha256((media_type + text).encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Vary": "Accept, Authorization", "Cache-Control": "private, max-age=31536000, immutable"}
    if if_none_match and etag_matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if media_type == JSON:
        return Response(text, headers=headers, media_type=JSON)
    draw = _card if media_type == PNG else _page
    data = await with_pixels(draw, services.store, services.bounds, job, made)
    if media_type == HTML:
        headers["Content-Security-Policy"] = POLICY
    return Response(data, headers=headers, media_type=media_type)


def _card(store: PictureStore, bounds: Bounds, job: Job, made: MadeImage) -> bytes:
    """Return the report as a PNG. Raises JobExpired when one of its images is erased."""
    given, other = _pictures(store, bounds, job, made)
    buffer = BytesIO()
    report_picture(given, other, made.report).save(buffer, "PNG")
    return buffer.getvalue()


def _page(store: PictureStore, bounds: Bounds, job: Job, made: MadeImage) -> bytes:
    """Return the report as HTML in UTF-8. Raises JobExpired when one of its images is erased."""
    given, other = _pictures(store, bounds, job, made)
    pictures = [("Original", given), ("Result", other)] if given else [("Result", other)]
    said = [(f"{name}, {picture.width} × {picture.height} px", _jpeg(picture)) for name, picture in pictures]
    return report_page(f"Likeness report of {job.task.kind} {job.id}", said, made.report).encode()


def _jpeg(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    shown(picture, SHOWN_SIDE).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _pictures(store: PictureStore, bounds: Bounds, job: Job, made: MadeImage) -> tuple[Image.Image | None, Image.Image]:
    """Return the given image, if there was one, and the made one, both upright. Raises JobExpired."""
    try:
        given = None if job.input is None else upright_image(decode(store.get(job.input), bounds))
        other = decode(store.get(made.picture), Bounds(made.picture.size, bounds.max_pixels, bounds.max_side))
    except errors.InputLost as error:
        raise errors.JobExpired("the images are no longer stored") from error
    return given, upright_image(other)
