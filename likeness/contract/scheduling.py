"""What every job may ask for, whatever it does: when it runs, what is kept of it, and who is told."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

MAX_WEBHOOK = 2048
"""Characters of a webhook's URL."""

Webhook = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=MAX_WEBHOOK,
        exclude=True,
        description="https URL to notify when the job ends, signed according to Standard Webhooks",
    ),
]
"""Never written with the rest of a task: the URL may hold a secret, so no worker, recipe or log gets to see it."""


class Priority(StrEnum):
    """Which jobs run first."""

    INTERACTIVE = "interactive"
    """Somebody waits for it."""
    BATCH = "batch"
    """Run when no interactive job is waiting."""


class Keep(StrEnum):
    """Which candidates of a job are kept."""

    BEST = "best"
    """The candidate with the best verdict, and of those the highest ssim (clip_score for generated images)."""
    ALL = "all"
    """All of them, best first."""
