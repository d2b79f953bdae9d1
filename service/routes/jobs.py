"""Jobs: look at one, wait for it, list them, stop it, erase it."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.comparison import JobKind
from likeness.contract.jobs import Job
from likeness.contract.labels import ReferenceText
from likeness.contract.report import Verdict
from likeness.contract.reviews import ReviewState
from service.auth.dependencies import Caller, Owner, Viewer
from service.docs import examples
from service.docs.responses import EVERYWHERE, OWNED, answer, problems, problems_of_job
from service.http.headers import LONGEST_WAIT, etag_matches
from service.http.query import OnlyQuery
from service.jobs.presign import Presigned, presigned
from service.queue.listing import Wanted
from service.routes.paths import IfNoneMatch, JobId
from service.schemas.jobs import JobPage, JobView, Links
from service.state import Services, Use

router = APIRouter(tags=["jobs"])

Wait = Annotated[
    float,
    Query(ge=0, le=LONGEST_WAIT, allow_inf_nan=False, description="wait up to this many seconds for the job to end"),
]
RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _rfc3339(text: object) -> object:
    if not (isinstance(text, str) and RFC3339.fullmatch(text)):
        raise ValueError("a time as in RFC 3339, with its offset from UTC, such as 2026-01-15T10:30:00Z")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]


async def wait_for(services: Services, job_id: str, owner: str, seconds: float) -> Job:
    """Wait for a job, if there is a place to wait in."""
    with services.waiting.taken(owner) as place:
        return await services.queue.wait(job_id, owner, seconds if place else 0)


async def retry_after(services: Services, job: Job) -> str:
    """Return in how many seconds it is worth asking for a job again."""
    try:
        return str(await services.queue.retry_after(job))
    except errors.QueueUnavailable:
        return "5"


@router.get(
    "/jobs",
    response_model=JobPage,
    dependencies=[Depends(OnlyQuery("limit", "cursor", "reference", "kind", "verdict", "since", "review"))],
    responses={
        200: answer("A page", examples.PAGE),
        **problems(*EVERYWHERE, *OWNED, instance="/jobs"),
    },
)
async def list_jobs(
    request: Request,
    services: Use,
    caller: Viewer,
    limit: Annotated[int, Query(ge=1, le=100, description="maximum number of jobs in the page")] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the previous page")] = None,
    reference: Annotated[ReferenceText | None, Query(description="only jobs with exactly this reference")] = None,
    kind: Annotated[JobKind | None, Query(description="only jobs of this kind")] = None,
    verdict: Annotated[Verdict | None, Query(description="only jobs whose best image has this verdict")] = None,
    since: Annotated[
        Moment | None, Query(description="only jobs accepted at this time or later, such as 2026-01-15T10:30:00Z")
    ] = None,
    review: Annotated[ReviewState | None, Query(description="only jobs whose reviews stand so")] = None,
) -> Response:
    """List your jobs, newest first: all of them, or those that meet every filter that is given.

    A page may hold fewer jobs than `limit` although another follows: `next` is null on the last one only.
    """
    if caller.only is not None and reference not in (None, caller.only):
        raise errors.ScopeMissing(f"this review link is for the jobs with the reference {caller.only} alone")
    moment = since.timestamp() if since else None
    wanted = Wanted(reference if caller.only is None else caller.only, kind, verdict, moment, review)
    jobs, following = await services.queue.listing(caller.owner, limit, cursor, wanted)
    views = [shown_to(caller, request, services, job) for job in jobs]
    return as_json(JobPage(jobs=views, next=following))


@router.get(
    "/jobs/{job_id}",
    response_model=JobView,
    dependencies=[Depends(OnlyQuery("wait", "links"))],
    responses={
        200: answer(
            "The current state of the job",
            examples.RUNNING,
            ETag="changes with the job; not sent with presigned links, which differ each time",
            Retry_After="seconds to wait before polling again; until the job has ended",
        ),
        304: {"description": "It has not changed since the ETag in `If-None-Match`"},
        **problems_of_job(errors.StoreUnavailable),
    },
)
async def read_job(
    request: Request,
    services: Use,
    owner: Owner,
    signed: Presigned,
    job_id: JobId,
    wait: Wait = 0,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Get a job, or wait until it has ended."""
    job = await (wait_for(services, job_id, owner, wait) if wait else services.queue.fetch(job_id, owner))
    headers = {} if job.status.ended else {"Retry-After": await retry_after(services, job)}
    whole = view(services, job, links_of(request, services, job))
    if signed:
        return as_json(await presigned(services, job, whole), 200, headers)
    etag = f'"{sha256(job.model_dump_json().encode()).hexdigest()[:32]}"'
    headers["ETag"] = etag
    if if_none_match and etag_matches(if_none_match, etag):
        return Response(status_code=304, headers={**headers, "Cache-Control": "no-store"})
    return as_json(whole, 200, headers)


@router.post(
    "/jobs/{job_id}/cancel",
    response_model=JobView,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("The job: cancelled, or still running until the next step of its worker", examples.CANCELLED),
        **problems_of_job(below="/cancel"),
    },
)
async def cancel_job(request: Request, services: Use, owner: Owner, job_id: JobId) -> Response:
    """Cancel a job within one step of its engine. A job that has ended does not change."""
    job = await services.queue.cancel(job_id, owner)
    return as_json(view(services, job, links_of(request, services, job)))


@router.delete(
    "/jobs/{job_id}",
    status_code=204,
    dependencies=[Depends(OnlyQuery())],
    responses={
        204: {"description": "Cancelled and erased"},
        **problems_of_job(errors.StoreUnavailable),
    },
)
async def delete_job(services: Use, owner: Owner, job_id: JobId) -> Response:
    """Cancel a job, and erase it and its images."""
    await services.queue.fetch(job_id, owner)
    await services.store.erase(job_id)
    await services.queue.forget(job_id, owner)
    await services.store.erase(job_id)  # what a worker stored in between
    return Response(status_code=204)


def links_of(request: Request, services: Services, job: Job) -> Links:
    """Return the links of a job; where keys are in use, those to follow it carry a token."""
    token = services.keys.token(job.id, job.owner) if services.keys.required else None
    return Links.of(job, request.scope.get("root_path", ""), token)


def shown_to(caller: Caller, request: Request, services: Services, job: Job) -> JobView:
    """Return a job as a caller sees it; by a review link without a token to follow it, and without its webhook."""
    if caller.only is None:
        return view(services, job, links_of(request, services, job))
    plain = Links.of(job, request.scope.get("root_path", ""), None)
    return view(services, job, plain).model_copy(update={"webhook": None})


def view(services: Services, job: Job, links: Links) -> JobView:
    """Return a job as callers see it."""
    used = job.result.engine.name if job.result else job.engine
    weights = next((spec.weights for spec in services.catalogue.engines if spec.name == used), None)
    return JobView.whole(job, links, weights)


def as_json(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that no cache may keep: the next one may differ."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(model.model_dump_json(), status, kept, "application/json")
