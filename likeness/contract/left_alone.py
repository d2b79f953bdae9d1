"""What of a product a change of its colour left as it was."""

from pydantic import Field

from likeness.contract.strict import Strict


class LeftPart(Strict):
    """A part that was left alone: its box in shares of the upright image's sides, its area in shares of the product."""

    left: float
    top: float
    width: float
    height: float
    area: float


class LeftAlone(Strict):
    """What of the product an edit of its colour left as it was, because it is not cloth: tags, prints, buttons, ..."""

    area: float = Field(description="share of the product")
    parts: list[LeftPart] = Field(description="the largest first, at most 32")
