"""What was taken for the product of an image: to be looked at, corrected and sent again as a mask."""

from typing import Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from likeness.contract import errors
from service.auth.dependencies import Owner
from service.docs.responses import file, problems_of_job
from service.http.query import OnlyQuery
from service.routes.paths import IfNoneMatch, ImageNumber, JobId
from service.routes.results import matte_of, stem_of, stored_file
from service.state import Use

router = APIRouter(tags=["results"])

PATH: Final = "/jobs/{job_id}/images/{n}/matte"
DESCRIBED: Final = {
    200: file("How much of each pixel is product: grey, white is all of it", ["image/png"], ETag="sha256 of the bytes"),
    304: {"description": "The matte is the one in `If-None-Match`"},
    **problems_of_job(errors.ImageNotFound, errors.JobNotFinished, errors.StoreUnavailable, below="/images/0/matte"),
}


@router.get(PATH, response_class=Response, dependencies=[Depends(OnlyQuery())], responses=DESCRIBED)
async def read_matte(
    services: Use, owner: Owner, job_id: JobId, n: ImageNumber, if_none_match: IfNoneMatch = None
) -> Response:
    """Get what was taken for the product, a grey PNG of the image's size; corrected, it can be sent as `mask`."""
    job, stored = await matte_of(services, owner, job_id, n)
    return await stored_file(services, stored, f"{stem_of(job)}-{n}-matte.png", if_none_match)
