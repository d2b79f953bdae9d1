"""What the service answers about batches, as far as the client reads it. Unknown fields are ignored."""

from datetime import datetime

from pydantic import Field

from likeness.client.models import RemoteModel
from likeness.contract.batches import BatchCounts, BatchState
from likeness.contract.jobs import JobFailure
from likeness.contract.report import Verdict


class RemoteBatch(RemoteModel):
    """A batch as the service reports it; `rate` is jobs in a second, `seconds_left` None if it is not known."""

    id: str
    name: str | None = None
    state: BatchState
    created_at: datetime
    ended_at: datetime | None = None
    items: int
    counts: BatchCounts
    recipes: dict[str, BatchCounts]
    rate: float = 0.0
    seconds_left: float | None = None
    device_seconds: float = 0.0


class BatchDryRun(RemoteModel):
    """What a batch would be that is right; `uploads_missing` are images that it names and that are to be uploaded."""

    items: int
    jobs: int
    uploads_missing: int


class SetConsistency(RemoteModel):
    """How far a result's colour is from that of its set, in CIEDE2000, and which item differs from all others."""

    distance: float
    spread: float
    odd: str | None = None


class BatchRow(RemoteModel):
    """One job of a batch: an item by a recipe. `link` leads to its image."""

    item: int
    reference: str
    recipe: str
    set: str | None = None
    status: str
    verdict: Verdict | None = None
    reasons: list[str] = Field(default=[])
    figures: dict[str, float] = Field(default={})
    error: JobFailure | None = None
    link: str | None = None
    sha256: str | None = None
    format: str | None = None
    attempt: int = 1
    seconds: float | None = None
    consistency: SetConsistency | None = None


class ManifestPart(RemoteModel):
    """Rows of a manifest; `step` is for asking for what comes after them."""

    rows: list[BatchRow]
    step: int


class BatchPage(RemoteModel):
    """A page of the list of batches; `next` is the cursor of the page after it."""

    batches: list[RemoteBatch]
    next: str | None = None
