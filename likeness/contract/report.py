"""The quality report of one candidate: what changed about its frame, how alike it is, whether that will do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Verdict(StrEnum):
    """Whether a candidate may be shown."""

    ACCEPTED = "accepted"
    """The frame is equal, every threshold is met and no tripwire fired."""
    REJECTED = "rejected"
    """The frame changed, a threshold was missed, or the picture is plainly broken; `reasons` says which."""


class Score(BaseModel):
    """One figure of a report."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str
    value: float | None = Field(description="null when it could not be measured; `reason` then says why")
    unit: str = Field(description="dB, ratio (of two alike, or a cosine), dE00, px, degrees, L*")
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
    lpips: float | None = Field(default=None, ge=0, description="at most; missed where it cannot be measured")
    st_lpips: float | None = Field(default=None, ge=0, description="at most; missed where it cannot be measured")


class EditThresholds(Thresholds):
    """What a customised candidate must reach. Likeness to what was given is tested only when asked."""

    psnr: float | None = Field(default=None, ge=0, le=100, description="dB, at least")
    ssim: float | None = Field(default=None, ge=0, le=1, description="at least")
    delta_e: float | None = Field(default=None, ge=0, le=100, description="mean CIEDE2000, at most")
    hue_error: float | None = Field(default=30.0, ge=0, le=180, description="degrees from the asked hue, at most")
    colour_delta_e: float | None = Field(
        default=None, ge=0, le=100, description="CIEDE2000 of the mean colour to the asked, at most; 3 for a colourway"
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

    asked: str = Field(description="the edit as it was understood")
    colour: str | None = Field(description="the asked colour as #RRGGBB, where one is asked")
    scores: list[Score] = Field(
        description="hue_error, colour_delta_e, pixel_delta_e, change_inside, change_outside, clip_score, "
        "directional_similarity"
    )
    happened: bool


class Lock(BaseModel):
    """The proof that what was to be kept was kept, measured on the file that is returned."""

    model_config = ConfigDict(extra="forbid")

    area: float = Field(ge=0, le=1, description="share of the picture that was kept")
    max_abs_diff: int = Field(ge=0, description="the largest change of any sample there, in steps of the picture's own")


class Registration(BaseModel):
    """How a picture lay against the given one as its engine made it, where the engine is known to drift.

    A point at (x, y) px from the centre came to scale * (x, y) + (right, down).
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    right: float = Field(description="px")
    down: float = Field(description="px")
    scale: float
    confidence: float = Field(ge=0, le=1, description="share of the edges that lie in place once this is undone")
    undone: bool = Field(description="true where it was small and sure; then all figures are of the picture moved back")


class Report(BaseModel):
    """The quality report of one candidate."""

    model_config = ConfigDict(extra="forbid")

    frame: list[FrameRow]
    fidelity: list[Score]
    edit: EditReport | None = Field(default=None, description="with a customised picture")
    locked: Lock | None = Field(default=None, description="where pixels were to be kept")
    registration: Registration | None = Field(default=None, description="with an engine that is known to drift")
    verdict: Verdict
    reasons: list[str] = Field(description="plain sentences: what was met or missed")

    @property
    def frame_equal(self) -> bool:
        """Whether every row of the frame table is equal."""
        return all(row.equal for row in self.frame)

    def score(self, name: str) -> float | None:
        """Return the value of one figure, or None when it was not measured."""
        return next((score.value for score in self.fidelity if score.name == name), None)
