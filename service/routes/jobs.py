"""Jobs: hand one in, look at it, wait for it, list them, stop it, erase it."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.jobs import Job
from likeness.contract.tasks import Customise, Recreate
from service import examples
from service.accept import Accepted, accept
from service.docs import EVERYWHERE, ONE_JOB, OWNED, Responses, answer, problems
from service.headers import LONGEST_WAIT, etag_matches, preferred_wait
from service.routes.paths import IfNoneMatch, JobId
from service.state import OnlyQuery, Owner, Services, Use
from service.submission import Model, read_submission
from service.wire import AcceptedJob, JobPage, JobView, Links

router = APIRouter(tags=["jobs"])

ACCEPTING: Final = (
    errors.UnknownEngine,
    errors.EngineNotInstalled,
    errors.InvalidPicture,
    errors.UnsupportedFormat,
    errors.AnimatedPicture,
    errors.PictureTooLarge,
    errors.UnsupportedMedia,
    errors.UrlNotAllowed,
    errors.UrlFailed,
    errors.IdempotencyMismatch,
    errors.IdempotencyPending,
    errors.JobExpired,
    errors.QueueFull,
    errors.StoreUnavailable,
)
KEY_PATTERN: Final = "^[\\x20-\\x7e]{1,255}$"

IdempotencyKey = Annotated[
    str | None, Header(pattern=KEY_PATTERN, description="makes sending the same request again safe, for 24 hours")
]
Prefer = Annotated[str | None, Header(max_length=200, description=f"`wait=N`: wait up to N s, at most {LONGEST_WAIT}")]
Wait = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT, allow_inf_nan=False, description="wait up to so many seconds for the end")
]


def _responses(instance: str, succeeded: Mapping[str, Any], *more: type[errors.LikenessError]) -> Responses:
    """Return what a call that accepts jobs may answer."""
    return {
        200: {**answer("Done within `Prefer: wait`", succeeded), "model": JobView},
        202: answer(
            "Accepted",
            {**examples.ACCEPTED, "kind": succeeded["kind"]},
            Location="the job",
            Retry_After="seconds until it is worth asking",
        ),
        **problems(*EVERYWHERE, *OWNED, *ACCEPTING, *more, instance=instance),
    }


@router.post(
    "/recreate",
    status_code=202,
    response_model=AcceptedJob,
    dependencies=[Depends(OnlyQuery())],
    responses=_responses("/recreate", examples.SUCCEEDED),
)
async def recreate(
    request: Request,
    services: Use,
    owner: Owner,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Recreate a picture as exactly as the engine can."""
    return await _hand_in(request, services, owner, Recreate, idempotency_key, prefer)


