"""Batches: many items, each by several recipes; how they stand, and how each of their jobs does."""

import re
from collections.abc import Iterator
from enum import IntEnum, StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.report import Verdict

MOST_ITEMS: Final = 100_000
MOST_RECIPES: Final = 20

PLACE: Final = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""Where a recipe uses an item's value; a brace is written twice."""

Retried = Literal["failed", "rejected", "cancelled", "all"]
"""Which jobs of a batch are to be made again."""


class BatchState(StrEnum):
    """How a batch stands."""

    RUNNING = "running"
    """Its items are fed to the queue, a bounded number at a time."""
    PAUSED = "paused"
    """No more items are fed; those in the queue are finished."""
    CANCELLING = "cancelling"
    """What waits is being cancelled."""
    ENDED = "ended"
    """Every job of it has ended."""


class Standing(IntEnum):
    """How one job of a batch stands: one byte of its record."""

    WAITING = 0
    """Not in the queue yet."""
    QUEUED = 1
    """In the queue, or running."""
    ACCEPTED = 2
    REJECTED = 3
    NOT_JUDGED = 4
    FAILED = 5
    CANCELLED = 6

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it, unless it is retried."""
        return self >= Standing.ACCEPTED

    @property
    def status(self) -> str:
        """The status that a manifest has for it."""
        return "succeeded" if self in VERDICTS.values() else self.name.lower()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of its best image, if it succeeded."""
        return next((verdict for verdict, standing in VERDICTS.items() if standing is self), None)


VERDICTS: Final = {
    Verdict.ACCEPTED: Standing.ACCEPTED,
    Verdict.REJECTED: Standing.REJECTED,
    Verdict.NOT_JUDGED: Standing.NOT_JUDGED,
}
RETRIED: Final[dict[Retried, tuple[Standing, ...]]] = {
    "failed": (Standing.FAILED,),
    "rejected": (Standing.REJECTED,),
    "cancelled": (Standing.CANCELLED,),
    "all": tuple(standing for standing in Standing if standing.ended),
}


class BatchCounts(BaseModel):
    """How many jobs stand how; the last three are of those that succeeded."""

    model_config = ConfigDict(frozen=True)

    waiting: int = Field(description="not in the queue yet")
    queued: int = Field(description="in the queue, or running")
    succeeded: int
    failed: int
    cancelled: int
    accepted: int
    rejected: int
    not_judged: int

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return self.waiting + self.queued + self.ended

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self.succeeded + self.failed + self.cancelled


def names_in(value: Any) -> Iterator[str]:  # noqa: ANN401  any JSON value
    """Yield the names of the item's values that a part of a recipe uses."""
    if isinstance(value, str):
        yield from (name for name in PLACE.findall(value) if name)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from names_in(inner)
