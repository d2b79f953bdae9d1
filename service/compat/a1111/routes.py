"""What clients of AUTOMATIC1111's web interface need of it, over our queue (docs/clients.md)."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from likeness.contract.errors import JobExpired, JobNotFound
from likeness.contract.jobs import Job
from service.compat.a1111.requests import TOLD_AS, Img2Img, read, submission
from service.compat.auth import BasicOwner
from service.compat.results import as_base64, headers_of, result_of
from service.compat.waiting import Asked, finished
from service.http.bodies import JSON, body_of, media_type_of
from service.http.problems import LEFT
from service.http.query import OnlyQuery
from service.http.submitting import MOST_IMAGES, submits
from service.jobs.accept import missing_engines
from service.jobs.stored import Embedded
from service.jobs.threads import with_pixels
from service.state import Services, Use

router = APIRouter(prefix="/sdapi/v1", include_in_schema=False)

API: Final = "a1111"


@router.post("/img2img", dependencies=[Depends(OnlyQuery())])
@submits(images=MOST_IMAGES)
async def img2img(request: Request, services: Use, owner: BasicOwner) -> Response:
    """Change or recreate an image, and answer with the images once they are made."""
    media_type_of(request, JSON)
    body = await body_of(request)
    said = await to_thread.run_sync(read, body)
    work = partial(submission, services, await missing_engines(services), said)
    inverts = said.mask is not None and said.inpainting_mask_invert == 1
    wanted = await (with_pixels(work) if inverts else to_thread.run_sync(work))
    asked = Asked(owner, API, wanted, TOLD_AS)
    try:
        _, job = await finished(request, services, asked)
    except ClientDisconnect:
        return Response(status_code=LEFT)
    images = Embedded(services.store)
    return await images.answer(_answer(said, job, images), 200, headers_of(job, replayed=False))


def _answer(said: Img2Img, job: Job, images: Embedded) -> str:
    """Return the answer in ASCII, because what a client sent may hold lone surrogates, which UTF-8 cannot."""
    made = result_of(job).images if said.send_images else []
    sent = said.model_dump(exclude={"init_images", "mask", "alwayson_scripts"})
    places = [images.place(image.picture) for image in made]
    return json.dumps({"images": places, "parameters": sent, "info": json.dumps(_info(said, job))}, allow_nan=False)


def _info(said: Img2Img, job: Job) -> dict[str, Any]:
    """Return what the interface says of a result, and of ours the job, the engine and the reports."""
    result = result_of(job)
    seeds = [-1 if image.seed is None else image.seed for image in result.images]
    return {
        "prompt": said.prompt,
        "negative_prompt": said.negative_prompt or "",
        "seed": seeds[0],
        "all_seeds": seeds,
        "width": result.images[0].width,
        "height": result.images[0].height,
        "sd_model_name": result.engine.name,
        "job": job.id,
        "engine": result.engine.model_dump(),
        "reports": [image.report.model_dump(mode="json") for image in result.images],
    }


@router.get("/progress", dependencies=[Depends(OnlyQuery("skip_current_image"))])
async def progress(services: Use, owner: BasicOwner, skip_current_image: bool = False) -> Response:
    """Say how far the oldest call of this API and key is that is under way."""
    jobs = await _under_way(services, owner)
    job = jobs[0] if jobs else None
    step, steps = (job.progress.step, job.progress.steps) if job and job.progress else (0, 0)
    done = step / steps if steps else 0.0
    shown = job and not skip_current_image and job.progress and job.progress.preview
    picture = await services.store.get_preview(job.id) if job and shown else None
    state = {
        "skipped": False,
        "interrupted": False,
        "job": job.id if job else "",
        "job_count": len(jobs),
        "job_no": 0,
        "sampling_step": step,
        "sampling_steps": steps,
    }
    told = {"progress": done, "eta_relative": _seconds_left(job, done), "state": state, "textinfo": None}
    return JSONResponse({**told, "current_image": as_base64(picture) if picture else None})


def _seconds_left(job: Job | None, done: float) -> float:
    """Return how long it may still take, as fast as it went so far."""
    if job is None or job.started_at is None or not done:
        return 0.0
    gone = (datetime.now(UTC) - job.started_at.astimezone(UTC)).total_seconds()
    return round(max(0.0, gone / done - gone), 2)


@router.post("/interrupt", dependencies=[Depends(OnlyQuery())])
async def interrupt(services: Use, owner: BasicOwner) -> Response:
    """Stop every call of this API and key that is under way; other jobs go on."""
    for job in await _under_way(services, owner):
        await services.queue.cancel(job.id, owner)
    return JSONResponse({})


async def _under_way(services: Services, owner: str) -> list[Job]:
    found = []
    for job_id in await services.queue.awaited.by(API, owner):
        try:
            found.append(await services.queue.fetch(job_id, owner))
        except (JobExpired, JobNotFound):  # erased while its call waited
            continue
    return [job for job in found if not job.status.ended]


@router.get("/scripts", dependencies=[Depends(OnlyQuery())])
async def scripts(owner: BasicOwner) -> Response:
    """Name the scripts there are: none, but for ControlNet, which needs no name."""
    return JSONResponse({"txt2img": [], "img2img": []})


@router.get("/sd-models", dependencies=[Depends(OnlyQuery())])
async def models(services: Use, owner: BasicOwner) -> Response:
    """List the engines as checkpoints, by the names that `override_settings` takes."""
    missing = await missing_engines(services)
    named = [spec for spec in services.catalogue.engines if spec.name not in missing]
    none = {"hash": None, "sha256": None, "filename": "", "config": None}
    return JSONResponse([{"title": spec.name, "model_name": spec.name, **none} for spec in named])
