"""The quality report of one candidate: what changed about its frame, how alike it is, whether that will do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Verdict(StrEnum):
    """Whether a candidate may be shown."""

    ACCEPTED = "accepted"
    """The frame is equal and every threshold is met."""
    REJECTED = "rejected"
    """The frame changed or a threshold was missed; `reasons` says which."""


class Score(BaseModel):
    """One figure of a report."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str
    value: float | None = Field(description="null when it could not be measured; `reason` then says why")
    unit: str = Field(description="dB, ratio (0 to 1), dE00, px")
    higher_is_better: bool
    reason: str | None = None


class FrameRow(BaseModel):
    """One property of the frame, of both pictures."""

    model_config = ConfigDict(extra="forbid")

    name: str
    given: str | int | float | None
    made: str | int | float | None
    equal: bool


class Thresholds(BaseModel):
    """What a candidate must reach to be accepted. A missing figure is not tested."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    psnr: float | None = Field(default=20.0, ge=0, le=100, description="dB, at least")
    ssim: float | None = Field(default=0.6, ge=0, le=1, description="at least")
    ms_ssim: float | None = Field(default=None, ge=0, le=1, description="at least")
    delta_e: float | None = Field(default=10.0, ge=0, le=100, description="mean CIEDE2000, at most")
    edge_f1: float | None = Field(default=None, ge=0, le=1, description="at least")


class Report(BaseModel):
    """The quality report of one candidate."""

    model_config = ConfigDict(extra="forbid")

    frame: list[FrameRow]
    fidelity: list[Score]
    verdict: Verdict
    reasons: list[str] = Field(description="plain sentences: what was met or missed")

    @property
    def frame_equal(self) -> bool:
        """Whether every row of the frame table is equal."""
        return all(row.equal for row in self.frame)

    def score(self, name: str) -> float | None:
        """Return the value of one figure, or None when it was not measured."""
        return next((score.value for score in self.fidelity if score.name == name), None)
