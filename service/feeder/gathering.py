"""Gathers the ends of jobs: their batch takes over images and figures, as one step with its records.

Only then are the jobs forgotten.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from likeness.contract.batches import VERDICTS, Standing
from likeness.contract.errors import BatchNotFound, InputLost, JobExpired, JobNotFound
from likeness.contract.jobs import Job, JobStatus, MadeImage, StoredPicture
from likeness.contract.report import Report
from service.batches.files import CHUNK, Result
from service.feeder.colours import colour_of
from service.feeder.desk import Chunk, Desk, Over
from service.queue.batch import Written
from service.queue.batch_records import Change
from service.state import Services

AT_ONCE: Final = 8
"""Jobs whose images are taken over at a time."""
ENDED: Final = ("finished", "failed", "canceled", "stopped")
NO_IMAGE: Final = {"code": "job_failed", "detail": "the job ended without an image", "fault": "engine"}
WRITE_SECONDS: Final = 1.0
"""A chunk of results is written anew at most so often, but for the last ones."""
KEPT_SECONDS: Final = 60.0
"""How long results are kept that were written anew: for who reads them just now, and for a Redis that lost a second."""


@dataclass
class Gatherer:
    """Gathers what has ended."""

    services: Services
    token: str
    _old: deque[tuple[float, Desk, str]] = field(default_factory=deque)

    async def gather(self, desk: Desk) -> None:
        """Take over all jobs of a batch that have ended since. Raises LeaseLost."""
        await self._look(desk)
        if self._is_time(desk):
            await self._write(desk)
        if desk.done:
            await self._forget(desk, list(desk.done)[:CHUNK])
        await self._erase_old()

    def _is_time(self, desk: Desk) -> bool:
        """Return whether to write down what has ended: not at every look, unless places in the queue are free by it."""
        return bool(desk.over) and (
            2 * len(desk.over) >= len(desk.queued) or time.monotonic() - desk.written >= WRITE_SECONDS
        )

    async def _look(self, desk: Desk) -> None:
        """Note every job that has ended, and those that a Redis lost: they are sent again."""
        places = desk.looked_at()
        ids = [desk.job_id(place) for place in places]
        statuses = await self.services.batches.statuses(ids) if ids else []
        ended = [place for place, status in zip(places, statuses, strict=True) if status in ENDED]
        for start in range(0, len(ended), AT_ONCE):
            for over in await asyncio.gather(*(self._taken(desk, one) for one in ended[start : start + AT_ONCE])):
                if over is not None:
                    desk.end(over)
        for place, status in zip(places, statuses, strict=True):
            if status is None:
                await self._missing(desk, place)

    async def _missing(self, desk: Desk, place: int) -> None:
        if await self.services.batches.was_there(desk.job_id(place)):
            desk.end(Over(place, desk.queued[place], Standing.CANCELLED))  # its owner deleted it
        else:
            desk.unsent.append(place)

    async def _taken(self, desk: Desk, place: int) -> Over | None:
        """Return how a job ended, its image stored with the batch; None where it is gone by now."""
        job_id, record = desk.job_id(place), desk.queued[place]
        try:
            job = await self.services.queue.fetch(job_id, desk.batch.owner)
        except (JobNotFound, JobExpired):
            return None
        result: Result = {"place": place, "attempt": record.attempt}
        if job.status is JobStatus.CANCELLED:
            return Over(place, record, Standing.CANCELLED, result, job_id)
        if job.result is None or not job.result.images:
            result["error"] = job.error.model_dump() if job.error else NO_IMAGE
            return Over(place, record, Standing.FAILED, result, job_id)
        best = job.result.images[0]
        try:
            result["image"] = await self._image(desk, best)
        except InputLost as error:
            result["error"] = {"code": error.code, "detail": error.detail, "fault": error.fault}
            return Over(place, record, Standing.FAILED, result, job_id)
        seconds = _seconds(job)
        result |= {"reasons": best.report.reasons, "figures": figures_of(best.report), "seconds": seconds}
        if (await desk.item(place)).set:
            result["lab"] = await colour_of(self.services, best)
        return Over(place, record, VERDICTS[best.report.verdict], result, job_id, seconds)

    async def _image(self, desk: Desk, image: MadeImage) -> dict[str, Any]:
        key = desk.files.image_key(image.picture.sha256)
        kept: StoredPicture = await self.services.store.files.copy(image.picture, key)
        return kept.model_dump(exclude={"key"})

    async def _write(self, desk: Desk) -> None:
        """Write down what has ended, as one step with the records; then forget the jobs."""
        over = list(desk.over)
        chunks = {one.place // desk.width // CHUNK for one in over if one.result}
        fresh = {chunk: await self._rewritten(desk, chunk, over) for chunk in sorted(chunks)}
        changes = [Change(one.place, one.before, one.before.ended(one.standing)) for one in over]
        written = Written({chunk: name for chunk, (name, _) in fresh.items()}, sum(one.seconds for one in over))
        try:
            await self.services.batches.mark(desk.batch.id, changes, written, self.token)
        except BatchNotFound:
            return  # it was deleted meanwhile; the next look at what is open drops it
        self._renamed(desk, fresh)
        for one in over:
            desk.queued.pop(one.place, None)
        desk.over = desk.over[len(over) :]
        desk.done.update(one.job for one in over if one.job)
        desk.written = time.monotonic()
        await self.services.batches.set_rate(desk.batch.id, desk.pace(len(over)))

    async def _rewritten(self, desk: Desk, chunk: int, over: Sequence[Over]) -> Chunk:
        """Return a chunk's results with those of jobs that have ended now, stored under a new name."""
        if chunk not in desk.results:
            known = (await self.services.batches.rows(desk.batch.id)).get(chunk)
            found = await desk.files.results(known[1]) if known else []
            desk.results[chunk] = (known[1] if known else "", {one["place"]: one for one in found})
        own = [one.result for one in over if one.result and one.place // desk.width // CHUNK == chunk]
        results = {**desk.results[chunk][1], **{result["place"]: result for result in own}}
        name = f"{chunk}-{secrets.token_hex(6)}"
        await desk.files.put_results(name, [results[place] for place in sorted(results)])
        return name, results

    def _renamed(self, desk: Desk, fresh: dict[int, Chunk]) -> None:
        """Take in under which names chunks of results are now; only those written last stay in mind."""
        for chunk in fresh:
            if old := desk.results[chunk][0]:
                self._old.append((time.monotonic() + KEPT_SECONDS, desk, old))
        desk.results = fresh

    async def _erase_old(self) -> None:
        while self._old and self._old[0][0] < time.monotonic():
            _, desk, name = self._old.popleft()
            await desk.files.erase(desk.files.results_key(name))

    async def _forget(self, desk: Desk, jobs: Sequence[str]) -> None:
        """Let jobs go whose results the batch has."""
        for start in range(0, len(jobs), AT_ONCE):
            await asyncio.gather(*(self._forget_one(desk, job) for job in jobs[start : start + AT_ONCE]))
        await self.services.batches.forget_marks(jobs)
        desk.done.difference_update(jobs)

    async def _forget_one(self, desk: Desk, job_id: str) -> None:
        try:
            await self.services.queue.forget(job_id, desk.batch.owner)
        except (JobNotFound, JobExpired):
            return
        await self.services.store.erase(job_id)


def figures_of(report: Report) -> dict[str, float]:
    """Return what was measured, by name: likeness, the edit, and the figures of the verdict."""
    scores = [*report.fidelity, *(report.edit.scores if report.edit else []), *report.figures]
    return {score.name: round(score.value, 5) for score in scores if score.value is not None}


def _seconds(job: Job) -> float:
    spent: dict[str, float] = job.result.timings.model_dump(exclude={"queued"}) if job.result else {}
    return round(sum(spent.values()), 4)
