"""How one job of a batch stands, in 8 bytes: its standing, its attempt, and when that was queued.

From these its id follows, so that a job that may or may not have been queued before a crash is queued once.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from likeness.contract.batches import Standing

SIZE: Final = 8
"""Bytes of a record: 1 for the standing, 1 for the attempt, 6 for the Unix milliseconds."""
MOST_ATTEMPTS: Final = 255


@dataclass(frozen=True)
class Record:
    """How a job stands; `milliseconds` is when its attempt was queued, 0 before."""

    standing: Standing = Standing.WAITING
    attempt: int = 0
    milliseconds: int = 0

    @classmethod
    def of(cls, data: bytes) -> "Record":
        """Return the record that 8 bytes hold."""
        return cls(Standing(data[0]), data[1], int.from_bytes(data[2:], "big"))

    def __bytes__(self) -> bytes:
        return bytes([self.standing, self.attempt]) + self.milliseconds.to_bytes(6, "big")

    def queued(self) -> "Record":
        """Return the record of the same attempt once it is queued, now."""
        return replace(self, standing=Standing.QUEUED, milliseconds=int(time.time() * 1000))

    def ended(self, standing: Standing) -> "Record":
        """Return the record of the same attempt once it has ended."""
        return replace(self, standing=standing)

    def again(self) -> "Record":
        """Return the record of another attempt, which waits."""
        return Record(Standing.WAITING, min(self.attempt + 1, MOST_ATTEMPTS))

    def job_id(self, batch: str, place: int) -> str:
        """Return the id of the job at a place of a batch: of this attempt always the same, and as any it tells when."""
        digest = sha256(f"{batch} {place} {self.attempt} {self.milliseconds}".encode()).hexdigest()
        return f"{self.milliseconds:012x}{digest[:20]}"


def records_in(data: bytes) -> Iterator[Record]:
    """Yield the records of a string of them."""
    for start in range(0, len(data) - SIZE + 1, SIZE):
        yield Record.of(data[start : start + SIZE])


@dataclass(frozen=True)
class Change:
    """A record that is to take the place of another one, if that still stands there."""

    place: int
    before: Record
    after: Record
