"""Whether and where a job gets into the queue: the bounds of the service, of its key, and its place in turn.

Scripts of ours store a job, since accepting must be one step: bounds, job, idempotency key, event, counters.
"""

import json
import math
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from redis.exceptions import NoScriptError, RedisError, ResponseError

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import IdempotencyPending, QueueFull, QueueUnavailable, QuotaExceeded
from likeness.contract.events import Event
from likeness.contract.jobs import Job, JobOrder, JobStatus, first_job_id
from likeness.contract.scheduling import Priority
from likeness.contract.usage import DayUsage
from likeness.queue import keys
from likeness.queue.script_names import digest
from service.auth.keys import LOCAL_OWNER, UNLIMITED, KeyLimits
from service.queue.job_hash import new_fields, queued_job
from service.queue.listing import lists_of
from service.queue.scripts import ACCEPT, PLACE, ROOM
from service.queue.usage import day_usage, seconds_to_midnight, today, usage_key


@dataclass(frozen=True)
class Outlook:
    """How a queue stands for the next job: jobs before it, seconds a job takes (None: not known), workers."""

    position: int
    pace: float | None
    workers: int


@dataclass(frozen=True)
class Claim:
    """A request's claim on an idempotency key; `token` tells it from the claims of others on the same key."""

    key: str
    fingerprint: str
    token: str = field(default_factory=lambda: secrets.token_hex(8))


def pending() -> IdempotencyPending:
    """Return the error of a request whose key another one has claimed."""
    return IdempotencyPending("the first request with this Idempotency-Key is still under way", retry_after=1)


def refused(error: QueueUnavailable) -> bool:
    """Return whether Redis answered, and refused: then it did nothing. Else it may have done what was asked."""
    return isinstance(error.__cause__, ResponseError)


