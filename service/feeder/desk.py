"""One batch as the feeder that leads has it in mind: all of it can be read again from Redis and the store."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from likeness.contract.batches import BatchState, Standing
from service.batches.files import CHUNK, BatchFiles, Result
from service.batches.items import Item
from service.batches.recipes import Recipe
from service.queue.batch import Batch
from service.queue.batch_records import Record
from service.state import Services

STEP: Final = 2000
"""Records read at a time."""
LATELY: Final = 3600
"""Seconds within which a job was queued whose hash may still be there though its batch has its result."""
PACE_SECONDS: Final = 60
"""The rate is that of so many last seconds."""
MOST_CHUNKS: Final = 4
"""Chunks of items kept in mind."""

Chunk = tuple[str, dict[int, Result]]
"""The results of a chunk by place, and the name they are stored under."""


@dataclass(frozen=True)
class Over:
    """A job that has ended, with what is told of it, or nothing; `job` is its id if there is one to be forgotten."""

    place: int
    before: Record
    standing: Standing
    result: Result | None = None
    job: str | None = None
    seconds: float = 0.0


@dataclass
class Desk:
    """What is under way of one batch."""

    batch: Batch
    files: BatchFiles
    recipes: list[Recipe]
    queued: dict[int, Record] = field(default_factory=dict)
    """Its jobs that are in the queue, or are claimed and on their way there."""
    unsent: deque[int] = field(default_factory=deque)
    """Those of them that are in no queue and on no way: there was no room, or a feeder died."""
    sending: set[int] = field(default_factory=set)
    """Those on their way."""
    waiting: deque[tuple[int, Record]] = field(default_factory=deque)
    """The next ones to be claimed."""
    over: list[Over] = field(default_factory=list)
    """Ended, and not written down yet."""
    done: set[str] = field(default_factory=set)
    """Ids of jobs to be forgotten: what they made was taken over before a feeder died."""
    cursor: int = 0
    cancelled: set[int] = field(default_factory=set)
    written: float = 0.0
    """When results were written last, on the clock of time.monotonic()."""
    results: dict[int, Chunk] = field(default_factory=dict)
    """Chunks of results as they were written last, each with its name."""
    _items: dict[int, list[Item]] = field(default_factory=dict)
    _paces: deque[tuple[float, int]] = field(default_factory=deque)

    @classmethod
    async def open(cls, services: Services, batch: Batch) -> "Desk":
        """Return the desk of a batch, as whoever led before left it. Raises InputLost."""
        files = BatchFiles(services.store.files, batch.id)
        desk = cls(batch, files, await files.recipes())
        since = int((time.time() - LATELY) * 1000)
        for first in range(0, batch.total, STEP):
            records = await services.batches.records(batch.id, first, min(STEP, batch.total - first))
            for place, record in enumerate(records, start=first):
                if record.standing is Standing.QUEUED:
                    desk.queued[place] = record
                elif record.standing.ended and record.milliseconds > since:
                    desk.done.add(record.job_id(batch.id, place))
        return desk

    @property
    def width(self) -> int:
        """How many jobs an item has."""
        return len(self.recipes)

    @property
    def feeds(self) -> bool:
        """Whether there is something to send."""
        return self.batch.state is BatchState.RUNNING and bool(self.unsent or self.waiting)

    def renew(self, batch: Batch) -> None:
        """Take in how the batch stands now; one whose jobs were reset is looked through again."""
        if batch.epoch != self.batch.epoch:
            self.cursor = 0
            self.waiting.clear()
            self.cancelled.clear()
        self.batch = batch

    async def refill(self, services: Services) -> None:
        """Have the next jobs in mind that wait, if there are any."""
        while not self.waiting and self.cursor < self.batch.total:
            count = min(STEP, self.batch.total - self.cursor)
            found = await services.batches.records(self.batch.id, self.cursor, count)
            self.waiting.extend(
                (place, record)
                for place, record in enumerate(found, start=self.cursor)
                if record.standing is Standing.WAITING
            )
            self.cursor += count

    def take(self, room: int) -> tuple[list[int], list[tuple[int, Record]]]:
        """Return the next jobs of one item, at most `room`: those that are claimed already, and those to be claimed."""
        unsent: list[int] = []
        while self.unsent and len(unsent) < room and self._same(unsent, self.unsent[0]):
            unsent.append(self.unsent.popleft())
        if unsent:
            return unsent, []
        waiting: list[tuple[int, Record]] = []
        while self.waiting and len(waiting) < room and self._same([one for one, _ in waiting], self.waiting[0][0]):
            waiting.append(self.waiting.popleft())
        return [], waiting

    def _same(self, taken: list[int], place: int) -> bool:
        return not taken or taken[0] // self.width == place // self.width

    async def item(self, place: int) -> Item:
        """Return the item of a job. Raises InputLost."""
        number = place // self.width
        chunk = number // CHUNK
        if chunk not in self._items:
            while len(self._items) >= MOST_CHUNKS:
                self._items.pop(next(iter(self._items)))
            self._items[chunk] = await self.files.items(chunk)
        return self._items[chunk][number - chunk * CHUNK]

    def recipe(self, place: int) -> Recipe:
        """Return the recipe of a job."""
        return self.recipes[place % self.width]

    def job_id(self, place: int) -> str:
        """Return the id of a job that is queued."""
        return self.queued[place].job_id(self.batch.id, place)

    def end(self, over: Over) -> None:
        """Note that a job has ended; it is written down with the others."""
        self.sending.discard(over.place)
        self.over.append(over)

    def looked_at(self) -> list[int]:
        """Return the jobs whose end is still to be seen."""
        ended = {over.place for over in self.over}
        unsent = set(self.unsent)
        return [place for place in self.queued if not (place in ended or place in unsent or place in self.sending)]

    def pace(self, ended: int) -> float:
        """Take in that so many jobs have ended now, and return how many do in a second."""
        now = time.monotonic()
        self._paces.append((now, ended))
        while self._paces[0][0] < now - PACE_SECONDS and len(self._paces) > 1:
            self._paces.popleft()
        first, _ = self._paces[0]
        counted = sum(count for _, count in list(self._paces)[1:])
        return counted / (now - first) if now > first else 0.0
