"""The quality report of one candidate: changes to the frame, similarity to the original, verdict."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from likeness.contract.compliance import Compliance
from likeness.contract.gates import GateKind, Limit, Overrides, checked

DeltaE = Annotated[float, Field(ge=0, le=100)]
"""A difference of colours in CIEDE2000."""


class Verdict(StrEnum):
    """Whether a shop could publish a candidate."""

    ACCEPTED = "accepted"
    """A shop could publish it: the frame is equal, every limit is met and every sanity check passed."""
    REJECTED = "rejected"
    """The frame changed, a limit was missed or the image is broken; `reasons` lists the causes."""
    NOT_JUDGED = "not_judged"
    """Nothing wrong was found, and no figure can tell whether it is good: a person has to look at it."""


class Score(BaseModel):
    """One metric of a report."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str
    value: float | None = Field(description="null if it could not be measured; `reason` explains why")
    unit: str = Field(description="dB, ratio (of two alike, or a cosine), dE00, px, degrees, L*")
    higher_is_better: bool
    reason: str | None = None


class Figure(Score):
    """One figure that the verdict is made of, with its limit."""

    least: float = Field(description="lowest possible value")
    most: float | None = Field(description="highest possible value; null: unbounded")
    limit: Limit = Field(description="the value to reach, or not to exceed; null: not tested")
    met: bool = Field(description="false if the limit is missed; true if it was not tested or could not be measured")
    misses: str = Field(description="what it cannot see")


class FrameRow(BaseModel):
    """One property of the frame, in the original and the result."""

    model_config = ConfigDict(extra="forbid")

    name: str
    given: str | int | float | None
    made: str | int | float | None
    equal: bool


TOLD_ONLY = frozenset({"gain_map"})
"""Rows of the frame table that say what was left out of the file, and reject nothing."""


class Thresholds(BaseModel):
    """Acceptance thresholds of a candidate. A metric that is null is not tested."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    psnr: float | None = Field(default=20.0, ge=0, le=100, description="dB, at least")
    ssim: float | None = Field(default=0.6, ge=0, le=1, description="at least")
    ms_ssim: float | None = Field(default=None, ge=0, le=1, description="at least")
    delta_e: DeltaE | None = Field(default=10.0, description="mean CIEDE2000, at most")
    edge_f1: float | None = Field(default=None, ge=0, le=1, description="at least")
    lpips: float | None = Field(default=None, ge=0, description="at most; not met if it cannot be measured")
    st_lpips: float | None = Field(default=None, ge=0, description="at most; not met if it cannot be measured")
    gates: dict[str, dict[str, Limit]] = Field(
        default={},
        description="limits of the verdict's figures that differ from the service's, by kind of image and figure, as "
        '{"colour": {"blotches": 0.3, "fringe": null}}; null switches one off',
    )

    @field_validator("gates")
    @classmethod
    def _known(cls, gates: Overrides) -> dict[str, dict[str, Limit]]:
        return checked(gates)

    def asked(self) -> dict[str, float]:
        """Return the metrics that are tested, with their thresholds."""
        values: dict[str, float] = self.model_dump(exclude_none=True, exclude={"gates"})
        return values


class EditThresholds(Thresholds):
    """What a customised candidate must reach. Likeness to what was given is tested only when asked."""

    psnr: float | None = Field(default=None, ge=0, le=100, description="dB, at least")
    ssim: float | None = Field(default=None, ge=0, le=1, description="at least")
    delta_e: DeltaE | None = Field(default=None, description="mean CIEDE2000, at most")
    hue_error: float | None = Field(default=30.0, ge=0, le=180, description="degrees from the requested hue, at most")
    colour_delta_e: DeltaE | None = Field(
        default=None,
        description="CIEDE2000 between the mean and the requested colour, at most; 3 for a colourway",
    )
    change_inside: DeltaE | None = Field(default=1.0, description="mean CIEDE2000 where the edit belongs, at least")
    change_outside: DeltaE | None = Field(
        default=5.0, description="mean CIEDE2000 where nothing should change, at most"
    )


class EditReport(BaseModel):
    """Whether the edit that was asked happened, and only that."""

    model_config = ConfigDict(extra="forbid")

    asked: str = Field(description="the edit as understood")
    colour: str | None = Field(description="the requested colour as #RRGGBB, if any")
    scores: list[Score] = Field(
        description="hue_error, colour_delta_e, pixel_delta_e, change_inside, change_outside, clip_score, "
        "directional_similarity"
    )
    happened: bool


class Lock(BaseModel):
    """The proof that what was to be kept was kept, measured on the file that is returned."""

    model_config = ConfigDict(extra="forbid")

    area: float = Field(ge=0, le=1, description="share of the image in the protected area")
    max_abs_diff: int = Field(ge=0, description="largest change of any sample there, in the image's own sample steps")
    lossy: bool = Field(
        default=False,
        description="measured after lossy compression, as `lossy_lock` allows: a change of up to 24 steps is accepted",
    )


class Registration(BaseModel):
    """How an image lay against the given one as its engine made it, where the engine is known to drift.

    A point at (x, y) px from the centre came to scale * (x, y) + (right, down).
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    right: float = Field(description="px")
    down: float = Field(description="px")
    scale: float
    confidence: float = Field(ge=0, le=1, description="share of edges in place after the shift is undone")
    undone: bool = Field(description="true if it was small and certain; then all metrics are of the corrected image")


