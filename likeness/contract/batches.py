"""Batches: many items, each by several recipes; how they stand, and how each of their jobs does."""

from enum import IntEnum, StrEnum
from typing import Final, Literal

from likeness.contract.report import Verdict

MOST_ITEMS: Final = 100_000
MOST_RECIPES: Final = 20

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
