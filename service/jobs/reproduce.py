"""Running an ended job again from its recipes, as a new job that holds its own copies of every image."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from pydantic import ValidationError

from likeness.contract.comparison import Compare
from likeness.contract.errors import (
    InputLost,
    JobExpired,
    JobNotFinished,
    NonCommercialEngine,
    NotReproducible,
    RequestError,
)
from likeness.contract.jobs import (
    Job,
    JobOrder,
    MadeImage,
    Original,
    Recipe,
    Reproduces,
    Result,
    Scalar,
    StoredPicture,
    new_job_id,
)
from likeness.contract.licences import licensed_plan
from likeness.contract.runs import Plan, alone, task_again
from service.jobs.accept import enqueued, missing_engines, stored_for
from service.jobs.capacity import queued_for
from service.jobs.idempotency import Accepted, accepted, claimed
from service.queue.admission import Claim
from service.state import Services


async def reproduce(services: Services, owner: str, job_id: str, key: str | None) -> Accepted:
    """Accept a job that makes the images of another one again.

    Raises JobNotFound, JobExpired when the job or one of its images is gone, JobNotFinished when it has no result,
    NotReproducible when its engine is gone or takes its parameters no more, and what accepting any job raises.
    """
    claim = Claim(key, sha256(f"reproduce {job_id}".encode()).hexdigest()) if key else None
    async with claimed(services, owner, claim) as known:
        if known is not None:
            return Accepted(known, replayed=True)
        job = await _queue(services, owner, job_id, claim)
    return accepted(services, job)


async def _queue(services: Services, owner: str, job_id: str, claim: Claim | None) -> Job:
    """Copy the images, then queue the job; on a rejection nothing stays behind."""
    job = await services.queue.fetch(job_id, owner)
    if job.result is None:
        raise JobNotFinished(f"the job is {job.status.value}; only one that succeeded has a recipe")
    recipes = _recipes(job, job.result)
    plans = [await _plan(services, recipe) for recipe in recipes]
    runs = tuple(run for one in plans for run in one.runs)
    plan = replace(plans[0], runs=runs) if plans[0].several_edits else Plan(job.task, runs)
    plan = await queued_for(services, plan, job.task.priority, owner)
    new_id = new_job_id()
    async with stored_for(services, new_id):
        order = await _order(services, new_id, job, plan, list(zip(job.result.images, recipes, strict=True)))
        return await enqueued(services, order, plan.spec, claim)


def _recipes(job: Job, result: Result) -> list[Recipe]:
    """Return of each image how to make just it again. Raises NotReproducible when a recipe does not say enough."""
    try:
        return [_pinned(image, image.recipe or result.recipe, job) for image in result.images]
    except ValidationError as error:
        raise NotReproducible("this service cannot read the recipe of the job") from error


def _pinned(image: MadeImage, recipe: Recipe, job: Job) -> Recipe:
    """Return the recipe of one image: its own seed and guidance, and the text that a captioner wrote."""
    asked = job.task.task if isinstance(job.task, Compare) else job.task
    own: dict[str, Scalar] = {} if image.guidance_scale is None else {"guidance_scale": image.guidance_scale}
    if recipe.caption is not None:
        own["prompt"] = recipe.caption
    return recipe.model_copy(
        update={
            "task": task_again(recipe, image, asked),
            "seeds": [] if image.seed is None else [image.seed],
            "parameters": recipe.parameters | own,
        }
    )


async def _plan(services: Services, recipe: Recipe) -> Plan:
    """Return the run that a recipe asks for, or those of its edits.

    Raises NotReproducible when this service can no longer do it.
    """
    if recipe.task is None:
        raise NotReproducible("the recipe of the job does not contain the task")
    try:
        missing, allowed = await missing_engines(services), services.settings.noncommercial
        return licensed_plan(recipe.task, services.catalogue, missing, noncommercial=allowed)
    except NonCommercialEngine:
        raise
    except RequestError as error:
        raise NotReproducible(f"the engine no longer supports it: {error.detail}") from error


async def _order(
    services: Services, new_id: str, job: Job, plan: Plan, images: list[tuple[MadeImage, Recipe]]
) -> JobOrder:
    async def copied(picture: StoredPicture) -> StoredPicture:
        try:
            return await services.store.copy_async(picture, new_id)
        except InputLost as error:
            raise JobExpired("an image of the job is no longer stored") from error

    originals = [Original(picture=await copied(image.picture), recipe=recipe) for image, recipe in images]
    width, height = images[0][0].width, images[0][0].height
    return JobOrder(
        id=new_id,
        owner=job.owner,
        engine=plan.spec.name,
        task=job.task,
        input=None if job.input is None else await copied(job.input),
        files={name: await copied(file) for name, file in job.files.items()},
        reproduces=Reproduces(job=job.id, originals=originals),
        created_at=datetime.now(UTC),
        batch_key=alone(plan.spec),
        timeout=plan.bound(width, height),
        labels=job.labels,
    )
