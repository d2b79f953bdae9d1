"""Batches as Redis keeps them: how each job stands, in 8 bytes, and the counts of that; never the items themselves.

Whoever leads (service/feeder) says so by a lease, and each step of its own is refused once it is another's.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from likeness.contract.batches import BatchState, Standing
from likeness.contract.errors import BatchNotFound, IdempotencyMismatch
from likeness.queue import keys
from service.queue.admission import Claim, translated
from service.queue.batch import NOTHING, Batch, BatchFigures, NewBatch, Written
from service.queue.batch_records import SIZE, Change, Record, records_in
from service.queue.batch_scripts import CLOSE, CREATE, LEAD, MARK, REOPEN, RESERVE, RESIGN, SET, TELL


class LeaseLost(Exception):
    """Another feeder leads by now."""


class Batches:
    """The batches of one Redis. Every method raises QueueUnavailable when Redis does not respond."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  as in JobQueue
        self._redis = connection

    async def create(self, batch: NewBatch, claim: Claim | None) -> str:
        """Make a batch and return its id; of the one that the claim's key stands for, where there is one already.

        Raises IdempotencyMismatch for a key that stands for another batch, or for a job.
        """
        names = _keys(batch.id)
        redis_keys = [names[0], names[1], keys.BATCHES_OPEN_KEY, keys.OWNER_BATCHES_KEY.format(owner=batch.owner)]
        fingerprint = claim.fingerprint if claim else ""
        if claim is not None:
            redis_keys.append(keys.IDEMPOTENCY_KEY.format(owner=batch.owner, key=claim.key))
        size = batch.items * len(batch.recipes) * SIZE
        flat = [part for item in batch.fields().items() for part in item]
        args = [batch.id, batch.owner, size, fingerprint, keys.IDEMPOTENCY_SECONDS, *flat]
        found = await self._script(CREATE, redis_keys, args)
        if found[0].decode() != fingerprint:
            raise IdempotencyMismatch("this Idempotency-Key was used before with other content; use a new key")
        return str(found[1].decode())

    async def fetch(self, batch_id: str, owner: str) -> Batch:
        """Return a batch of `owner`. Raises BatchNotFound."""
        found = (await self.several([batch_id]))[0]
        if found is None or found.owner != owner:
            raise BatchNotFound(f"there is no batch {batch_id}")
        return found

    async def several(self, batch_ids: Sequence[str]) -> list[Batch | None]:
        """Return batches, in order; None for one that is not there."""
        async with translated(), self._redis.pipeline(transaction=False) as pipeline:
            for batch_id in batch_ids:
                pipeline.hgetall(keys.BATCH_KEY.format(id=batch_id))
            found = await pipeline.execute()
        return [Batch.of(one, fields) if fields else None for one, fields in zip(batch_ids, found, strict=True)]

    async def listing(self, owner: str, limit: int, cursor: str | None) -> tuple[list[Batch], str | None]:
        """Return up to `limit` batches of `owner`, newest first, and the cursor of the next page if there is one."""
        name, found = keys.OWNER_BATCHES_KEY.format(owner=owner), list[Batch]()
        highest = "+" if cursor is None else f"({cursor}"
        while len(found) <= limit:
            async with translated():
                ids = [one.decode() for one in await self._redis.zrevrangebylex(name, highest, "-", 0, limit + 1)]
            if not ids:
                break
            highest, living = f"({ids[-1]}", await self.several(ids)
            found += [batch for batch in living if batch is not None]
            async with translated():
                if gone := [one for one, batch in zip(ids, living, strict=True) if batch is None]:
                    await self._redis.zrem(name, *gone)
        page = found[:limit]
        return page, page[-1].id if len(found) > limit else None

    async def open(self) -> dict[str, str]:
        """Return the batches that have not ended, oldest first, each with its owner."""
        async with translated():
            found = await self._redis.hgetall(keys.BATCHES_OPEN_KEY)
        return dict(sorted((name.decode(), owner.decode()) for name, owner in found.items()))

    async def records(self, batch_id: str, first: int, count: int) -> list[Record]:
        """Return `count` records from the place `first` on."""
        async with translated():
            found = await self._redis.getrange(_keys(batch_id)[1], first * SIZE, (first + count) * SIZE - 1)
        return list(records_in(found))

    async def rows(self, batch_id: str) -> dict[int, tuple[int, str]]:
        """Return of each chunk with results the step that wrote them, and the name of the file."""
        async with translated():
            found = await self._redis.hgetall(_keys(batch_id)[2])
        split = {int(chunk): value.decode().partition(":") for chunk, value in found.items()}
        return {chunk: (int(step), name) for chunk, (step, _, name) in split.items()}

    async def mark(
        self, batch_id: str, changes: Iterable[Change], written: Written = NOTHING, token: str = ""
    ) -> list[bool]:
        """Change records, as one step, and return of each whether it still stood as it was expected to.

        With a `token` only for who leads by it: raises LeaseLost. Raises BatchNotFound when it was deleted.
        """
        flat = [part for one in changes for part in (one.place, bytes(one.before), bytes(one.after))]
        about = json.dumps(
            {"rows": {str(chunk): name for chunk, name in written.rows.items()}, "seconds": written.seconds}
        )
        found = await self._script(MARK, [*_keys(batch_id), keys.FEEDER_KEY], [token, about, *flat])
        if found == -1:
            raise LeaseLost
        if found == -2:
            raise BatchNotFound(f"there is no batch {batch_id}")
        return [bool(one) for one in found]

    async def set_state(self, batch: Batch, *before: BatchState, to: BatchState) -> BatchState | None:
        """Move a batch from one of some states to another, and return the state it was in; None without the batch."""
        return await self._set(batch.id, before, {"state": to.value})

    async def set_rate(self, batch_id: str, rate: float) -> None:
        """Say how many jobs of a batch end in a second."""
        await self._set(batch_id, tuple(BatchState), {"rate": f"{rate:.4f}"})

    async def _set(self, batch_id: str, before: Sequence[BatchState], fields: Mapping[str, str]) -> BatchState | None:
        flat = [part for item in fields.items() for part in item]
        args = [" ".join(one.value for one in before), *flat]
        found = (await self._script(SET, [keys.BATCH_KEY.format(id=batch_id)], args)).decode()
        return BatchState(found) if found else None

    async def reopen(self, batch: Batch) -> None:
        """Let a batch run again whose jobs were reset. Raises BatchNotFound."""
        redis_keys = [*_keys(batch.id), keys.BATCHES_OPEN_KEY]
        if not await self._script(REOPEN, redis_keys, [batch.id, batch.owner]):
            raise BatchNotFound(f"there is no batch {batch.id}")

    async def close(self, batch: Batch, token: str, lifetime: int) -> bool:
        """End a batch all of whose jobs have ended, to be kept for `lifetime` seconds; return whether it did."""
        redis_keys = [*_keys(batch.id), keys.BATCHES_OPEN_KEY, keys.FEEDER_KEY]
        args = [token, batch.id, batch.epoch, datetime.now(UTC).isoformat(), lifetime]
        return bool(await self._script(CLOSE, redis_keys, args))

    async def tell(self, batch: Batch, tenth: int, body: bytes, token: str) -> None:
        """Put how far a batch is into the outbox of webhooks, once for each tenth."""
        told = f"{batch.id}-{batch.epoch}-{tenth}"
        args = [token, told, tenth, batch.webhook, batch.owner, body]
        await self._script(TELL, [keys.BATCH_KEY.format(id=batch.id), keys.FEEDER_KEY], args)

    async def forget(self, batch: Batch) -> None:
        """Remove every trace of a batch."""
        async with translated(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(*_keys(batch.id))
            pipeline.hdel(keys.BATCHES_OPEN_KEY, batch.id)
            pipeline.zrem(keys.OWNER_BATCHES_KEY.format(owner=batch.owner), batch.id)
            await pipeline.execute()

    async def gone(self, batch_ids: Sequence[str]) -> list[str]:
        """Return those of the ids that are of no batch."""
        async with translated():
            return [one for one in batch_ids if not await self._redis.exists(keys.BATCH_KEY.format(id=one))]

    async def statuses(self, job_ids: Sequence[str]) -> list[str | None]:
        """Return RQ's status of jobs, in order; None for one that is not there."""
        async with translated(), self._redis.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hget(keys.JOB_KEY.format(id=job_id), "status")
            found = await pipeline.execute()
        return [None if status is None else status.decode() for status in found]

    async def was_there(self, job_id: str) -> bool:
        """Return whether a job of this id was accepted once."""
        async with translated():
            return bool(await self._redis.exists(keys.EXPIRED_KEY.format(id=job_id)))

    async def forget_marks(self, job_ids: Iterable[str]) -> None:
        """Let it soon be forgotten that jobs were there whose results their batch has."""
        async with translated(), self._redis.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.expire(keys.EXPIRED_KEY.format(id=job_id), keys.BATCH_MARK_SECONDS)
            await pipeline.execute()

    async def lead(self, token: str) -> bool:
        """Take the lease of who leads, or renew it; return whether it is ours."""
        return bool(await self._script(LEAD, [keys.FEEDER_KEY], [token, keys.FEEDER_SECONDS * 1000]))

    async def resign(self, token: str) -> None:
        """Give the lease up, so that another feeder leads at once."""
        await self._script(RESIGN, [keys.FEEDER_KEY], [token])

    async def figures(self) -> BatchFigures:
        """Return how the batches that have not ended stand together."""
        ids = list(await self.open())
        found = [batch for batch in (await self.several(ids) if ids else []) if batch is not None]
        async with translated():
            led = bool(await self._redis.exists(keys.FEEDER_KEY))
        waiting = sum(batch.count(Standing.WAITING) for batch in found if batch.state is not BatchState.PAUSED)
        return BatchFigures(len(found), waiting, sum(batch.count(Standing.QUEUED) for batch in found), led)

    async def reserve(self, owner: str, size: int, most: int) -> bool:
        """Count bytes that a key is about to upload; False where that would be more than `most`."""
        return bool(await self._script(RESERVE, [keys.UPLOADED_KEY.format(owner=owner)], [size, most]))

    async def release(self, owner: str, size: int) -> None:
        """Count bytes of a key's uploads no longer."""
        async with translated():
            await self._redis.decrby(keys.UPLOADED_KEY.format(owner=owner), size)

    async def set_uploaded(self, owner: str, size: int) -> None:
        """Say how many bytes the uploads of a key take, as they were counted."""
        async with translated():
            await self._redis.set(keys.UPLOADED_KEY.format(owner=owner), size)

    async def _script(self, text: str, redis_keys: list[str], args: Sequence[Any]) -> Any:  # noqa: ANN401  as Redis answers
        async with translated():
            return await self._redis.eval(text, len(redis_keys), *redis_keys, *args)


def new_token() -> str:
    """Return a token for a lease, which nobody else has."""
    return secrets.token_hex(16)


def _keys(batch_id: str) -> tuple[str, str, str]:
    """Return the keys of a batch, of its states and of its rows."""
    patterns = (keys.BATCH_KEY, keys.BATCH_STATES_KEY, keys.BATCH_ROWS_KEY)
    first, second, third = (pattern.format(id=batch_id) for pattern in patterns)
    return first, second, third
