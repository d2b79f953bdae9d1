"""What a running job shows so far. The next preview takes its place, so no cache may keep it."""

from typing import Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from likeness.contract import errors
from service.docs.responses import file, problems_of_job
from service.http.query import OnlyQuery
from service.routes.events import Reader
from service.routes.paths import JobId
from service.state import Use

router = APIRouter(tags=["jobs"])

DESCRIBED: Final = {
    200: file("The preview, upright, at most 256 px on its longer side", ["image/jpeg"], Cache_Control="no-store"),
    **problems_of_job(errors.NoPreview, errors.StoreUnavailable, below="/preview"),
}


@router.get(
    "/jobs/{job_id}/preview",
    response_class=Response,
    dependencies=[Depends(OnlyQuery("token"))],
    responses=DESCRIBED,
)
async def read_preview(services: Use, owner: Reader, job_id: JobId) -> Response:
    """Get the preview of a running job, if its engine provides one; `progress.preview` counts new ones.

    It is not measured, and is erased when the job ends.
    """
    job = await services.queue.fetch(job_id, owner)
    told = job.progress is not None and job.progress.preview is not None
    data = await services.store.get_preview(job_id) if told else None
    if data is None:
        raise errors.NoPreview(f"the job is {job.status.value}; it has no preview now")
    return Response(data, headers={"Cache-Control": "no-store"}, media_type="image/jpeg")
