"""Accepting a job at most once for each idempotency key."""

from collections.abc import Awaitable, Callable
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


async def once(
    services: Services, owner: str, key: str | None, fingerprint: str, queue: Callable[[], Awaitable[Job]]
) -> Accepted:
    """Queue a job, or return the one that the key stands for. `fingerprint` is what makes two requests the same.

    Raises IdempotencyMismatch, IdempotencyPending, and what `queue` raises: then the key is free again.
    """
    if key is not None:
        known = await services.queue.claim_key(owner, key, fingerprint)
        if known is not None:
            return Accepted(await services.queue.fetch(known, owner), replayed=True)
    try:
        job = await queue()
    except QueueUnavailable:
        raise  # whether Redis took the job is not known: the key lapses, or stands for the job, by itself
    except BaseException:
        await _release(services, owner, key)
        raise
    services.metrics.accepted(job.task.kind, job.engine)
    log.info("accepted", job=job.id, engine=job.engine, owner=owner)
    return Accepted(job)


async def _release(services: Services, owner: str, key: str | None) -> None:
    if key is None:
        return
    try:
        await services.queue.release_key(owner, key)
    except LikenessError as error:
        log.warning("idempotency key not released", error=error.code)
