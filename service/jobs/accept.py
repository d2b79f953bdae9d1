"""Accepting a job, as one function of named steps. Nothing is stored before everything has been checked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, get_args

from anyio import to_thread

from likeness.contract.comparison import Compare, JobTask
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import (
    FieldProblem,
    InvalidField,
    PictureTooLarge,
    QueueUnavailable,
    RequestError,
    StoreUnavailable,
)
from likeness.contract.jobs import Job, JobOrder, SentFile, StoredPicture, new_job_id
from likeness.contract.labels import Labels
from likeness.contract.licences import licensed_plan
from likeness.contract.options import Font
from likeness.contract.preferences import NOT_INSTALLED
from likeness.contract.runs import Plan, PlannedRun
from likeness.contract.tasks import Customise, EditType, Generate
from likeness.imaging.edits.lettering import unprintable
from likeness.imaging.formats.decode import Bounds, check_size
from likeness.imaging.formats.encode import wanted_format
from likeness.imaging.masks import upright_size
from service.http.tracing import step
from service.jobs.capacity import queued_for, unfit
from service.jobs.idempotency import Accepted, accepted, claimed
from service.jobs.packshots import check_packshots
from service.jobs.pictures import Checked, Name, inspected, uploads_of
from service.jobs.submission import FILES, Submission, labels_of
from service.jobs.threads import with_pixels
from service.queue.admission import Claim, refused
from service.state import Services
from service.webhooks.target import check_webhook

ERASE_SECONDS: Final = 1.0
"""How long a rejected request waits until what was stored of it is erased."""
PLACES: Final = tuple(f"#/{name}" for name in ("image", *FILES))


@dataclass(frozen=True)
class Admissible:
    """A request that has been checked: what is to be done, and with which images."""

    plan: Plan
    pictures: dict[Name, Checked]
    labels: Labels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image as a viewer shows it, or of the one to generate, in px."""
        if isinstance(self.plan.task, Generate):
            return self.plan.spec.size_of(self.plan.task)
        return upright_size(self.pictures["image"].header)


async def accept(
    services: Services, owner: str, submission: Submission, key: str | None, job_id: str | None = None
) -> Accepted:
    """Accept a job, durably. Raises RequestError for whatever is wrong with it, Unavailable when that is ours.

    With a `job_id` of the caller's own nothing happens again where a job of that id was accepted before.
    """
    with step("validate"):
        wanted = await check(services, submission, owner)
    claim = Claim(key, await to_thread.run_sync(_fingerprint, submission.task, wanted.pictures)) if key else None
    async with claimed(services, owner, claim) as known:
        if known is not None:
            return Accepted(known, replayed=True)
        job = await _queue(services, owner, wanted, claim, job_id or new_job_id())
    return accepted(services, job)


async def check(services: Services, submission: Submission, owner: str) -> Admissible:
    """Return what a request asks for, once everything about it has been checked that needs no queue."""
    check_webhook(submission.task.webhook, owner, services.keys, services.settings)
    plan = await _fitting(services, submission.task, owner)
    if isinstance(plan.task, Generate):
        return Admissible(plan, {}, labels_of(submission))
    uploads = await uploads_of(services, submission, owner)
    with _within(submission.task):
        checked = await with_pixels(inspected, uploads, plan, services.bounds)
    return Admissible(plan, checked, labels_of(submission))


async def _fitting(services: Services, task: JobTask, owner: str) -> Plan:
    """Return the plan of `planned`, by engines that fit a worker's memory where the request leaves open which."""
    missing = await missing_engines(services)
    plan = planned(services, task, owner, missing)
    if any(run.spec.memory for run in plan.runs):
        too_large = unfit(services.catalogue.engines, await services.queue.residency())
        if any(run.spec.name in too_large for run in plan.runs):
            with contextlib.suppress(RequestError):  # it names the engine, or there is no other
                return planned(services, task, owner, dict.fromkeys(missing, NOT_INSTALLED) | too_large)
    return plan


def planned(services: Services, task: JobTask, owner: str, missing: Collection[str]) -> Plan:
    """Return the plan of a task, once all has been checked that needs no image. Raises RequestError."""
    plan = licensed_plan(task, services.catalogue, missing, noncommercial=services.settings.noncommercial)
    if isinstance(plan.task, Generate):
        wanted_format(plan.task, plan.task.format)
        _check_generated(plan, services.bounds)
        return plan
    check_packshots(plan, services.presets, owner, services.bounds)
    with _within(task):
        for run in plan.runs:
            _check_text(run)
    return plan


