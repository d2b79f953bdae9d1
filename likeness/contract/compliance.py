"""What a marketplace asks of a picture, rule by rule, and what was found."""

from typing import Literal

from pydantic import Field

from likeness.contract.strict import Strict

Level = Literal["must", "advised"]
RuleName = Literal[
    "size",
    "background",
    "fill",
    "margin",
    "longest_side",
    "shortest_side",
    "square",
    "pixels",
    "bytes",
    "format",
    "mode",
    "bit_depth",
    "profile",
    "whole",
    "products",
    "border",
    "text",
    "sharpness",
    "exposure",
    "enlargement",
    "provenance",
]


class RuleRow(Strict):
    """One rule, what it asks, and what the file has."""

    rule: RuleName
    level: Level = Field(description="a picture that misses a `must` is rejected")
    asked: str
    found: str | None = Field(description="null if it cannot be told; `note` explains why")
    ok: bool | None = Field(description="null if it was not judged")
    offending: int | None = Field(default=None, description="number of pixels that break the rule")
    note: str | None = None
    source: str | None = Field(default=None, description="where the rule was read; null for what the request asked")


class Compliance(Strict):
    """A picture against the rules of a preset, or against what was asked of it."""

    preset: str | None = Field(description="null if only what was asked is judged")
    rows: list[RuleRow]

    @property
    def missed(self) -> list[RuleRow]:
        """The rules that must be met and are not."""
        return [row for row in self.rows if row.level == "must" and row.ok is False]

    @property
    def unjudged(self) -> list[RuleRow]:
        """The rules that must be met and could not be judged."""
        return [row for row in self.rows if row.level == "must" and row.ok is None]
