"""A batch as its hash in Redis has it, and one that is to be made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from likeness.contract.batches import BatchState, Standing


@dataclass(frozen=True)
class Batch:
    """A batch as its hash has it. `counts` are by recipe, in the order of `recipes`, and standing."""

    id: str
    owner: str
    name: str | None
    state: BatchState
    created_at: datetime
    ended_at: datetime | None
    items: int
    recipes: Sequence[str]
    webhook: str | None
    counts: Sequence[Mapping[Standing, int]]
    seconds: float
    rate: float
    epoch: int
    step: int
    told: int
    sets: bool

    @property
    def total(self) -> int:
        """How many jobs it is made of."""
        return self.items * len(self.recipes)

    def count(self, *standings: Standing) -> int:
        """Return how many of its jobs stand like this."""
        return sum(one.get(standing, 0) for one in self.counts for standing in standings)

    @property
    def ended(self) -> int:
        """How many of its jobs have ended."""
        return self.count(*(standing for standing in Standing if standing.ended))

    @classmethod
    def of(cls, batch_id: str, fields: Mapping[bytes, bytes]) -> "Batch":
        """Return what a hash says."""
        text = {name.decode(): value.decode() for name, value in fields.items()}
        recipes = json.loads(text["recipes"])
        counts = [
            {standing: int(text.get(f"count:{number}:{standing.value}", 0)) for standing in Standing}
            for number in range(len(recipes))
        ]
        return cls(
            id=batch_id,
            owner=text["owner"],
            name=text.get("name"),
            state=BatchState(text["state"]),
            created_at=datetime.fromisoformat(text["created_at"]),
            ended_at=datetime.fromisoformat(text["ended_at"]) if "ended_at" in text else None,
            items=int(text["items"]),
            recipes=recipes,
            webhook=text.get("webhook"),
            counts=counts,
            seconds=float(text.get("seconds", 0)),
            rate=float(text.get("rate", 0)),
            epoch=int(text["epoch"]),
            step=int(text.get("step", 0)),
            told=int(text.get("told", 0)),
            sets=text.get("sets") == "1",
        )


@dataclass(frozen=True)
class NewBatch:
    """A batch that is to be made; what it consists of is stored already."""

    id: str
    owner: str
    items: int
    recipes: Sequence[str]
    name: str | None = None
    webhook: str | None = None
    sets: bool = False

    def fields(self) -> dict[str, str | int]:
        """Return its hash."""
        optional = {name: value for name in ("name", "webhook") if (value := getattr(self, name)) is not None}
        waiting = {f"count:{number}:0": self.items for number in range(len(self.recipes))}
        return {
            "owner": self.owner,
            "state": BatchState.RUNNING.value,
            "created_at": datetime.now(UTC).isoformat(),
            "items": self.items,
            "recipes": json.dumps(list(self.recipes)),
            "width": len(self.recipes),
            "epoch": 0,
            "sets": int(self.sets),
            **optional,
            **waiting,
        }


@dataclass(frozen=True)
class Written:
    """What goes with changes of records: chunks whose results were written, each with its file, and seconds of work."""

    rows: Mapping[int, str] = field(default_factory=dict)
    seconds: float = 0.0


NOTHING: Final = Written()


@dataclass(frozen=True)
class BatchFigures:
    """How the batches that have not ended stand: how many there are, their jobs, and whether a feeder leads.

    `waiting` leaves out the jobs of paused batches.
    """

    open: int
    waiting: int
    queued: int
    led: bool
