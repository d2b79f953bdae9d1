"""Webhooks: how the end of a job was reported to its receiver."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from likeness.contract.strict import Strict


class WebhookState(StrEnum):
    """Where telling the end of a job stands."""

    WAITING = "waiting"
    """The job has not ended."""
    PENDING = "pending"
    """It has; nobody was told yet, and there will be another try."""
    DELIVERED = "delivered"
    """The receiver said so (2xx)."""
    FAILED = "failed"
    """Every try failed."""
    DISABLED = "disabled"
    """The receiver answered 410 to this webhook, or lately to another of the same key and URL."""


class Delivery(Strict):
    """One try to tell a receiver."""

    at: datetime
    seconds: float = Field(ge=0, description="it took")
    status: int | None = Field(default=None, description="HTTP status of the answer; null when there was none")
    error: str | None = Field(default=None, description="why it failed; null when it did not")


class WebhookLog(Strict):
    """What became of telling the end of a job so far."""

    state: WebhookState = WebhookState.WAITING
    deliveries: list[Delivery] = Field(default=[], description="tries, oldest first")
    next_at: datetime | None = Field(default=None, description="when the next try is due, after one that failed")
