"""Accepting a job at most once for each idempotency key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from likeness.contract.errors import LikenessError, QueueUnavailable
from likeness.contract.jobs import Job
from service.state import Services

log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """A job that will run; `replayed` when an earlier request with the same key had it accepted."""

    job: Job
    replayed: bool = False


@asynccontextmanager
async def claimed(services: Services, owner: str, key: str | None, fingerprint: str) -> AsyncIterator[Job | None]:
    """Claim an idempotency key for the block that queues a job; give the block the job that the key already stands for.

    `fingerprint` is what makes two requests the same; without a `key` there is nothing to claim. Raises
    IdempotencyMismatch and IdempotencyPending. When the block raises, the key is free again.
    """
    known = None if key is None else await services.queue.claim_key(owner, key, fingerprint)
    if known is not None:
        yield await services.queue.fetch(known, owner)
        return
    try:
        yield None
    except QueueUnavailable:
        raise  # whether Redis took the job is not known: the key expires, or stands for the job, by itself
    except BaseException:
        await _release(services, owner, key)
        raise


def accepted(services: Services, job: Job) -> Accepted:
    """Count and log a job that was just queued."""
    services.metrics.accepted(job.task.kind, job.engine)
    log.info("accepted", job=job.id, engine=job.engine, owner=job.owner)
    return Accepted(job)


async def _release(services: Services, owner: str, key: str | None) -> None:
    if key is None:
        return
    try:
        await services.queue.release_key(owner, key)
    except LikenessError as error:
        log.warning("could not release the idempotency key", error=error.code)
