"""A job whose caller waits for its images in the same call, may lose the connection, and may then ask again.

Some clients send a request again by themselves, with nothing that says it is the same one. So the content says it: the
same content of the same owner is the same job while somebody waits for it and `left_seconds` after. A job that
everybody left for so long is stopped, since nobody has its id to come back with; one without a key at once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, TypeVar

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect

from likeness.contract.errors import JobExpired, JobNotFound, LikenessError, Unavailable
from likeness.contract.jobs import Job, JobStatus
from likeness.contract.options import ImageOfJob
from service.compat.field_names import told_as
from service.jobs.accept import accept
from service.jobs.idempotency import Accepted
from service.jobs.submission import Submission, Upload
from service.queue.awaited import AwaitedJob
from service.state import Services

CANCEL_SECONDS: Final = 5.0
"""How often jobs that everybody left are looked for."""

Found = TypeVar("Found")
log = structlog.get_logger()


@dataclass(frozen=True)
class Asked:
    """A request of another API: whose it is, through which API, and what is to be done.

    `told_as` has names for our fields where that API has others. Requests with an equal `key` are one job;
    `by_content` says that the key is `content_key`, which the caller did not choose and so lapses soon.
    """

    owner: str
    api: str
    submission: Submission
    told_as: Mapping[str, str]
    key: str | None = None
    by_content: bool = False


@dataclass(frozen=True)
class Held:
    """An accepted job that is kept as long as this is held."""

    services: Services
    asked: Asked
    awaited: AwaitedJob
    accepted: Accepted
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is held no more; a cancellation alone can be lost within a library that waits."""

    async def keep(self) -> None:
        """Renew the hold until it is released."""
        while not self.over.is_set():
            await asyncio.sleep(self.services.settings.left_seconds / 3)
            with contextlib.suppress(Unavailable):  # the next time will do
                await self.renew()

    async def renew(self) -> None:
        """Keep the job, and its content as its key, for `left_seconds` after the next renewal would be due.

        One that the caller's own key stands for may have been submitted by another call, and is nobody's to stop here.
        """
        seconds = -(-self.services.settings.left_seconds * 4 // 3)
        others = self.accepted.replayed and not self.asked.by_content
        await self.services.queue.awaited.hold(self.awaited, seconds, only_longer=others)
        if self.asked.key is not None and self.asked.by_content:
            await self.services.queue.awaited.keep_key(self.asked.owner, self.asked.key, self.awaited.job_id, seconds)

    async def ended(self) -> Job:
        """Return the job once it has ended. Raises Unavailable after `call_seconds`: asking again goes on waiting."""
        seconds = self.services.settings.call_seconds
        job = await self.services.queue.wait(self.awaited.job_id, self.awaited.owner, seconds)
        if not job.status.ended:
            detail = (
                f"the job {job.id} is {job.status.value} after {seconds} s; send the same request again to keep waiting"
            )
            raise Unavailable(detail, retry_after=1)
        await self.renew()
        await self.services.queue.awaited.release(self.awaited)
        return job


@asynccontextmanager
async def held(services: Services, asked: Asked) -> AsyncIterator[Held]:
    """Accept a job, or find the one that the same content stands for, and keep it while the block runs.

    Raises Unavailable when too many calls wait already, and what `accept` raises.
    """
    with services.waiting.taken(asked.owner) as place:
        if not place:
            raise Unavailable("too many calls are waiting for jobs; use POST /recreate or /customise", retry_after=5)
        with told_as(asked.told_as):
            accepted = await _accepted(services, asked)
        awaited = AwaitedJob(asked.api, asked.owner, accepted.job.id)
        job = Held(services, asked, awaited, accepted)
        await job.renew()
        keeping = asyncio.create_task(job.keep())
        try:
            yield job
        finally:
            job.over.set()
            keeping.cancel()


def content_key(api: str, submission: Submission) -> str:
    """Return an idempotency key that the same content through the same API has, and no other."""
    digests = sorted(f"{name} {_digest(picture)}" for name, picture in submission.files.items())
    task = submission.task
    beside = [task.webhook or "", *([task.labels_text] if task.labelled else [])]
    text = "\n".join([task.model_dump_json(), *beside, _digest(submission.image), *digests])
    return f"{api}-{sha256(text.encode()).hexdigest()}"


def _digest(picture: Upload | ImageOfJob | str | None) -> str:
    if isinstance(picture, ImageOfJob):
        picture = picture.model_dump_json()
    return sha256(picture.data if isinstance(picture, Upload) else (picture or "").encode()).hexdigest()


async def _accepted(services: Services, asked: Asked) -> Accepted:
    """Accept the job, or return the one of this key, but not one that was stopped or erased since."""
    with contextlib.suppress(JobExpired, JobNotFound):
        found = await accept(services, asked.owner, asked.submission, asked.key)
        if not (found.replayed and found.job.status is JobStatus.CANCELLED):
            return found
    if asked.key is not None:
        await services.queue.release_key(asked.owner, asked.key)
    return await accept(services, asked.owner, asked.submission, asked.key)


async def unless_left(request: Request, wait: Awaitable[Found]) -> Found:
    """Return what is waited for. Raises ClientDisconnect when the caller, whose body was read, goes before."""
    waiting, leaving = asyncio.ensure_future(wait), asyncio.create_task(_left(request))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        raise ClientDisconnect
    finally:
        waiting.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def finished(request: Request, services: Services, asked: Asked) -> tuple[Accepted, Job]:
    """Return how a job was accepted, and the job once it has ended. Raises as `held`, and ClientDisconnect."""
    async with held(services, asked) as job:
        try:
            return job.accepted, await unless_left(request, job.ended())
        except ClientDisconnect:
            if asked.key is None:
                await services.queue.cancel(job.awaited.job_id, asked.owner)
            raise


async def keep_cancelling(services: Services) -> None:
    """Stop jobs that everybody left, for ever."""
    while True:
        await asyncio.sleep(min(CANCEL_SECONDS, services.settings.left_seconds / 3))
        try:
            for job_id in await services.queue.cancel_left():
                log.info("cancelled: all callers disconnected", job_id=job_id)
        except LikenessError as error:
            log.warning("could not look for abandoned jobs", error=error.code)
        except Exception:  # the loop must outlive what nobody foresaw: else such jobs would be made for nobody
            log.exception("could not look for abandoned jobs")
