"""The quality report of an image: as JSON, or as a picture for people."""

from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.jobs import Job, MadeImage
from likeness.contract.report import Report
from likeness.imaging.decode import Bounds, decode
from likeness.imaging.sheet import report_picture
from likeness.imaging.upright import upright_image
from likeness.store import PictureStore
from service import examples
from service.docs import EVERYWHERE, ONE_JOB, OWNED, answer, problems
from service.headers import best_media_type, etag_matches
from service.routes.paths import IfNoneMatch, JobId
from service.routes.results import made_image
from service.state import OnlyQuery, Owner, Use

router = APIRouter(tags=["results"])

JSON: Final = "application/json"
PNG: Final = "image/png"
OFFERED: Final = (JSON, PNG)
DRAWN_AT_ONCE: Final = 2
"""Two decoded pictures each; more of these would fill the memory."""

_described = answer("The report, in the type that `Accept` likes best", examples.REPORT, ETag="changes with the report")
_described["content"][PNG] = {
    "schema": {"type": "string", "format": "binary"},
    "examples": {"example": {"summary": "the bytes", "value": "..."}},
}


@router.get(
    "/jobs/{job_id}/report",
    response_model=Report,
    dependencies=[Depends(OnlyQuery("image"))],
    responses={
        200: _described,
        304: {"description": "The report that `If-None-Match` names"},
        **problems(
            *EVERYWHERE,
            *OWNED,
            *ONE_JOB,
            errors.ImageNotFound,
            errors.JobNotFinished,
            errors.NotAcceptable,
            errors.StoreUnavailable,
            instance=f"{examples.HERE}/report",
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
    """Give the report of an image: figures as JSON, or a card as PNG."""
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
    card = await to_thread.run_sync(partial(_card, services.store, services.bounds, job, made), limiter=_limiter())
    return Response(card, headers=headers, media_type=PNG)


_limiters: list[CapacityLimiter] = []


def _limiter() -> CapacityLimiter:
    """Return the one limiter; it is made on first use because that needs a running event loop."""
    if not _limiters:
        _limiters.append(CapacityLimiter(DRAWN_AT_ONCE))
    return _limiters[0]


def _card(store: PictureStore, bounds: Bounds, job: Job, made: MadeImage) -> bytes:
    """Return the report as a PNG. Raises JobExpired when one of its pictures is erased."""
    try:
        given = None if job.input is None else upright_image(decode(store.get(job.input), bounds))
        other = decode(store.get(made.picture), Bounds(made.picture.size, bounds.max_pixels, bounds.max_side))
    except errors.InputLost as error:
        raise errors.JobExpired("the pictures are no longer stored") from error
    buffer = BytesIO()
    report_picture(given, upright_image(other), made.report).save(buffer, "PNG")
    return buffer.getvalue()
