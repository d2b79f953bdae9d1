"""Large images are measured on a part of them: it tells what the whole would, and the report says so."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from likeness.contract.report import Thresholds
from likeness.imaging.assessment import large
from likeness.imaging.assessment.assess import assess
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.colour import Floats
from likeness.imaging.formats.decode import decode
from likeness.imaging.metrics.delta_e import delta_e
from likeness.imaging.metrics.drift import drift
from likeness.imaging.metrics.ssim import ssim
from worker.runs.scoring import UNBOUNDED

HEIGHT, WIDTH = 1800, 2400


@pytest.fixture(scope="module")
def pair() -> tuple[Floats, Floats]:
    """An image with detail at every size, and the same with noise that is stronger to the right, moved by 3 px."""
    random = np.random.default_rng(0)
    shapes = cv2.resize(random.random((90, 120, 3), np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    given = np.clip(shapes + random.normal(0, 0.02, (HEIGHT, WIDTH, 3)), 0, 1).astype(np.float32)
    noise = random.normal(0, 0.05, (HEIGHT, WIDTH, 3)) * np.linspace(0, 1, WIDTH)[None, :, None]
    return given, np.clip(np.roll(given, 3, axis=1) + noise, 0, 1).astype(np.float32)


def png(image: Floats) -> bytes:
    """Return H x W x 3 in 0..1 as a file of 8 bits."""
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def test_an_even_share_tells_what_all_pixels_do(pair: tuple[Floats, Floats]) -> None:
    given, made = pair
    step = large.step_of(given)
    assert large.is_large(given) and step == 2
    share = delta_e(large.spread(given, step), large.spread(made, step))
    assert share == pytest.approx(delta_e(given, made), rel=0.01)
    assert large.ssim_of(given, made)[0] == pytest.approx(ssim(given, made), abs=0.01)
    (right, down), _ = large.drift_of(given, made)
    assert (right, down) == pytest.approx(drift(given, made), abs=0.2)
    assert right == pytest.approx(3, abs=0.2)


def test_the_report_says_what_it_measured_on_a_part(pair: tuple[Floats, Floats]) -> None:
    given, made = (decode(png(image), UNBOUNDED) for image in pair)
    report = assess(given, made, Thresholds(), EditCheck("red", colour=(200, 30, 30)))
    reasons = {score.name: score.reason or "" for score in [*report.fidelity, *report.edit.scores]}
    for name in ("delta_e", "change_inside", "colour_delta_e", "pixel_delta_e"):
        assert reasons[name] == "measured on 1 of 4 pixels, evenly spread"
    assert reasons["ssim"] == large.IN_BANDS and reasons["ms_ssim"] == large.AT_HALF_SIZE
    assert reasons["drift"].endswith(large.AT_HALF_SIZE)
    assert reasons["psnr"] == reasons["edge_f1"] == ""


def test_a_large_image_of_few_rows_is_measured_whole() -> None:
    strip = np.random.default_rng(0).random((250, 16_384, 3), np.float32)
    assert large.is_large(strip)
    assert large.ssim_of(strip, strip) == (pytest.approx(1), None)


def test_a_smaller_image_is_measured_whole() -> None:
    image = np.zeros((1600, 2500, 3), np.float32)
    assert not large.is_large(image) and large.step_of(image) == 1 and large.spread(image, 1) is image
    assert large.step_of(np.zeros((3000, 4000, 3), np.uint8)) == 3
