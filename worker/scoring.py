"""Measuring candidates and keeping the best. Every image is measured as the bytes that the caller will get."""

from dataclasses import dataclass

from PIL import Image

from likeness.contract.report import Report, Thresholds, Verdict
from likeness.imaging.compare import assess
from likeness.imaging.decode import Bounds, Picture, decode

UNBOUNDED = Bounds(max_bytes=2**40, max_pixels=2**31, max_side=2**16)
"""For pictures that we made ourselves."""


@dataclass(frozen=True)
class Candidate:
    """One encoded image with its report."""

    data: bytes
    image: Image.Image
    format: str
    seed: int | None
    report: Report

    @property
    def accepted(self) -> bool:
        """Whether its verdict is good."""
        return self.report.verdict is Verdict.ACCEPTED


def score(given: Picture, data: bytes, seed: int | None, thresholds: Thresholds) -> Candidate:
    """Decode what was made and measure it against what was given."""
    made = decode(data, UNBOUNDED)
    return Candidate(data, made.pixels, made.format, seed, assess(given, made, thresholds))


def ranked(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates best first: accepted before rejected, then by ssim."""
    return sorted(candidates, key=lambda one: (one.accepted, one.report.score("ssim") or 0.0), reverse=True)
