"""The image that a job was given, as it was sent: beside it a person judges what was made."""

from typing import Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from likeness.contract import errors
from service.auth.dependencies import JobViewer
from service.docs.responses import file, problems_of_job
from service.http.query import OnlyQuery
from service.routes.paths import IfNoneMatch, JobId
from service.routes.results import stem_of, stored_file
from service.state import Use

router = APIRouter(tags=["results"])

DESCRIBED: Final = {
    200: file("The original", ["image/png", "image/jpeg", "image/webp"], ETag="sha256 of the bytes"),
    304: {"description": "The image is the one in `If-None-Match`"},
    **problems_of_job(errors.ImageNotFound, errors.StoreUnavailable, below="/input"),
}


@router.get("/jobs/{job_id}/input", response_class=Response, dependencies=[Depends(OnlyQuery())], responses=DESCRIBED)
async def read_input(services: Use, viewer: JobViewer, job_id: JobId, if_none_match: IfNoneMatch = None) -> Response:
    """Get the original that was sent, byte for byte, for as long as the job is kept."""
    job = await services.queue.fetch(job_id, viewer.owner)
    given = job.input
    if given is None:
        raise errors.ImageNotFound("a generate job has no original")
    return await stored_file(services, given, f"{stem_of(job)}-input", if_none_match)
