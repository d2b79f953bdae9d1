"""Which jobs are listed."""

from datetime import datetime
from typing import TypedDict

from likeness.contract.comparison import JobKind
from likeness.contract.reviews import ReviewState


class JobFilters(TypedDict, total=False):
    """Which jobs are listed: those that meet all that are given; None admits every job."""

    reference: str | None
    kind: JobKind | None
    verdict: str | None
    since: datetime | None
    review: ReviewState | str | None
