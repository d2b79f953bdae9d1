"""Replicate's predictions over our queue, so that its clients work unchanged (docs/clients.md)."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from likeness.contract.errors import InvalidField
from likeness.contract.jobs import Job
from service.compat.auth import TokenOwner
from service.compat.replicate.requests import OWNER, engine_named, file_of, image_urls, prediction, read
from service.compat.results import base_url
from service.http.bodies import FORM, JSON, body_of, form_parts, media_type_of
from service.http.headers import LONGEST_WAIT, preferred_wait
from service.http.query import OnlyQuery
from service.http.submitting import MOST_IMAGES, submits
from service.jobs.accept import accept
from service.jobs.stored import Embedded
from service.jobs.submission import upload_of
from service.routes.jobs import wait_for
from service.routes.paths import JobId
from service.routes.requests import IdempotencyKey, Prefer
from service.state import Services, Use

router = APIRouter(prefix="/v1", include_in_schema=False)

WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*(?:$|[,;])", re.IGNORECASE)
"""`Prefer: wait` without a number: as long as may be."""
PAGE: Final = 100


@router.post("/predictions", dependencies=[Depends(OnlyQuery())])
@router.post("/models/{owner_name}/{model}/predictions", dependencies=[Depends(OnlyQuery())])
@submits(images=MOST_IMAGES)
async def create_prediction(
    request: Request,
    services: Use,
    owner: TokenOwner,
    owner_name: str | None = None,
    model: str | None = None,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Accept a job, and wait for its end as long as is preferred."""
    media_type_of(request, JSON)
    body = await body_of(request)
    most = services.settings.max_upload_bytes
    submission = await to_thread.run_sync(read, body, owner_name, model, most)
    job = (await accept(services, owner, submission, idempotency_key)).job
    wait = LONGEST_WAIT if WAIT.search(prefer or "") else preferred_wait(prefer or "")
    if wait:
        job = await wait_for(services, job.id, owner, wait)
    return await _told(request, services, job, new=True)


async def _told(request: Request, services: Services, job: Job, *, new: bool = False) -> Response:
    """Return a job as a prediction, with its images.

    A new one that has not ended is `starting`, even if it runs: clients take any other status for the end of waiting.
    """
    base = base_url(request, services)
    output, images = image_urls(job, base), Embedded(services.store)
    if output and job.result and not base.startswith("https:"):  # clients read no URL but https and data
        output = [f"data:image/{made.format};base64,{images.place(made.picture)}" for made in job.result.images]
    told = prediction(job, base, output)
    if new and not job.status.ended:
        told = told.model_copy(update={"status": "starting"})
    return await images.answer(told.model_dump_json(), 201 if new else 200, {"Cache-Control": "no-store"})


@router.get("/predictions/{job_id}", dependencies=[Depends(OnlyQuery())])
async def read_prediction(request: Request, services: Use, owner: TokenOwner, job_id: JobId) -> Response:
    """Look at a job; at its end the images come with it."""
    return await _told(request, services, await services.queue.fetch(job_id, owner))


@router.post("/predictions/{job_id}/cancel", dependencies=[Depends(OnlyQuery())])
async def cancel_prediction(request: Request, services: Use, owner: TokenOwner, job_id: JobId) -> Response:
    """Stop a job."""
    return await _told(request, services, await services.queue.cancel(job_id, owner))


@router.get("/predictions", dependencies=[Depends(OnlyQuery("cursor"))])
async def list_predictions(
    request: Request,
    services: Use,
    owner: TokenOwner,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """List the jobs, newest first, with where their images are."""
    base = base_url(request, services)
    jobs, following = await services.queue.listing(owner, PAGE, cursor)
    results = [prediction(job, base, image_urls(job, base)).model_dump(mode="json") for job in jobs]
    further = f"{base}/v1/predictions?cursor={following}" if following else None
    return JSONResponse({"previous": None, "next": further, "results": results}, headers={"Cache-Control": "no-store"})


@router.get("/models/{owner_name}/{model}", dependencies=[Depends(OnlyQuery())])
async def read_model(request: Request, services: Use, owner: TokenOwner, owner_name: str, model: str) -> Response:
    """Say what is known of an engine."""
    spec = services.catalogue.find(engine_named(owner_name, model))
    unknown: dict[str, Any] = dict.fromkeys(
        ("github_url", "paper_url", "license_url", "cover_image_url", "default_example", "latest_version")
    )
    about = {"owner": OWNER, "name": spec.name, "description": spec.summary, "visibility": "private", "run_count": 0}
    return JSONResponse({"url": f"{base_url(request, services)}/engines", **about, **unknown})


@router.post("/files", dependencies=[Depends(OnlyQuery())], status_code=201)
async def upload_file(request: Request, services: Use, owner: TokenOwner) -> Response:
    """Give a file back as a data URI, which then is the input's URL of it; nothing is kept."""
    media_type_of(request, FORM)
    async with form_parts(request, services.settings.max_upload_bytes) as parts:
        contents = [await upload_of("content", value) for name, value in parts if name == "content"]
        others = {name for name, _ in parts} - {"content", "metadata"}
    if others or len(contents) != 1:
        raise InvalidField.at("content", "exactly one file part of this name is required")
    return JSONResponse(file_of(contents[0], datetime.now(UTC)), status_code=201)
