"""The contact sheet of a comparison."""

from typing import Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from likeness.contract import errors
from service.auth.dependencies import Owner
from service.docs.responses import file, problems_of_job
from service.http.query import OnlyQuery
from service.routes.paths import IfNoneMatch, JobId
from service.routes.results import stem_of, stored_file
from service.state import Use

router = APIRouter(tags=["results"])

DESCRIBED: Final = {
    200: file("The original and the result of every run, best first", ["image/png"], ETag="sha256 of the bytes"),
    304: {"description": "The sheet is the one in `If-None-Match`"},
    **problems_of_job(errors.ImageNotFound, errors.JobNotFinished, errors.StoreUnavailable, below="/sheet"),
}


@router.get("/jobs/{job_id}/sheet", response_class=Response, dependencies=[Depends(OnlyQuery())], responses=DESCRIBED)
async def read_sheet(services: Use, owner: Owner, job_id: JobId, if_none_match: IfNoneMatch = None) -> Response:
    """Get the contact sheet of a comparison as a PNG."""
    job = await services.queue.fetch(job_id, owner)
    if job.result is None:
        raise errors.JobNotFinished(f"the job is {job.status.value}; it has no sheet")
    if job.result.comparison is None:
        raise errors.ImageNotFound("only a comparison has a contact sheet")
    sheet = job.result.comparison.sheet
    return await stored_file(services, sheet, f"{stem_of(job)}-sheet.png", if_none_match)
