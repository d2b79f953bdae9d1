"""Accepting a job at most once for each idempotency key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from likeness.contract.errors import LikenessError, QueueUnavailable
from likeness.contract.jobs import Job
from service.queue.admission import Claim, refused
from service.state import Services

log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """A job that will run; `replayed` when an earlier request with the same key had it accepted."""

    job: Job
    replayed: bool = False


@asynccontextmanager
async def claimed(services: Services, owner: str, claim: Claim | None) -> AsyncIterator[Job | None]:
    """Claim an idempotency key for the block that queues a job; give the block the job that the key already stands for.

    Without a claim there is nothing to do. Raises IdempotencyMismatch and IdempotencyPending. When the block raises,
    the key is free again.
    """
    known = None if claim is None else await services.queue.claim(owner, claim)
    if known is not None:
        yield await services.queue.fetch(known, owner)
        return
    try:
        yield None
    except QueueUnavailable as error:
        if refused(error):
            await _release(services, owner, claim)
        raise  # else Redis may have taken the job: the key expires, or stands for the job, by itself
    except BaseException:
        await _release(services, owner, claim)
        raise


def accepted(services: Services, job: Job) -> Accepted:
    """Count and log a job that was just queued."""
    services.metrics.accepted(job.task.kind, job.engine)
    log.info("accepted", job=job.id, engine=job.engine, owner=job.owner)
    return Accepted(job)


async def _release(services: Services, owner: str, claim: Claim | None) -> None:
    if claim is None:
        return
    try:
        await services.queue.release(owner, claim)
    except LikenessError as error:
        log.warning("could not release the idempotency key", error=error.code)
