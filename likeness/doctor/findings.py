"""What was found, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How a finding stands."""

    OK = "ok"
    """As it should be."""
    NOTE = "note"
    """Nothing is wrong; something more could be had."""
    WARNING = "warning"
    """It runs, but something is likely not as it was meant."""
    PROBLEM = "problem"
    """Something that was asked for will not run."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `next` is a command, or what else to do about it."""

    name: str
    standing: Standing
    said: str
    next: str | None = None
