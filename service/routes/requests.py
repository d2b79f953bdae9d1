"""Submitting a job: recreate, customise, compare, generate, reproduce; or a dry run of it."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.comparison import Compare
from likeness.contract.jobs import Job
from likeness.contract.tasks import Customise, Generate, Recreate
from service.auth.dependencies import Owner
from service.docs import examples
from service.docs.responses import EVERYWHERE, FOLLOWED, OWNED, Responses, answer, problems, problems_of_job
from service.http.headers import LONGEST_WAIT, preferred_wait
from service.http.query import OnlyQuery
from service.http.submitting import MOST_IMAGES, submits
from service.jobs.accept import accept
from service.jobs.dry_run import DryRun, rehearse
from service.jobs.idempotency import Accepted
from service.jobs.presign import Presigned, presigned
from service.jobs.recipes import with_recipe
from service.jobs.reproduce import reproduce
from service.jobs.submission import Model, read_submission
from service.queue.usage import rate_limit
from service.routes.jobs import as_json, links_of, retry_after, view, wait_for
from service.routes.paths import JobId
from service.schemas.jobs import AcceptedJob, JobView
from service.state import Services, Use

router = APIRouter(tags=["jobs"])

PICTURES: Final = (
    errors.InvalidPicture,
    errors.UnsupportedFormat,
    errors.AnimatedPicture,
    errors.MultiViewPicture,
    errors.UrlNotAllowed,
    errors.UrlFailed,
)
ACCEPTING: Final = (
    errors.UnknownEngine,
    errors.EngineNotInstalled,
    errors.NonCommercialEngine,
    errors.DoesNotFit,
    errors.PictureTooLarge,
    errors.UnsupportedMedia,
    errors.IdempotencyMismatch,
    errors.IdempotencyPending,
    errors.JobExpired,
    errors.QueueFull,
    errors.QuotaExceeded,
    errors.StoreUnavailable,
)
REPRODUCING: Final = (
    errors.NonCommercialEngine,
    errors.DoesNotFit,
    errors.JobNotFinished,
    errors.NotReproducible,
    errors.IdempotencyMismatch,
    errors.IdempotencyPending,
    errors.QueueFull,
    errors.QuotaExceeded,
    errors.StoreUnavailable,
)
KEY_PATTERN: Final = "^[\\x20-\\x7e]{1,255}$"

IdempotencyKey = Annotated[
    str | None, Header(pattern=KEY_PATTERN, description="makes it safe to repeat the request, for 24 hours")
]
DryRunQuery = Annotated[
    Literal["true", "false"],
    Query(
        description="with `true`, nothing is stored or queued; the response describes what would be done and its cost"
    ),
]
Prefer = Annotated[str | None, Header(max_length=200, description=f"`wait=N`: wait up to N s, at most {LONGEST_WAIT}")]


def responses_of(instance: str, succeeded: Mapping[str, Any], *more: type[errors.LikenessError]) -> Responses:
    """Return the responses of a call that submits a job."""
    done = answer("Finished within `Prefer: wait`, or the response to `dry_run=true`", succeeded)
    done["content"]["application/json"]["examples"]["dry_run"] = {
        "value": {**examples.DRY_RUN, "kind": succeeded["kind"]}
    }
    return {
        200: {**done, "model": JobView | DryRun},
        202: answer(
            "Accepted",
            {**examples.ACCEPTED, "kind": succeeded["kind"]},
            Location="the job",
            Retry_After="seconds to wait before polling",
            RateLimit="what is left of the key's daily quota and the seconds until it resets, if it has one",
            RateLimit_Policy="the key's daily quota, if it has one",
        )
        | {"links": FOLLOWED},
        **problems(*EVERYWHERE, *OWNED, *ACCEPTING, *more, instance=instance),
    }


def _reproducing() -> Responses:
    """Return what running a job again may answer."""
    found = responses_of(f"{examples.HERE}/reproduce", examples.REPRODUCED)
    done = {**answer("Finished within `Prefer: wait`", examples.REPRODUCED), "model": JobView}
    return {200: done, 202: found[202], **problems_of_job(*REPRODUCING, below="/reproduce")}


@dataclass(frozen=True)
class Submitter:
    """A request that submits a job: its owner, headers and query."""

    request: Request
    services: Use
    owner: Owner
    signed: Presigned
    idempotency_key: IdempotencyKey = None
    prefer: Prefer = None
    dry_run: DryRunQuery = "false"

    async def job(self, model: Model) -> Response:
        """Accept a job of the kind that `model` describes, or say what it would do."""
        find = partial(self.services.queue.recipes.read, self.owner)
        complete = partial(with_recipe, model=model, find=find)
        submission = await read_submission(self.request, model, self.services.settings.max_upload_bytes, complete)
        if self.dry_run == "true":
            return as_json(await rehearse(self.services, submission, self.owner))
        accepted = await accept(self.services, self.owner, submission, self.idempotency_key)
        return await _answered(self.request, self.services, self.owner, accepted, self.prefer, self.signed)


Submit = Annotated[Submitter, Depends()]
Endpoint = Callable[[Submitter], Awaitable[Response]]


def posted(path: str, responses: Responses, images: int, router: APIRouter = router) -> Callable[[Endpoint], Endpoint]:
    """Route a call that accepts a job, or with `dry_run=true` says what it would do."""

    def routed(endpoint: Endpoint) -> Endpoint:
        route = router.post(
            path,
            status_code=202,
            response_model=AcceptedJob,
            dependencies=[Depends(OnlyQuery("dry_run", "links"))],
            responses=responses,
        )
        return route(submits(images)(endpoint))

    return routed


@posted("/recreate", responses_of("/recreate", examples.SUCCEEDED, *PICTURES), images=1)
async def recreate(submit: Submit) -> Response:
    """Recreate an image as exactly as the engine can."""
    return await submit.job(Recreate)


@router.post("/customize", include_in_schema=False, dependencies=[Depends(OnlyQuery("dry_run", "links"))])
@posted(
    "/customise",
    responses_of("/customise", examples.CUSTOMISED, *PICTURES, errors.InstructionNotUnderstood),
    images=MOST_IMAGES,
)
async def customise(submit: Submit) -> Response:
    """Change an image: by instruction, exact colour, print, style, mask, guide or control map.

    Send one of `instruction`, `recolour`, `text`, `logo`, `style_image`, `guide`, `complete` and `prompt`; a `guide`
    may have a `prompt` as well. Or send `edits`, of which the last may be a cut-out or a packshot: then the frame
    changes, as asked; so it does for an instruction to remove the background. `POST /customize` is the same call.
    """
    return await submit.job(Customise)


@posted(
    "/compare",
    responses_of("/compare", examples.COMPARED, *PICTURES, errors.InstructionNotUnderstood),
    images=MOST_IMAGES,
)
async def compare(submit: Submit) -> Response:
    """Run one image through several engines and settings: a ranked table, a contact sheet and a recommendation.

    `runs` names the engines, each with values to try; every combination is a run, up to 24 in total. A failed run does
    not affect the others; the job fails if all of them fail.
    """
    return await submit.job(Compare)


@posted("/generate", responses_of("/generate", examples.GENERATED), images=0)
async def generate(submit: Submit) -> Response:
    """Make a new image of any size: from text, or of the kind that an engine was trained on. No image is sent.

    An engine with a `prompt` among its parameters requires one; others reject it. Without `engine` and `prompt`, an
    engine that needs no prompt is chosen, if there is one.

    The report has no similarity metrics. An image whose frame or sanity checks fail is `rejected`; any other is
    `not_judged`, for no metric can judge what was made from nothing. Of several candidates, the one with the highest
    `clip_score` is kept if CLIP is installed.
    """
    return await submit.job(Generate)


@router.post(
    "/jobs/{job_id}/reproduce",
    status_code=202,
    response_model=AcceptedJob,
    dependencies=[Depends(OnlyQuery("links"))],
    responses=_reproducing(),
)
@submits(images=0)
async def reproduce_job(
    request: Request,
    services: Use,
    owner: Owner,
    signed: Presigned,
    job_id: JobId,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Reproduce the images of a job from its recipe, as a new job that reports how closely each one matches.

    `bitwise`: identical bytes. `perceptual`: an equal frame and an ssim of at least 0.98. Otherwise `different`.
    """
    accepted = await reproduce(services, owner, job_id, idempotency_key)
    return await _answered(request, services, owner, accepted, prefer, signed)


