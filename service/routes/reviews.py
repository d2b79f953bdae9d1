"""Reviews: what people say of a job's result, each for themselves."""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.reviews import NewReview
from service.auth.dependencies import Caller, Reviewer
from service.docs import examples
from service.docs.responses import answer, json_body, problems_of_job
from service.http.json_models import read_model
from service.http.query import OnlyQuery
from service.routes.jobs import as_json, shown_to
from service.routes.paths import JobId
from service.routes.results import made_image
from service.schemas.jobs import JobView
from service.state import Services, Use

router = APIRouter(tags=["jobs"])

PATH: Final = "/jobs/{job_id}/review"
GIVEN: Final = {"decision": "rejected", "comment": "the collar is still blue"}
REVIEWED: Final[dict[str, Any]] = {
    **examples.SUCCEEDED,
    "review": "rejected",
    "reviews": [{**GIVEN, "by": "anna", "at": "2026-01-15T11:02:40.300000Z"}],
}


@router.post(
    PATH,
    response_model=JobView,
    dependencies=[Depends(OnlyQuery())],
    openapi_extra=json_body("NewReview", GIVEN),
    responses={
        200: answer("The job with its reviews", REVIEWED),
        **problems_of_job(errors.JobNotFinished, errors.UnsupportedMedia, below="/review"),
    },
)
async def review_job(request: Request, services: Use, reviewer: Reviewer, job_id: JobId) -> Response:
    """Approve or reject the best image of a job, comment on it, or both, in the place of your last review of it.

    Every API key has one review of a job, under the key's name. Keys that share the jobs of one (`likeness keys create
    --owner`) review them side by side: none overwrites another's. Needs the scope `review`, or a review link.
    """
    given = await read_model(request, NewReview)
    await made_image(services, reviewer.owner, job_id, 0)
    await services.queue.reviews.save(job_id, reviewer.owner, reviewer.name, given)
    return await _reviewed(request, services, reviewer, job_id)


@router.delete(
    PATH,
    response_model=JobView,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("The job with the reviews that are left", examples.SUCCEEDED),
        **problems_of_job(below="/review"),
    },
)
async def withdraw_review(request: Request, services: Use, reviewer: Reviewer, job_id: JobId) -> Response:
    """Withdraw your review of a job; those of others stay. A job without one of yours does not change.

    Needs the scope `review`, or a review link.
    """
    await services.queue.fetch(job_id, reviewer.owner)
    await services.queue.reviews.withdraw(job_id, reviewer.owner, reviewer.name)
    return await _reviewed(request, services, reviewer, job_id)


async def _reviewed(request: Request, services: Services, reviewer: Caller, job_id: str) -> Response:
    job = await services.queue.fetch(job_id, reviewer.owner)
    return as_json(shown_to(reviewer, request, services, job))
