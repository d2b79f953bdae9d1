"""Reviews: what people say of a job's result, each person once."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from likeness.contract.labels import ReferenceText, breaks_line
from likeness.contract.strict import Strict

MAX_COMMENT: Final = 1000
"""Characters of a comment."""
LONGEST_LINK: Final = 168
"""Hours that a review link works, at most."""


class Decision(StrEnum):
    """What a person decides about a result."""

    APPROVED = "approved"
    """It may be published."""
    REJECTED = "rejected"
    """It may not."""


class ReviewState(StrEnum):
    """How the decisions about one result stand together."""

    NONE = "none"
    """Nobody has decided."""
    APPROVED = "approved"
    """All who decided approved it."""
    REJECTED = "rejected"
    """All who decided rejected it."""
    DISPUTED = "disputed"
    """Some approved it and some rejected it."""


def _readable(text: str) -> str:
    if any(breaks_line(one) and one != "\n" for one in text):
        raise ValueError("control characters are not allowed, but line breaks")
    if not text.strip():
        raise ValueError("blank")
    return text


Comment = Annotated[str, Field(min_length=1, max_length=MAX_COMMENT), AfterValidator(_readable)]


class NewReview(Strict):
    """What one person says of a job's result: a decision, a comment, or both."""

    decision: Decision | None = Field(default=None, description="null where there is only a comment")
    comment: Comment | None = Field(default=None, description="for the others who see the job; may have several lines")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.decision is None and self.comment is None:
            raise ValueError("a decision or a comment is required")
        return self


class Review(NewReview):
    """What one person said of a job's result, who that was, and when."""

    by: str = Field(
        description="name of the API key, `anna (link)` for anna's review link; `local` where no keys are in use"
    )
    at: datetime


class NewReviewLink(Strict):
    """A link that is to be made: for whose reviews, of which jobs, for how long."""

    reference: ReferenceText = Field(description="the jobs with exactly this reference, those to come too")
    name: str = Field(
        default="reviewer", pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="of the person: who its reviews are by"
    )
    hours: int = Field(default=24, ge=1, le=LONGEST_LINK, description="for which it works")


def state_of(decisions: Collection[Decision | None]) -> ReviewState:
    """Return how decisions stand together; those that are None do not count."""
    if Decision.APPROVED in decisions:
        return ReviewState.DISPUTED if Decision.REJECTED in decisions else ReviewState.APPROVED
    return ReviewState.REJECTED if Decision.REJECTED in decisions else ReviewState.NONE
