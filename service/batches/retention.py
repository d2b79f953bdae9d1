"""Erases what batches and uploads leave in the store. Redis expires batches by itself; storage does not."""

import asyncio
import time
from typing import Final

import structlog

from likeness.contract.errors import LikenessError
from likeness.contract.jobs import first_job_id
from service.batches import uploads
from service.batches.files import BatchFiles
from service.state import Services

SELDOM: Final = 10
"""Once for so many clean-ups of jobs: here everything is listed, and little of it is due."""

log = structlog.get_logger()


async def sweep(services: Services) -> int:
    """Erase the files of batches that Redis no longer knows and that could have ended a lifetime ago; count them."""
    files, young = services.store.files, first_job_id(time.time() - services.settings.batch_lifetime)
    old = [one for one in await files.folders("batches/") if one < young]
    gone = await services.batches.gone(old)
    for batch_id in gone:
        await BatchFiles(files, batch_id).erase_all()
    return len(gone)


async def keep_erasing_batches(services: Services) -> None:
    """Sweep now and then, for ever; when something is away, try again the next time."""
    while True:
        await asyncio.sleep(SELDOM * services.settings.sweep_seconds)
        try:
            batches, sent = await sweep(services), await uploads.sweep(services)
        except LikenessError as error:
            log.warning("clean-up postponed", error=error.code)
        except Exception:  # the loop must outlive what nobody foresaw: else the store would grow for ever
            log.exception("clean-up postponed")
        else:
            if batches or sent:
                log.info("cleaned up", batches=batches, uploads=sent)