@router.post("/customize", include_in_schema=False, dependencies=[Depends(OnlyQuery())])
@router.post(
    "/customise",
    status_code=202,
    response_model=AcceptedJob,
    dependencies=[Depends(OnlyQuery())],
    responses=_responses("/customise", examples.CUSTOMISED, errors.InstructionNotUnderstood),
)
async def customise(
    request: Request,
    services: Use,
    owner: Owner,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Change a picture: by instruction, to a colour, with a logo or a text, within a mask, or by control.

    Give one of `instruction`, `recolour`, `text`, `logo` and `prompt`. `POST /customize` is the same call.
    """
    return await _hand_in(request, services, owner, Customise, idempotency_key, prefer)


async def _hand_in(
    request: Request, services: Services, owner: str, model: Model, key: str | None, prefer: str | None
) -> Response:
    """Accept a job of the kind that `model` describes, and wait for it as long as the caller prefers."""
    submission = await read_submission(request, model, services.settings.max_upload_bytes)
    accepted = await accept(services, owner, submission, key)
    wait = preferred_wait(prefer or "")
    job = await _waited(services, owner, accepted, wait)
    links = links_of(request, services, job)
    headers = {"Location": links.self}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait}"
    if wait is not None and job.status.ended:
        return _json(view(services, job, links), 200, headers)
    headers["Retry-After"] = await _retry_after(services, job)
    return _json(AcceptedJob.of(job, links), 202, headers)


async def _waited(services: Services, owner: str, accepted: Accepted, seconds: int | None) -> Job:
    """Return the job after the wait asked for. It is accepted, so what goes wrong while waiting is no error."""
    if not seconds:
        return accepted.job
    try:
        return await _wait(services, accepted.job.id, owner, seconds)
    except (errors.Unavailable, errors.JobExpired, errors.JobNotFound):
        return accepted.job


async def _wait(services: Services, job_id: str, owner: str, seconds: float) -> Job:
    """Wait for a job, if there is a place to wait in."""
    with services.waiting.taken() as place:
        return await services.queue.wait(job_id, owner, seconds if place else 0)


async def _retry_after(services: Services, job: Job) -> str:
    try:
        return str(await services.queue.retry_after(job))
    except errors.QueueUnavailable:
        return "5"


@router.get(
    "/jobs",
    response_model=JobPage,
    dependencies=[Depends(OnlyQuery("limit", "cursor"))],
    responses={
        200: answer("A page", examples.PAGE),
        **problems(*EVERYWHERE, *OWNED, instance="/jobs"),
    },
)
async def list_jobs(
    request: Request,
    services: Use,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=100, description="most jobs in the page")] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
) -> Response:
    """List your jobs, newest first."""
    jobs, following = await services.queue.listing(owner, limit, cursor)
    views = [view(services, job, links_of(request, services, job)) for job in jobs]
    return _json(JobPage(jobs=views, next=following))


@router.get(
    "/jobs/{job_id}",
    response_model=JobView,
    dependencies=[Depends(OnlyQuery("wait"))],
    responses={
        200: answer(
            "The job as it stands",
            examples.RUNNING,
            ETag="changes with the job",
            Retry_After="seconds until it is worth asking; while not ended",
        ),
        304: {"description": "It stands as `If-None-Match` says"},
        **problems(*EVERYWHERE, *OWNED, *ONE_JOB, instance=examples.HERE),
    },
)
async def read_job(
    request: Request,
    services: Use,
    owner: Owner,
    job_id: JobId,
    wait: Wait = 0,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Look at a job, or wait until it has ended."""
    job = await (_wait(services, job_id, owner, wait) if wait else services.queue.fetch(job_id, owner))
    etag = f'"{sha256(job.model_dump_json().encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag}
    if not job.status.ended:
        headers["Retry-After"] = await _retry_after(services, job)
    if if_none_match and etag_matches(if_none_match, etag):
        return Response(status_code=304, headers={**headers, "Cache-Control": "no-store"})
    return _json(view(services, job, links_of(request, services, job)), 200, headers)


@router.post(
    "/jobs/{job_id}/cancel",
    response_model=JobView,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("The job: cancelled, or still running until its worker's next step", examples.CANCELLED),
        **problems(*EVERYWHERE, *OWNED, *ONE_JOB, instance=f"{examples.HERE}/cancel"),
    },
)
async def cancel_job(request: Request, services: Use, owner: Owner, job_id: JobId) -> Response:
    """Stop a job within one step of its engine. One that has ended stays as it is."""
    job = await services.queue.cancel(job_id, owner)
    return _json(view(services, job, links_of(request, services, job)))


@router.delete(
    "/jobs/{job_id}",
    status_code=204,
    dependencies=[Depends(OnlyQuery())],
    responses={
        204: {"description": "Stopped and erased"},
        **problems(*EVERYWHERE, *OWNED, *ONE_JOB, errors.StoreUnavailable, instance=examples.HERE),
    },
)
async def delete_job(services: Use, owner: Owner, job_id: JobId) -> Response:
    """Stop a job and erase it and its pictures."""
    await services.queue.fetch(job_id, owner)
    await services.store.erase(job_id)
    await services.queue.forget(job_id, owner)
    await services.store.erase(job_id)  # what a worker stored in between
    return Response(status_code=204)


def links_of(request: Request, services: Services, job: Job) -> Links:
    """Return the links of a job; where keys are in use, that of its events carries a token."""
    token = services.keys.token(job.id, job.owner) if services.keys.required else None
    return Links.of(job.id, request.scope.get("root_path", ""), token)


def view(services: Services, job: Job, links: Links) -> JobView:
    """Return a job as callers see it."""
    weights = next((spec.weights for spec in services.catalogue.engines if spec.name == job.engine), None)
    return JobView.whole(job, links, weights)


def _json(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that no cache may keep: the next one may differ."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(model.model_dump_json(), status, kept, "application/json")