class Report(BaseModel):
    """The quality report of one candidate."""

    model_config = ConfigDict(extra="forbid")

    frame: list[FrameRow]
    fidelity: list[Score]
    edit: EditReport | None = Field(default=None, description="only for customised images")
    compliance: Compliance | None = Field(default=None, description="of a packshot, a cut-out or a check")
    locked: Lock | None = Field(default=None, description="if there is a protected area")
    registration: Registration | None = Field(default=None, description="for an engine that is known to drift")
    kind: GateKind | None = Field(default=None, description="whose limits apply; null: nothing was given to compare")
    figures: list[Figure] = Field(default=[], description="what the verdict is made of, measured at short side 400 px")
    verdict: Verdict
    retouchable: bool = Field(
        default=False, description="rejected only for faults that a retoucher can mend; see `reasons`"
    )
    reasons: list[str] = Field(description="plain sentences: the criteria that were met or missed")
    before: "Report | None" = Field(
        default=None,
        description="of edits that end with a cut-out or a packshot: those before it together, measured against the "
        "original, with the proof of what was protected; `verdict` is no better than theirs",
    )

    @property
    def frame_equal(self) -> bool:
        """Whether every row of the frame table is equal, but for those that only tell."""
        return all(row.equal or row.name in TOLD_ONLY for row in self.frame)

    def score(self, name: str) -> float | None:
        """Return the value of one metric, or None when it was not measured."""
        return next((score.value for score in self.fidelity if score.name == name), None)

    @property
    def standing(self) -> int:
        """How good its verdict is, as `standing_of` counts."""
        return standing_of(self.verdict, self.retouchable)


def standing_of(verdict: Verdict | None, retouchable: bool) -> int:
    """Return how good a verdict is: 3 accepted, 2 not judged, 1 rejected but retouchable, 0 rejected or none."""
    if verdict is Verdict.ACCEPTED:
        return 3
    return 2 if verdict is Verdict.NOT_JUDGED else int(retouchable)


class MadeEdit(BaseModel):
    """One of several edits of a job."""

    model_config = ConfigDict(extra="forbid")

    asked: str = Field(description="the edit as understood")
    engine: str
    why: str = Field(default="", description="why this engine was chosen")
    revision: str
    parameters: dict[str, str | int | float | bool | None]
    seed: int | None = Field(description="null for an engine that makes the same image every time")
    report: Report = Field(description="measured against what the edit was given")
    seconds: float = Field(description="excluding queueing and loading the engine")
