"""Batches as callers see them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from likeness.contract.batches import BatchCounts, BatchState
from likeness.contract.jobs import JobFailure
from likeness.contract.report import Verdict


class BatchLinks(BaseModel):
    """Where to follow a batch."""

    self: str
    manifest: str = Field(description="how each job stands, as JSONL, or as CSV with `?format=csv`")
    archive: str = Field(description="all results, as a ZIP")


class BatchView(BaseModel):
    """The current state of a batch."""

    id: str
    name: str | None
    state: BatchState
    created_at: datetime
    ended_at: datetime | None
    items: int
    counts: BatchCounts = Field(description="over all recipes")
    recipes: dict[str, BatchCounts] = Field(description="by recipe")
    rate: float = Field(description="jobs that end in a second, over the last minute")
    seconds_left: float | None = Field(description="expected, at that rate; null if unknown, 0 once it has ended")
    device_seconds: float = Field(description="that workers spent on its jobs")
    webhook: str | None = None
    links: BatchLinks


class BatchDryRun(BaseModel):
    """What a batch would be: every row of it is right; nothing was stored, and nothing was started."""

    dry_run: Literal[True] = True
    items: int
    jobs: int
    uploads_missing: int = Field(description="images that it names by their sha256 and that are not uploaded yet")


class BatchPage(BaseModel):
    """A page of batches, newest first."""

    batches: list[BatchView]
    next: str | None = Field(description="`cursor` of the next page; null on the last one")


class Consistency(BaseModel):
    """How alike the product's colour is in the results of one recipe over the items of a set, in CIEDE2000."""

    distance: float = Field(description="of this result from the set's median colour")
    spread: float = Field(description="the largest distance in the set")
    odd: str | None = Field(description="the reference that differs from all others; null if none does")


class ManifestRow(BaseModel):
    """One job of a batch: an item by a recipe."""

    item: int = Field(description="number of the item, from 0")
    reference: str
    recipe: str
    set: str | None = None
    status: str = Field(description="waiting, queued, succeeded, failed or cancelled")
    verdict: Verdict | None = None
    reasons: list[str] = []
    figures: dict[str, float] = {}
    error: JobFailure | None = None
    link: str | None = Field(default=None, description="to the image, for as long as the batch is kept")
    sha256: str | None = None
    format: str | None = None
    attempt: int = Field(default=1, description="1, and one more for each time that it was retried")
    seconds: float | None = Field(default=None, description="that a worker spent on it")
    consistency: Consistency | None = Field(default=None, description="of an item in a set, once the batch has ended")

    def as_json(self) -> dict[str, Any]:
        """Return it without what is not known."""
        return self.model_dump(mode="json", exclude_none=True)
