"""Erases the images of jobs whose lifetime is over. Redis expires jobs by itself; storage does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from likeness.contract.errors import LikenessError
from likeness.storage.pictures import PictureStore
from service.queue.jobs import JobQueue

AT_ONCE: Final = 8
"""Jobs erased at a time: to list and erase one takes two answers of the store, and a busy shop has ten a second."""

log = structlog.get_logger()


async def sweep(store: PictureStore, queue: JobQueue, lifetime: int) -> int:
    """Erase the images of jobs that are older than `lifetime` seconds and that the queue no longer knows.

    Return how many jobs there were. Raises Unavailable.
    """
    moment = datetime.now(UTC) - timedelta(seconds=lifetime)
    old = [job_id async for job_id in store.jobs_older_than(moment)]
    gone = await queue.gone(old)
    for start in range(0, len(gone), AT_ONCE):
        await asyncio.gather(*map(store.erase, gone[start : start + AT_ONCE]))
    return len(gone)


async def keep_erasing_expired(store: PictureStore, queue: JobQueue, lifetime: int, seconds: float) -> None:
    """Sweep every so many seconds, for ever; when something is away, try again the next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            erased = await sweep(store, queue, lifetime)
        except LikenessError as error:
            log.warning("clean-up postponed", error=error.code)
        except Exception:  # the loop must outlive what nobody foresaw: else the store would grow for ever
            log.exception("clean-up postponed")
        else:
            if erased:
                log.info("cleaned up", jobs=erased)