@asynccontextmanager
async def translated(
    detail: str = "the queue does not respond; try again", retry_after: int = 5
) -> AsyncIterator[None]:
    """Raise QueueUnavailable, with this `detail` and seconds until another try, for what Redis raises."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise QueueUnavailable(detail, retry_after=retry_after) from error


class Admission:
    """The part of the queue that lets jobs in. Every method raises QueueUnavailable when Redis does not respond."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  redis-py types answers as unions over protocols
        max_queued: int,
        lifetime: int,
        share: int | None = None,
    ) -> None:
        self._redis = connection
        self._max_queued = max_queued
        self._lifetime = lifetime
        self._share = share

    @property
    def connection(self) -> Any:  # noqa: ANN401  as above
        """The connection to Redis, for what is kept there beside jobs."""
        return self._redis

    async def check_capacity(
        self, spec: EngineSpec, priority: Priority, owner: str, limits: KeyLimits = UNLIMITED
    ) -> None:
        """Raise QueueFull or QuotaExceeded when a job of this kind would not be accepted now."""
        queue = keys.queue_name(spec.pool, priority)
        redis_keys = [keys.QUEUE_KEY.format(queue=queue), usage_key(owner, today())]
        bounds = self._bounds(owner, limits)
        async with translated():
            found = await self._script(ROOM, redis_keys, [owner, bounds["most"], bounds["share"], bounds["quota"]])
        await self._refuse(queue, found, limits)

    def _bounds(self, owner: str, limits: KeyLimits) -> dict[str, int]:
        """Return the bounds as scripts take them: -1 is none. Without keys there is nobody to share with."""
        share = self._share if owner != LOCAL_OWNER else None
        bounds = {"share": share, "quota": limits.daily_quota, "concurrency": limits.concurrency}
        return {"most": self._max_queued, **{name: -1 if bound is None else bound for name, bound in bounds.items()}}

    async def _refuse(self, queue: str, found: list[Any], limits: KeyLimits) -> None:
        """Raise the error of what a script rejected."""
        why, number = found[0].decode(), int(found[1])
        if why == "quota":
            raise QuotaExceeded(
                f"{number} jobs of this key were accepted today and its quota is {limits.daily_quota}; "
                "the day ends at midnight UTC",
                retry_after=seconds_to_midnight(),
            )
        if why == "claimed":
            raise pending()
        if why in ("full", "share"):
            raise await self._full(queue, number, of_key=why == "share")

    async def accept(
        self,
        order: JobOrder,
        spec: EngineSpec,
        claim: Claim | None,
        limits: KeyLimits = UNLIMITED,
        webhook: str | None = None,
    ) -> Job:
        """Queue a job whose input is stored already; `webhook` is told how it ended.

        Raises QueueFull or QuotaExceeded, or IdempotencyPending where the claim lapsed and another request has the key.
        """
        queue = keys.queue_name(spec.pool, order.task.priority)
        redis_keys = [
            keys.JOB_KEY.format(id=order.id),
            keys.QUEUE_KEY.format(queue=queue),
            keys.EVENTS_KEY.format(id=order.id),
            keys.WAKE_UP_KEY.format(queue=queue),
            keys.EXPIRED_KEY.format(id=order.id),
            usage_key(order.owner, today()),
        ]
        if claim is not None:
            redis_keys.append(keys.IDEMPOTENCY_KEY.format(owner=order.owner, key=claim.key))
        queued = Event(type="status", status=JobStatus.QUEUED).model_dump_json(exclude_none=True)
        settings = {
            **self._bounds(order.owner, limits),
            "lists": lists_of(order.owner, order.labels.reference, order.task.kind),
            "wake_up_length": keys.WAKE_UP_LENGTH,
            "oldest": first_job_id(time.time() - self._lifetime - keys.EXPIRED_SECONDS),
            "mark_seconds": self._lifetime + keys.EXPIRED_SECONDS,
            "key_seconds": keys.IDEMPOTENCY_SECONDS,
            "usage_seconds": keys.USAGE_SECONDS,
            **({"fingerprint": claim.fingerprint, "token": claim.token} if claim else {}),
        }
        fields = new_fields(order, queue, self._lifetime, webhook)
        args = [order.id, order.owner, queued, json.dumps(settings), *fields]
        async with translated():
            found = await self._script(ACCEPT, redis_keys, args)
        await self._refuse(queue, found, limits)
        return queued_job(order, position=int(found[1]))

    async def _seconds_for(self, queue: str, jobs: int) -> int:
        async with translated():
            pace = await self._redis.get(keys.MEAN_SERVICE_TIME_KEY.format(queue=queue))
            workers = await self._redis.scard(f"rq:workers:{queue}")
        seconds = jobs * float(pace or 1.0) / max(1, workers)
        return int(max(1, min(600, math.ceil(seconds))))

    async def _full(self, queue: str, waiting: int, *, of_key: bool) -> QueueFull:
        most = (self._share or 0) if of_key else self._max_queued
        seconds = await self._seconds_for(queue, waiting - most + 1)
        whose = "jobs of this key are" if of_key else "jobs are"
        detail = f"{waiting} {whose} waiting and at most {most} may; try again in {seconds} s"
        return QueueFull(detail, retry_after=seconds)

    async def usage(self, owner: str, days: int) -> list[DayUsage]:
        """Return what a key used in the last `days` days (1 to USAGE_DAYS), today first."""
        wanted = [today() - timedelta(days=number) for number in range(days)]
        async with translated(), self._redis.pipeline(transaction=False) as pipeline:
            for day in wanted:
                pipeline.hgetall(usage_key(owner, day))
            found = await pipeline.execute()
        return [day_usage(day, fields) for day, fields in zip(wanted, found, strict=True)]

    async def outlook(self, pool: str, priority: Priority, owner: str) -> Outlook:
        """Return what the owner's next job of this pool and priority would find; interactive jobs go first."""
        queue = keys.queue_name(pool, priority)
        async with translated():
            position = await self._script(PLACE, [keys.QUEUE_KEY.format(queue=queue)], [owner])
            if priority is Priority.BATCH:
                first = keys.QUEUE_KEY.format(queue=keys.queue_name(pool, Priority.INTERACTIVE))
                position += await self._redis.llen(first)
            pace = await self._redis.get(keys.MEAN_SERVICE_TIME_KEY.format(queue=queue))
            workers = await self._redis.scard(f"rq:workers:{queue}")
        return Outlook(position, None if pace is None else float(pace), workers)

    async def _script(self, text: str, redis_keys: list[str], args: list[Any]) -> Any:  # noqa: ANN401  as Redis answers
        """Run a script; its text, which is kilobytes, is sent only where Redis does not know it."""
        try:
            return await self._redis.evalsha(digest(text), len(redis_keys), *redis_keys, *args)
        except NoScriptError:
            return await self._redis.eval(text, len(redis_keys), *redis_keys, *args)
