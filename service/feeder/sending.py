"""Sends items of batches to the queue: each image is fetched once, for all recipes, when its turn comes.

A job is claimed before it is sent, and its id follows from the claim: after a crash the same job is sent, once.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from likeness.contract.batches import Standing
from likeness.contract.errors import (
    BatchNotFound,
    ImageUnavailable,
    InputLost,
    JobExpired,
    JobNotFound,
    LikenessError,
    QueueFull,
    QuotaExceeded,
    RequestError,
    Unavailable,
)
from likeness.contract.options import ImageOfJob
from service.batches.items import UPLOAD, Item
from service.batches.uploads import key_of
from service.feeder.desk import Desk, Over
from service.jobs.accept import accept
from service.jobs.pictures import upload_from
from service.jobs.submission import Submission, Upload
from service.queue.batch_records import Change, Record
from service.state import Services

LATER: Final = (QueueFull, QuotaExceeded, Unavailable)
"""Reasons to try again later, and not to give a job up."""
PAUSE: Final = 1.0
"""Seconds after which it is tried again."""
LONGEST_PAUSE: Final = 30.0
"""The same where a quota is used up."""

log = structlog.get_logger()


@dataclass
class Sender:
    """Sends items, and says of owners for whom there is no room now until when that is so."""

    services: Services
    token: str
    held: dict[str, float] = field(default_factory=dict)

    def may(self, owner: str) -> bool:
        """Return whether there may be room for a job of this owner."""
        return self.held.get(owner, 0.0) <= time.monotonic()

    async def claim(self, desk: Desk, waiting: Sequence[tuple[int, Record]]) -> list[int]:
        """Claim jobs that wait, and return those that are ours now. Raises LeaseLost."""
        changes = [Change(place, record, record.queued()) for place, record in waiting]
        try:
            done = await self.services.batches.mark(desk.batch.id, changes, token=self.token)
        except BatchNotFound:
            return []
        except Unavailable:
            desk.waiting.extendleft(reversed(waiting))
            raise
        ours = [change for change, was in zip(changes, done, strict=True) if was]
        desk.queued |= {change.place: change.after for change in ours}
        return [change.place for change in ours]

    async def send(self, desk: Desk, places: Sequence[int]) -> None:
        """Send the claimed jobs of one item; what cannot be sent now is left unsent."""
        desk.sending.update(places)
        try:
            item = await desk.item(places[0])
            image = None if item.image is None else await self._upload("image", item.image, desk.batch.owner)
        except ImageUnavailable as error:
            for place in places:
                self._fail(desk, place, error)
            return
        except LikenessError as error:
            self._later(desk, places, error)
            return
        for number, place in enumerate(places):
            if not await self._send(desk, place, item, image):
                self._later(desk, places[number + 1 :], None)
                break
        await self._drop_deleted(desk, places)

    async def _drop_deleted(self, desk: Desk, places: Sequence[int]) -> None:
        """Stop jobs whose batch was deleted while they were sent: who deleted it could not know them."""
        with suppress(Unavailable):
            if not await self.services.batches.gone([desk.batch.id]):
                return
            for place in places:
                with suppress(JobNotFound, JobExpired):
                    await self.services.queue.forget(desk.job_id(place), desk.batch.owner)
                await self.services.store.erase(desk.job_id(place))

    async def _send(self, desk: Desk, place: int, item: Item, image: Upload | None) -> bool:
        """Send one job; return False where it and those after it are to be sent later."""
        try:
            submission = desk.recipe(place).submission(item.values, image, item.reference)
            submission = await self._resolved(submission, desk.batch.owner)
            await accept(self.services, desk.batch.owner, submission, None, desk.job_id(place))
        except LATER as error:
            self._later(desk, [place], error)
            return False
        except (RequestError, ImageUnavailable) as error:
            self._fail(desk, place, error)
        except Exception:  # one job that nobody foresaw must not hold up the others
            log.exception("a job of a batch could not be sent", batch=desk.batch.id, place=place)
            self._later(desk, [place], None)
            return False
        else:
            desk.sending.discard(place)
        return True

    async def _resolved(self, submission: Submission, owner: str) -> Submission:
        """Return a submission with the bytes of its files in the place of where they are. Raises ImageUnavailable."""
        files = {name: await self._upload(name, source, owner) for name, source in submission.files.items()}
        return replace(submission, files=dict(files))

    async def _upload(self, name: str, source: Upload | ImageOfJob | str, owner: str) -> Upload:
        """Return an image from wherever it is. Raises ImageUnavailable, or Unavailable when that is ours."""
        try:
            found = UPLOAD.fullmatch(source) if isinstance(source, str) else None
            if found:
                return Upload(await self.services.store.files.get(key_of(owner, found[1])))
            return await upload_from(self.services, source, owner)
        except InputLost as error:
            raise ImageUnavailable(f"{name}: the upload is no longer stored") from error
        except RequestError as error:
            raise ImageUnavailable(f"{name}: {error.detail}") from error

    def _later(self, desk: Desk, places: Sequence[int], error: LikenessError | None) -> None:
        """Leave jobs unsent, and the owner in peace for as long as there is no room."""
        desk.sending.difference_update(places)
        desk.unsent.extend(places)
        if not places:
            return
        seconds = LONGEST_PAUSE if isinstance(error, QuotaExceeded) else PAUSE
        self.held[desk.batch.owner] = time.monotonic() + seconds
        if error is not None:
            log.info("batch waits", batch=desk.batch.id, owner=desk.batch.owner, why=error.code)

    def _fail(self, desk: Desk, place: int, error: LikenessError) -> None:
        failure = {"code": error.code, "detail": error.detail[:500], "fault": error.fault}
        record = desk.queued[place]
        result = {"place": place, "attempt": record.attempt, "error": failure}
        desk.end(Over(place, record, Standing.FAILED, result))


async def settled(tasks: set["asyncio.Task[None]"]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=5)