async def _answered(
    request: Request, services: Services, owner: str, accepted: Accepted, prefer: str | None, signed: bool
) -> Response:
    """Answer for an accepted job, once it has been waited for as long as the caller prefers."""
    wait = preferred_wait(prefer or "")
    job = await _waited(services, owner, accepted, wait)
    links = links_of(request, services, job)
    headers = {"Location": links.self, **await _rate_limit(services, owner)}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait}"
    if wait is not None and job.status.ended:
        with contextlib.suppress(errors.StoreUnavailable):  # the job is accepted: it can be asked for again
            whole = view(services, job, links)
            return as_json(await presigned(services, job, whole) if signed else whole, 200, headers)
    headers["Retry-After"] = await retry_after(services, job)
    return as_json(AcceptedJob.of(job, links), 202, headers)


async def _rate_limit(services: Services, owner: str) -> dict[str, str]:
    """Return the headers about the key's daily quota; none if it has no quota."""
    quota = services.keys.limits_of(owner).daily_quota
    if quota is None:
        return {}
    try:
        (used,) = await services.queue.usage(owner, 1)
    except errors.QueueUnavailable:
        return {}
    return rate_limit(quota, used.accepted)


async def _waited(services: Services, owner: str, accepted: Accepted, seconds: int | None) -> Job:
    """Return the job after the wait asked for. It is accepted, so what goes wrong while waiting is no error."""
    if not seconds:
        return accepted.job
    try:
        return await wait_for(services, accepted.job.id, owner, seconds)
    except (errors.Unavailable, errors.JobExpired, errors.JobNotFound):
        return accepted.job
