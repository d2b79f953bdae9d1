"""Webhooks: how the end of a job was reported to its receiver."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from likeness.contract.strict import Strict


class WebhookState(StrEnum):
    """The state of a job's webhook."""

    WAITING = "waiting"
    """The job has not ended."""
    PENDING = "pending"
    """It has; the webhook is not delivered yet and will be tried again."""
    DELIVERED = "delivered"
    """The receiver confirmed it (2xx)."""
    FAILED = "failed"
    """Every attempt failed."""
    DISABLED = "disabled"
    """The receiver answered 410, to this webhook or recently to another one of the same key and URL."""


class Delivery(Strict):
    """One delivery attempt."""

    at: datetime
    seconds: float = Field(ge=0, description="duration of the attempt")
    status: int | None = Field(default=None, description="HTTP status of the response; null if there was none")
    error: str | None = Field(default=None, description="why it failed; null if it succeeded")


class WebhookLog(Strict):
    """The deliveries of a job's webhook so far."""

    state: WebhookState = WebhookState.WAITING
    deliveries: list[Delivery] = Field(default=[], description="attempts, oldest first")
    next_at: datetime | None = Field(default=None, description="when the next attempt is due, after a failed one")
