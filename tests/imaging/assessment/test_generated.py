"""The report of a picture that nothing was given for."""

import numpy as np
import pytest
from PIL import Image

from likeness.contract.report import Score
from likeness.imaging.assessment.assess import METRICS
from likeness.imaging.assessment.contact_sheet import report_picture
from likeness.imaging.assessment.generated import NOTHING_GIVEN, asked, assess_generated
from likeness.imaging.assessment.learned import FIDELITY, Unmeasured
from likeness.imaging.assessment.scores import scored
from likeness.imaging.assessment.tripwires import NOT_FINITE
from likeness.imaging.frame import Frame
from likeness.imaging.picture import Picture


def picture(pixels: np.ndarray) -> Picture:
    return Picture(Image.fromarray(pixels), "png")


def noise(height: int = 80, width: int = 64) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 255, (height, width, 3), np.uint8)


class Measured(Unmeasured):
    """CLIP that gives every picture the same score."""

    def clip_score(self, made: np.ndarray, text: str) -> Score:
        return scored("clip_score", -0.5, f"against {text!r}")


def test_what_is_asked_is_a_frame() -> None:
    frame = Frame.of(asked(65, 101))
    assert (frame.width, frame.height, frame.mode, frame.bit_depth) == (65, 101, "RGB", 8)
    assert (frame.alpha, frame.icc_profile, frame.dpi, frame.orientation) == (None, None, None, 1)


def test_nothing_is_compared_and_the_frame_is_told() -> None:
    report = assess_generated(asked(64, 80), picture(noise()), "a red shirt")
    figures = {score.name: score for score in report.fidelity}
    assert set(figures) == {*METRICS, "drift", *FIDELITY, "clip_score"}
    assert all(score.value is None and score.reason for score in figures.values())
    assert figures["ssim"].reason == figures["lpips"].reason == NOTHING_GIVEN
    assert figures["clip_score"].reason == Unmeasured().reason, "that one needs no picture to compare with"
    told = {row.name: (row.given, row.made) for row in report.frame}
    assert told["width"] == (64, 64) and told["height"] == (80, 80) and told["mode"] == ("RGB", "RGB")
    assert report.verdict == "not_judged" and report.frame_equal


def test_a_low_clip_score_rejects_nothing() -> None:
    report = assess_generated(asked(64, 80), picture(noise()), "a red shirt", Measured())
    assert report.score("clip_score") == -0.5 and report.verdict == "not_judged"


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((80, 64, 3), np.uint8), "the image is black"),
        (np.full((80, 64, 3), (240, 10, 60), np.uint8), "the image is blank: it has one colour"),
        (noise(80, 72), "the frame changed: width 64 -> 72"),
    ],
    ids=["black", "blank", "size"],
)
def test_what_shows_nothing_or_has_another_frame_is_rejected(pixels: np.ndarray, said: str) -> None:
    report = assess_generated(asked(64, 80), picture(pixels), "a red shirt", Measured())
    assert report.verdict == "rejected" and said in report.reasons


def test_a_dark_picture_with_something_in_it_is_not_rejected() -> None:
    dark = np.zeros((80, 64, 3), np.uint8)
    dark[:8, :8] = 255
    assert assess_generated(asked(64, 80), picture(dark), "a star").verdict == "not_judged"


def test_a_known_fault_rejects() -> None:
    report = assess_generated(asked(64, 80), picture(noise()), "a red shirt", faults=[NOT_FINITE])
    assert (report.verdict, report.reasons) == ("rejected", [NOT_FINITE])


def test_the_card_shows_it_alone() -> None:
    made = picture(noise())
    report = assess_generated(asked(64, 80), made, "a red shirt")
    alone, both = (report_picture(given, made.pixels, report) for given in (None, asked(64, 80).pixels))
    assert alone.size == both.size
    right = (2 * alone.width // 3, 60, alone.width - 20, 280)
    assert len(alone.crop(right).getcolors(10_000)) < len(both.crop(right).getcolors(10_000)), "no difference is drawn"
