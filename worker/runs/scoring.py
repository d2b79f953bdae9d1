"""Measuring candidates and keeping the best. Every image is measured as the bytes that the caller will get."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image

from likeness.contract.gates import GateKind, Overrides
from likeness.contract.left_alone import LeftAlone
from likeness.contract.report import Report, Thresholds, Verdict
from likeness.contract.tasks import Customise, DrawnTask, Generate, PictureTask
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS, assess
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.generated import assess_generated
from likeness.imaging.assessment.learned import LearnedMetrics
from likeness.imaging.formats.decode import Bounds, Picture, decode

UNBOUNDED = Bounds(max_bytes=2**40, max_pixels=2**31, max_side=2**16)
"""For pictures that we made ourselves."""


@dataclass(frozen=True)
class Candidate:
    """One encoded image with its report."""

    data: bytes
    image: Image.Image
    format: str
    report: Report
    left_alone: LeftAlone | None = None
    seed: int | None = None
    guidance_scale: float | None = None

    @property
    def rejected(self) -> bool:
        """Whether something is known to be wrong with it."""
        return self.report.verdict is Verdict.REJECTED


def score(
    given: Picture,
    data: bytes,
    task: DrawnTask,
    check: EditCheck | None = None,
    metrics: LearnedMetrics = WITHOUT_NETWORKS,
    faults: Sequence[str] = (),
    gates: Overrides = MappingProxyType({}),
) -> Candidate:
    """Decode what was made and measure it against what was given, or what was asked in words.

    `metrics` and `faults` are as in `assess`; `gates` are the service's own limits, which those of the task override.
    """
    made = decode(data, UNBOUNDED)
    if isinstance(task, Generate):
        report = assess_generated(given, made, task.prompt, metrics, faults)
    else:
        report = assess(given, made, thresholds_of(task, gates), check, metrics, faults)
    return Candidate(data, made.pixels, made.format, report)


def ranked(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates best first: by verdict, edits that happened before others, then by ssim.

    Accepted ones come before those that nobody judged, those before what can be mended, all else last. Generated ones
    are ordered by clip_score, which is comparable within one prompt.
    """
    return sorted(candidates, key=_merit, reverse=True)


def _merit(one: Candidate) -> tuple[int, bool, float, float]:
    happened = one.report.edit is None or one.report.edit.happened
    return one.report.standing, happened, one.report.score("ssim") or 0.0, one.report.score("clip_score") or 0.0


def with_withheld(report: Report, withheld: int) -> Report:
    """Return the report with a word on the job's candidates that were withheld, if any were."""
    if not withheld:
        return report
    said = f"the safety checker withheld {withheld} other candidate{'s' if withheld > 1 else ''}"
    return report.model_copy(update={"reasons": [*report.reasons, said]})


def thresholds_of(task: PictureTask, gates: Overrides = MappingProxyType({})) -> Thresholds:
    """Return the thresholds of a task, over the service's own limits.

    An exact colour must be reached within 3 where nothing else is asked.
    """
    limits = {kind: {**gates.get(kind, {}), **task.thresholds.gates.get(kind, {})} for kind in GateKind}
    thresholds = task.thresholds.model_copy(update={"gates": limits})
    if isinstance(task, Customise) and task.recolour and task.thresholds.colour_delta_e is None:
        return thresholds.model_copy(update={"colour_delta_e": 3.0})
    return thresholds
