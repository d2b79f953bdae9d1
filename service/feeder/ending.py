"""What happens to a batch as a whole: it is cancelled, its receiver is told how far it is, and it ends."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import structlog

from likeness.contract.batches import BatchState, Standing
from likeness.contract.errors import BatchNotFound, JobExpired, JobNotFound
from service.batches.views import ended_event, view_of
from service.feeder.colours import consistency_of
from service.feeder.desk import STEP, Desk, Over
from service.queue.batch import Batch
from service.queue.batch_records import Change, Record
from service.state import Services

TENTHS: Final = 10

log = structlog.get_logger()


@dataclass(frozen=True)
class Ender:
    """Looks at batches as a whole."""

    services: Services
    token: str

    async def look(self, desk: Desk) -> None:
        """Do what a batch needs. Raises LeaseLost."""
        if desk.batch.state is BatchState.CANCELLING:
            await self._cancel(desk)
        elif desk.batch.webhook and (tenth := TENTHS * desk.batch.ended // desk.batch.total) > desk.batch.told:
            await self._tell(desk.batch, min(tenth, TENTHS - 1))
        if not (desk.batch.count(Standing.WAITING, Standing.QUEUED) or desk.over or desk.queued or desk.done):
            await self._end(desk)

    async def _cancel(self, desk: Desk) -> None:
        """Cancel what waits; ask for what is in the queue to be cancelled, whose ends then come as those of any job."""
        for place in list(desk.unsent):
            desk.end(Over(place, desk.queued[place], Standing.CANCELLED))
        desk.unsent.clear()
        for first in range(0, desk.batch.total if desk.batch.count(Standing.WAITING) else 0, STEP):
            await self._cancel_waiting(desk.batch, first)
        desk.waiting.clear()
        for place in desk.looked_at():
            if place not in desk.cancelled:
                desk.cancelled.add(place)
                try:
                    await self.services.queue.cancel(desk.job_id(place), desk.batch.owner)
                except (JobNotFound, JobExpired):
                    continue

    async def _cancel_waiting(self, batch: Batch, first: int) -> None:
        records = await self.services.batches.records(batch.id, first, min(STEP, batch.total - first))
        changes = [
            Change(place, record, Record(Standing.CANCELLED, record.attempt))
            for place, record in enumerate(records, start=first)
            if record.standing is Standing.WAITING
        ]
        if changes:
            try:
                await self.services.batches.mark(batch.id, changes, token=self.token)
            except BatchNotFound:
                return

    async def _end(self, desk: Desk) -> None:
        batch = replace(desk.batch, state=BatchState.ENDED, ended_at=datetime.now(UTC))
        names = {chunk: name for chunk, (_, name) in (await self.services.batches.rows(batch.id)).items()}
        if sets := await consistency_of(desk, names) if batch.sets else None:
            await desk.files.put_sets(sets)
        if batch.webhook:
            await self._tell(batch, TENTHS)
        if await self.services.batches.close(batch, self.token, self.services.settings.batch_lifetime):
            log.info("batch ended", batch=batch.id, jobs=batch.total, failed=batch.count(Standing.FAILED))

    async def _tell(self, batch: Batch, tenth: int) -> None:
        """Put an event into the outbox of webhooks."""
        kind, moment = ended_event(batch)
        data = view_of(batch).model_dump(mode="json", exclude={"webhook"})
        event = {"type": kind, "timestamp": moment.isoformat(), "data": data, "left_out": []}
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        await self.services.batches.tell(batch, tenth, body, self.token)