def _check_generated(plan: Plan, bounds: Bounds) -> None:
    """Raise PictureTooLarge when what is asked to be generated is over the bounds."""
    try:
        check_size(*Admissible(plan, {}, Labels()).size, bounds)
    except PictureTooLarge as error:
        fields = [FieldProblem(f"#/{name}", error.detail) for name in ("width", "height")]
        raise PictureTooLarge(f"width, height: {error.detail}", fields) from error


@contextmanager
def _within(task: JobTask) -> Iterator[None]:
    """Name the place of a field in whatever is found wrong with it: in a comparison it stands in `task`."""
    try:
        yield
    except InvalidField as error:
        if not isinstance(task, Compare) or any(problem.pointer in PLACES for problem in error.problems):
            raise
        moved = [(problem.pointer.removeprefix("#/"), problem.detail) for problem in error.problems]
        problems = [FieldProblem(f"#/task/{field}", detail) for field, detail in moved]
        raise InvalidField(f"task/{error.detail}", problems) from error


async def missing_engines(services: Services) -> set[str]:
    """Return the names of the engines that no worker has the models for."""
    if not services.catalogue.model:
        return set()
    return services.catalogue.missing(await services.queue.installed())


def _check_text(run: PlannedRun) -> None:
    """Raise InvalidField when a text is to be printed that is blank, or that the font lacks these characters."""
    task, edit = run.task, run.intent.edit
    if not isinstance(task, Customise) or run.intent.purpose is not EditType.PRINT or task.logo:
        return
    field, text = ("instruction", edit.text) if edit else ("text", task.text or "")
    if not text.strip():
        raise InvalidField.at(field, "the text is blank")
    font: Font = task.font or "sans"
    if missing := unprintable(text, font):
        able = [name for name in get_args(Font) if not unprintable(text, name)]
        others = f"it can be printed with font {', '.join(able)}" if able else "no other font has all of them"
        raise InvalidField.at(field, f"the font lacks these characters: {missing}; {others}")


def _fingerprint(task: JobTask, pictures: dict[Name, Checked]) -> str:
    """Return what makes two requests the same: what is asked, of which bytes; not how the body was written."""
    digests = [f"{name} {sha256(pictures[name].data).hexdigest()}" for name in sorted(pictures)]
    beside = [task.labels_text] if task.labelled else []
    text = "\n".join([task.model_dump_json(), task.webhook or "", *beside, *digests])
    return sha256(text.encode()).hexdigest()


async def _queue(services: Services, owner: str, wanted: Admissible, claim: Claim | None, job_id: str) -> Job:
    """Store the images, then queue the job; on a rejection nothing stays behind."""
    width, height = wanted.size
    plan = await queued_for(services, wanted.plan, wanted.plan.task.priority, owner)
    async with stored_for(services, job_id):
        with step("store"):
            stored = await _stored(services, job_id, wanted.pictures)
        order = JobOrder(
            id=job_id,
            owner=owner,
            engine=plan.spec.name,
            task=plan.task,
            input=stored.get("image"),
            files={name: stored[name] for name in get_args(SentFile) if name in stored},
            created_at=datetime.now(UTC),
            batch_key=plan.batch_key(width, height),
            timeout=plan.bound(width, height),
            labels=wanted.labels,
            whys=plan.whys,
        )
        return await enqueued(services, order, plan.spec, claim, plan.task.webhook)


async def enqueued(
    services: Services, order: JobOrder, spec: EngineSpec, claim: Claim | None, webhook: str | None = None
) -> Job:
    """Queue a job whose images are stored, as a part of the request's trace. Raises QueueFull or QuotaExceeded."""
    with step("enqueue", kind="producer") as span:
        traced = order.model_copy(update={"traceparent": span.traceparent})
        return await services.queue.accept(traced, spec, claim, services.keys.limits_of(order.owner), webhook)


@asynccontextmanager
async def stored_for(services: Services, job_id: str) -> AsyncIterator[None]:
    """Erase the images of a job that the block stored but could not queue."""
    try:
        yield
    except QueueUnavailable as error:
        if refused(error) and await services.queue.gone([job_id]):
            await _erase(services, job_id)
        raise  # else Redis may have taken the job; the clean-up erases what no job has
    except BaseException:
        await _erase(services, job_id)
        raise


async def _erase(services: Services, job_id: str) -> None:
    """Erase the images of a job that was not queued; where that fails, the clean-up does it later."""
    with contextlib.suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(ERASE_SECONDS):  # a store that is away is not waited for once more
            await services.store.erase(job_id)


async def _stored(services: Services, job_id: str, pictures: dict[Name, Checked]) -> dict[Name, StoredPicture]:
    return {
        name: await services.store.put_async(job_id, picture.data, picture.media_type)
        for name, picture in pictures.items()
    }
