"""The queue as the service sees it: it accepts jobs and answers for them.

A job is RQ's own hash with a few fields of ours in it (service/queue/job_hash.py), so there is one place that says how
it stands. What lets a job in is service/queue/admission.py.
"""

import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Final

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError

from likeness.contract.errors import IdempotencyMismatch, InvalidField, JobExpired, JobNotFound
from likeness.contract.events import Event
from likeness.contract.jobs import Job, JobStatus
from likeness.contract.residency import Residency
from likeness.queue import keys
from service.queue.admission import Admission, Claim, pending, translated
from service.queue.awaited import Awaited
from service.queue.figures import Figures, read_figures, read_installed, read_residency
from service.queue.job_hash import job_of
from service.queue.listing import EVERY, MOST_LOOKED_AT, Wanted, every_list_of, walk
from service.queue.recipes import Recipes
from service.queue.reviews import Reviews
from service.queue.scripts import CANCEL, CLAIM_KEY, FORGET, RELEASE_CLAIM
from service.queue.usage import today, usage_key

READ_SECONDS: Final = 5.0
"""Longest wait for an answer from Redis."""
RETRY_SECONDS: Final = 0.05
"""When a command whose connection was lost is sent again, once: done before or not, each of them does nothing twice."""


class JobQueue(Admission):
    """Accepts jobs and answers for them. Every method raises QueueUnavailable when Redis does not respond."""

    @classmethod
    def connect(cls, redis_url: str, *, max_queued: int, lifetime: int, share: int | None = None) -> "JobQueue":
        """Return a queue on `redis_url` (redis://, rediss:// or unix://); the connection is made on first use.

        `max_queued` bounds the jobs waiting in each RQ queue, `share` those of one API key among them; `lifetime` is
        how many seconds an ended job is kept.
        """
        pool = redis.BlockingConnectionPool.from_url(  # a burst waits its turn; the other pool would refuse it
            redis_url,
            socket_connect_timeout=READ_SECONDS,
            protocol=2,
            max_connections=256,
            timeout=READ_SECONDS,
            retry=Retry(ConstantBackoff(RETRY_SECONDS), 1, supported_errors=(ConnectionError,)),
        )
        return cls(redis.Redis.from_pool(pool), max_queued, lifetime, share)

    @property
    def awaited(self) -> Awaited:
        """The jobs that calls of other APIs wait for."""
        return Awaited(self._redis)

    @property
    def recipes(self) -> Recipes:
        """The saved recipes of every owner."""
        return Recipes(self._redis)

    @property
    def reviews(self) -> Reviews:
        """The reviews of every owner's jobs."""
        return Reviews(self._redis, self._lifetime)

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    async def ping(self) -> None:
        """Return when Redis answers."""
        async with translated():
            await self._redis.ping()

    async def claim(self, owner: str, claim: Claim) -> str | None:
        """Claim an idempotency key for content with a fingerprint.

        Return the id of the job that the key already stands for, or None when the caller may go on.
        Raises IdempotencyMismatch for other content, IdempotencyPending while the first request is still under way.
        """
        async with translated():
            found = await self._script(
                CLAIM_KEY,
                [keys.IDEMPOTENCY_KEY.format(owner=owner, key=claim.key)],
                [claim.fingerprint, keys.IDEMPOTENCY_PENDING_SECONDS, claim.token],
            )
        if found == b"":
            return None
        known, job_id = found
        if known.decode() != claim.fingerprint:
            raise IdempotencyMismatch("this Idempotency-Key was used before with other content; use a new key")
        if not job_id:
            raise pending()
        return str(job_id.decode())

    async def release(self, owner: str, claim: Claim) -> None:
        """Free a claimed key, because its request was not accepted after all; not if another one claimed it since."""
        async with translated():
            await self._script(RELEASE_CLAIM, [keys.IDEMPOTENCY_KEY.format(owner=owner, key=claim.key)], [claim.token])

    async def release_key(self, owner: str, key: str) -> None:
        """Free a key whose job nobody can have any more."""
        async with translated():
            await self._redis.delete(keys.IDEMPOTENCY_KEY.format(owner=owner, key=key))

    async def fetch(self, job_id: str, owner: str) -> Job:
        """Return a job of `owner`. Raises JobNotFound, or JobExpired when it was there once."""
        async with translated():
            fields = await self._redis.hgetall(keys.JOB_KEY.format(id=job_id))
            if not fields.get(b"data"):
                await self._raise_missing(job_id, owner)
            job = job_of(fields)
            if job.owner != owner:
                raise JobNotFound(f"there is no job {job_id}")
            if job.status is JobStatus.QUEUED:
                job = job.model_copy(update={"position": await self._position(job, fields[b"origin"].decode())})
        return job

    async def _position(self, job: Job, queue: str) -> int:
        """Return how many jobs stand before one; before one that is held back, those of its own key."""
        place = await self._redis.lpos(keys.QUEUE_KEY.format(queue=queue), job.id)
        if place is None:
            ahead = await self._redis.zrank(keys.THROTTLED_KEY.format(queue=queue, owner=job.owner), job.id)
            listed = await self._redis.zcard(keys.WAITING_KEY.format(queue=queue, owner=job.owner))
            place = 0 if ahead is None else ahead + listed
        return int(place)

    async def _raise_missing(self, job_id: str, owner: str) -> None:
        known = await self._redis.get(keys.EXPIRED_KEY.format(id=job_id))
        if known is not None and known.decode() == owner:
            raise JobExpired(f"the job {job_id} has expired or was deleted")
        raise JobNotFound(f"there is no job {job_id}")

    async def wait(self, job_id: str, owner: str, seconds: float) -> Job:
        """Return a job once it has ended, or as it stands after `seconds`."""
        until = time.monotonic() + seconds
        stream, seen = keys.EVENTS_KEY.format(id=job_id), await self._last_event(job_id)
        job = await self.fetch(job_id, owner)
        while not job.status.ended and (left := until - time.monotonic()) > 0:
            async with translated():
                # A block of at most 2 s also finds jobs that ended without an event: Redis was restored, say.
                news = await self._redis.xread({stream: seen}, block=max(1, int(min(left, 2.0) * 1000)))
            entries = news[0][1] if news else []
            if entries:
                seen = entries[-1][0].decode()
            if not entries or any(_event(fields).status.ended for _, fields in entries):
                job = await self.fetch(job_id, owner)
        return job

    async def _last_event(self, job_id: str) -> str:
        async with translated():
            last = await self._redis.xrevrange(keys.EVENTS_KEY.format(id=job_id), count=1)
        return str(last[0][0].decode()) if last else "0"

    async def listing(
        self, owner: str, limit: int, cursor: str | None, wanted: Wanted = EVERY
    ) -> tuple[list[Job], str | None]:
        """Return up to `limit` jobs of `owner`, newest first, and the cursor of the next page if there is one.

        A page may hold fewer although another one follows. Raises InvalidField for a cursor that this method did not
        make.
        """
        if cursor is not None and not (len(cursor) == 32 and set(cursor) <= set("0123456789abcdef")):
            raise InvalidField.at("cursor", "not a cursor of ours; leave it out to begin at the newest job")
        jobs: list[Job] = []
        looked_at, last = 0, None
        async with translated(), aclosing(walk(self._redis, owner, wanted, limit, cursor)) as ids:
            async for job_id, fits in ids:
                if fits and len(jobs) == limit:
                    return jobs, jobs[-1].id
                looked_at, last = looked_at + 1, job_id
                if fits:
                    with suppress(JobNotFound, JobExpired):  # it went just now
                        jobs.append(await self.fetch(job_id, owner))
        return jobs, last if looked_at == MOST_LOOKED_AT else None

    async def cancel(self, job_id: str, owner: str) -> Job:
        """Ask for a job to be stopped; a queued one is cancelled at once. A job that has ended stays as it is."""
        job = await self.fetch(job_id, owner)
        await self._cancel(job)
        return await self.fetch(job_id, owner)

    async def cancel_all(self, owner: str) -> int:
        """Ask for every job of `owner` to be stopped that has not ended, and return how many those were."""
        stopped, cursor = 0, None
        while True:
            jobs, cursor = await self.listing(owner, 100, cursor)
            for job in jobs:
                if not job.status.ended:
                    await self._cancel(job)
                    stopped += 1
            if cursor is None:
                return stopped

    async def cancel_left(self) -> list[str]:
        """Stop the jobs that were awaited and that everybody left, and return their ids; some may have ended before."""
        left = await self.awaited.left()
        for job in left:
            with suppress(JobNotFound, JobExpired):
                await self.cancel(job.job_id, job.owner)
            await self.awaited.release(job)
        return [job.job_id for job in left]

    async def _cancel(self, job: Job) -> None:
        """Ask for it; of a job that waits this is the end."""
        done = Event(type="status", status=JobStatus.CANCELLED, steps_done=0).model_dump_json(exclude_none=True)
        now = datetime.now(UTC)
        async with translated():
            await self._script(
                CANCEL,
                [
                    keys.JOB_KEY.format(id=job.id),
                    keys.EVENTS_KEY.format(id=job.id),
                    usage_key(job.owner, now.date()),
                    keys.ENDED_COUNTS_KEY,
                ],
                [
                    job.id,
                    done,
                    now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                    int(now.timestamp()),
                    self._lifetime,
                    keys.USAGE_SECONDS,
                    f"{job.engine}:{JobStatus.CANCELLED.value}:",
                ],
            )

    async def forget(self, job_id: str, owner: str) -> None:
        """Stop a job and remove every trace of it but that it was there; its worker drops what it made."""
        job = await self.fetch(job_id, owner)
        redis_keys = [keys.JOB_KEY.format(id=job_id), keys.EVENTS_KEY.format(id=job_id), usage_key(owner, today())]
        redis_keys += every_list_of(owner, job.labels.reference, job.task.kind)
        async with translated():
            await self._script(FORGET, redis_keys, [job_id, owner, keys.USAGE_SECONDS])

    async def events(self, job_id: str, owner: str, after: str | None) -> AsyncGenerator[tuple[str, Event]]:
        """Yield (event id, event) of a job after the event id `after`, and end after the one that ends the job."""
        stream, seen = keys.EVENTS_KEY.format(id=job_id), after or "0"
        job = await self.fetch(job_id, owner)
        while True:
            async with translated():
                block = None if job.status.ended else 2000  # nothing is added once a job has ended
                news = await self._redis.xread({stream: seen}, block=block, count=100)
            for event_id, fields in news[0][1] if news else []:
                seen = event_id.decode()
                event = _event(fields).labelled(job.labels)
                yield seen, event
                if event.status.ended:
                    return
            if not news:
                job = await self.fetch(job_id, owner)
                if job.status.ended:  # its events are gone, or the last one was seen before
                    ending = Event(type="status", status=job.status, error=job.error)
                    yield seen, ending.labelled(job.labels)
                    return

    async def retry_after(self, job: Job) -> int:
        """Return in how many whole seconds it is worth asking again, from the queue's pace and the jobs before."""
        ahead = (job.position or 0) + 1 if job.status is JobStatus.QUEUED else 1
        pool_queue = await self._queue_of(job.id)
        return await self._seconds_for(pool_queue, ahead)

    async def _queue_of(self, job_id: str) -> str:
        async with translated():
            origin = await self._redis.hget(keys.JOB_KEY.format(id=job_id), "origin")
        return origin.decode() if origin else ""

    async def residency(self) -> list[Residency]:
        """Return what each living worker holds."""
        async with translated():
            return await read_residency(self._redis)

    async def installed(self) -> set[str]:
        """Return the engines that workers had all models of, lately."""
        async with translated():
            return await read_installed(self._redis)

    async def figures(self, queues: Sequence[str]) -> Figures:
        """Return how these queues stand, and what was counted since ever."""
        async with translated():
            return await read_figures(self._redis, queues)

    async def gone(self, job_ids: Iterable[str]) -> list[str]:
        """Return those of the ids that the queue no longer knows."""
        async with translated():
            return [job_id for job_id in job_ids if not await self._redis.exists(keys.JOB_KEY.format(id=job_id))]


def _event(fields: dict[bytes, bytes]) -> Event:
    return Event.model_validate_json(fields[b"data"], extra="ignore")
