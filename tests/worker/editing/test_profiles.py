"""Whole jobs on images in Display P3 and Adobe RGB: the asked colour as littlecms sees it, and as it is reported."""

import io

import numpy as np
import pytest
from PIL import Image

from likeness.imaging.metrics.delta_e import ciede2000, lab
from tests.imaging.profiles import ADOBE_PROFILE, P3_PROFILE, through_littlecms
from tests.support.readers import exiftool
from tests.worker.editing.test_customise import photo, saved

PROFILES = {"Display P3": P3_PROFILE, "Adobe RGB": ADOBE_PROFILE}


def masked(data: bytes) -> tuple[np.ndarray, bytes]:
    """Return where the middle of an image is, and that as a mask."""
    with Image.open(io.BytesIO(data)) as image:
        where = np.zeros((image.height, image.width), np.uint8)
    height, width = where.shape
    where[height // 4 : -height // 4, width // 4 : -width // 4] = 255
    return where > 0, saved(Image.fromarray(where))


def mean_in_lab(data: bytes, profile: bytes, where: np.ndarray) -> np.ndarray:
    """Return the mean CIELAB colour of a part of a file, converted to sRGB by littlecms."""
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == profile
        shown = np.asarray(through_littlecms(image.convert("RGB"), profile), np.float32) / 255
    return lab(shown[where][:, None]).mean(axis=(1, 2))


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("colour", [(0x1F, 0x4E, 0x79), (0xC8, 0x20, 0x20)])
def test_a_colourway_is_the_asked_colour_through_the_profile(customised, name, format, colour) -> None:
    data = photo(format, icc_profile=PROFILES[name])
    where, mask = masked(data)
    code = "#{:02X}{:02X}{:02X}".format(*colour)
    result, made = customised(data, {"mask": mask}, recolour={"to": code})
    report = result.images[0].report
    asked = lab(np.array(colour, np.float32).reshape(1, 1, 3) / 255)[:, 0, 0]
    seen = float(ciede2000(mean_in_lab(made, PROFILES[name], where), asked))
    told = next(score.value for score in report.edit.scores if score.name == "colour_delta_e")
    assert told == pytest.approx(seen, abs=0.3) and seen < 3
    assert report.locked.max_abs_diff == 0 and report.frame_equal
    assert exiftool(made, "-ICC_Profile:all")["ICC_Profile:ProfileDescription"] == "test"


@pytest.mark.parametrize("name", PROFILES)
def test_a_background_is_the_asked_white_or_blue_through_the_profile(customised, name) -> None:
    data = photo("PNG", icc_profile=PROFILES[name])
    _, made = customised(data, instruction="put it on a plain blue background", engine="retouch")
    with Image.open(io.BytesIO(made)) as image:
        corner = np.asarray(through_littlecms(image.convert("RGB"), PROFILES[name]))[0, 0]
    _, plain = customised(photo("PNG"), instruction="put it on a plain blue background", engine="retouch")
    with Image.open(io.BytesIO(plain)) as image:
        assert np.abs(corner.astype(int) - np.asarray(image.convert("RGB"))[0, 0]).max() <= 2
