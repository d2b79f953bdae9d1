"""What an owner may do with a batch: pause, resume, cancel, retry, delete."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

from likeness.contract.batches import RETRIED, BatchState, Retried, Standing
from likeness.contract.errors import BatchEnded, InvalidField, JobExpired, JobNotFound
from service.batches.files import BatchFiles
from service.queue.batch import Batch
from service.queue.batch_records import Change, Record
from service.state import Services

STEP: Final = 2000
"""Records looked at and changed at a time."""


async def move(services: Services, batch: Batch, *before: BatchState, to: BatchState) -> Batch:
    """Move a batch to a state, and return it. Raises BatchEnded when it has ended."""
    was = await services.batches.set_state(batch, *before, to=to)
    if was is BatchState.ENDED:
        raise BatchEnded("it has ended; retry makes jobs of it again")
    return await services.batches.fetch(batch.id, batch.owner)


async def cancel(services: Services, batch: Batch) -> Batch:
    """Ask for what has not ended to be cancelled, and return the batch; one that has ended stays as it is."""
    await services.batches.set_state(batch, BatchState.RUNNING, BatchState.PAUSED, to=BatchState.CANCELLING)
    return await services.batches.fetch(batch.id, batch.owner)


async def retry(services: Services, batch: Batch, what: Retried, recipe: str | None) -> Batch:
    """Let jobs that ended so, of one recipe or of all, be made again, and return the batch. Raises InvalidField."""
    if recipe is not None and recipe not in batch.recipes:
        raise InvalidField.at("recipe", f"one of {', '.join(batch.recipes)}")
    only = None if recipe is None else list(batch.recipes).index(recipe)
    for first in range(0, batch.total, STEP):
        records = await services.batches.records(batch.id, first, min(STEP, batch.total - first))
        changes = _again(records, first, len(batch.recipes), RETRIED[what], only)
        if changes:
            await services.batches.mark(batch.id, changes)
    await services.batches.reopen(batch)
    return await services.batches.fetch(batch.id, batch.owner)


def _again(
    records: Sequence[Record], first: int, width: int, standings: Sequence[Standing], only: int | None
) -> list[Change]:
    return [
        Change(place, record, record.again())
        for place, record in enumerate(records, start=first)
        if record.standing in standings and only in (None, place % width)
    ]


async def delete(services: Services, batch: Batch) -> None:
    """Erase a batch, its results, and its jobs that are in the queue."""
    queued = [job async for job in queued_jobs(services, batch)]
    await services.batches.forget(batch)
    for job_id in queued:
        with suppress(JobNotFound, JobExpired):
            await services.queue.forget(job_id, batch.owner)
        await services.store.erase(job_id)
    await BatchFiles(services.store.files, batch.id).erase_all()


async def queued_jobs(services: Services, batch: Batch) -> AsyncIterator[str]:
    """Yield the ids of the jobs of a batch that are in the queue, or about to be."""
    for first in range(0, batch.total, STEP):
        records = await services.batches.records(batch.id, first, min(STEP, batch.total - first))
        for place, record in enumerate(records, start=first):
            if record.standing is Standing.QUEUED:
                yield record.job_id(batch.id, place)
