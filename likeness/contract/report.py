"""The quality report of one candidate: changes to the frame, similarity to the original, verdict."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.compliance import Compliance


class Verdict(StrEnum):
    """Whether a candidate may be shown."""

    ACCEPTED = "accepted"
    """The frame is equal, every threshold is met and every sanity check passed."""
    REJECTED = "rejected"
    """The frame changed, a threshold was missed or the image is broken; `reasons` lists the causes."""


class Score(BaseModel):
    """One metric of a report."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str
    value: float | None = Field(description="null if it could not be measured; `reason` explains why")
    unit: str = Field(description="dB, ratio (of two alike, or a cosine), dE00, px, degrees, L*")
    higher_is_better: bool
    reason: str | None = None


class FrameRow(BaseModel):
    """One property of the frame, in the original and the result."""

    model_config = ConfigDict(extra="forbid")

    name: str
    given: str | int | float | None
    made: str | int | float | None
    equal: bool


class Thresholds(BaseModel):
    """Acceptance thresholds of a candidate. A metric that is null is not tested."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    psnr: float | None = Field(default=20.0, ge=0, le=100, description="dB, at least")
    ssim: float | None = Field(default=0.6, ge=0, le=1, description="at least")
    ms_ssim: float | None = Field(default=None, ge=0, le=1, description="at least")
    delta_e: float | None = Field(default=10.0, ge=0, le=100, description="mean CIEDE2000, at most")
    edge_f1: float | None = Field(default=None, ge=0, le=1, description="at least")
    lpips: float | None = Field(default=None, ge=0, description="at most; not met if it cannot be measured")
    st_lpips: float | None = Field(default=None, ge=0, description="at most; not met if it cannot be measured")


class EditThresholds(Thresholds):
    """What a customised candidate must reach. Likeness to what was given is tested only when asked."""

    psnr: float | None = Field(default=None, ge=0, le=100, description="dB, at least")
    ssim: float | None = Field(default=None, ge=0, le=1, description="at least")
    delta_e: float | None = Field(default=None, ge=0, le=100, description="mean CIEDE2000, at most")
    hue_error: float | None = Field(default=30.0, ge=0, le=180, description="degrees from the requested hue, at most")
    colour_delta_e: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="CIEDE2000 between the mean and the requested colour, at most; 3 for a colourway",
    )
    change_inside: float | None = Field(
        default=1.0, ge=0, le=100, description="mean CIEDE2000 where the edit belongs, at least"
    )
    change_outside: float | None = Field(
        default=5.0, ge=0, le=100, description="mean CIEDE2000 where nothing should change, at most"
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
    verdict: Verdict
    reasons: list[str] = Field(description="plain sentences: the criteria that were met or missed")

    @property
    def frame_equal(self) -> bool:
        """Whether every row of the frame table is equal."""
        return all(row.equal for row in self.frame)

    def score(self, name: str) -> float | None:
        """Return the value of one metric, or None when it was not measured."""
        return next((score.value for score in self.fidelity if score.name == name), None)
