"""What trained networks say of an image: a worker measures it, and hands it to the report by this door."""

from dataclasses import dataclass
from typing import Protocol

from likeness.contract.report import Score
from likeness.imaging.assessment.scores import scored
from likeness.imaging.colour import Floats

FIDELITY = ("lpips", "st_lpips", "clip_similarity")
"""Metrics of how alike two images are."""
EDIT = ("clip_score", "directional_similarity")
"""Metrics of an edit."""

ONLY_BY_A_WORKER = "measured by a worker only"


@dataclass(frozen=True)
class Captions:
    """What the made image should show, and, where it is known, what the given one shows."""

    made: str
    given: str | None = None


@dataclass(frozen=True)
class Learned:
    """The metrics of one pair, in the order of FIDELITY and EDIT."""

    fidelity: list[Score]
    edit: list[Score]


class LearnedMetrics(Protocol):
    """Measures with networks that may or may not be installed."""

    def measure(self, given: Floats, made: Floats, captions: Captions | None) -> Learned:
        """Measure two images of one size, H x W x 3 in 0..1, upright; each metric is there, or null with a reason."""

    def clip_score(self, made: Floats, text: str) -> Score:
        """Measure an image alone, H x W x 3 in 0..1, upright, against a text; null with a reason where it cannot."""


@dataclass(frozen=True)
class Unmeasured:
    """Measures nothing, for one reason."""

    reason: str = ONLY_BY_A_WORKER

    def measure(self, given: Floats, made: Floats, captions: Captions | None) -> Learned:
        """Return every metric as null."""
        null = [[scored(name, None, self.reason) for name in names] for names in (FIDELITY, EDIT)]
        return Learned(*null)

    def clip_score(self, made: Floats, text: str) -> Score:
        """Return the metric as null."""
        return scored("clip_score", None, self.reason)
