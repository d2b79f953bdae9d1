"""What numbers mean: our conversions beside those of littlecms, and images that keep their profile and colours."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likeness.contract.report import EditThresholds, Thresholds
from likeness.imaging.assessment.assess import assess
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.colour import as_rgb
from likeness.imaging.colour_space import colours_of, space_of, srgb_of
from likeness.imaging.flatten import flattened
from likeness.imaging.formats.encode import encode
from likeness.imaging.frame import Frame, frame_table
from likeness.imaging.icc import matrix_and_curves
from likeness.imaging.picture import Picture
from tests.imaging.files import photo, picture, saved
from tests.imaging.profiles import (
    ADOBE_PROFILE,
    DISPLAY_P3,
    P3_PROFILE,
    SRGB_PROFILE,
    parametric,
    profile,
    table_curve,
    through_littlecms,
)

NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (64, 48, 3), np.uint8))
WIDE = {
    "Display P3": P3_PROFILE,
    "Adobe RGB": ADOBE_PROFILE,
    "a curve of 1024 points": profile(DISPLAY_P3, table_curve(1.8, 1024)),
    "a parametric power": profile(DISPLAY_P3, parametric(2.2)),
}


def told(icc: bytes | None = None, **chunks: bytes) -> Picture:
    return Picture(NOISE, "png", icc, colour_chunks=tuple(chunks.items()))


@pytest.mark.parametrize("name", WIDE)
def test_littlecms_converts_as_we_do(name):
    """Both ways; on the way back only what sRGB has is compared, as both cut the rest."""
    icc = WIDE[name]
    ours = as_rgb(srgb_of(told(icc)))
    theirs = np.asarray(through_littlecms(NOISE, icc))
    difference = np.abs(ours.astype(int) - theirs)
    assert difference.max() <= 2 and (difference <= 1).mean() > 0.999
    back = as_rgb(space_of(told(icc)).from_srgb(np.asarray(NOISE, np.float32) / 255))
    assert np.abs(back.astype(int) - np.asarray(through_littlecms(NOISE, SRGB_PROFILE, icc))).max() <= 2


@pytest.mark.parametrize("name", WIDE)
def test_a_colour_comes_back_in_any_space(name):
    space = space_of(told(WIDE[name]))
    srgb = np.random.default_rng(0).random((40, 30, 3), np.float32)
    assert np.abs(space.to_srgb(space.from_srgb(srgb)) - srgb).max() < 1e-3


def test_srgb_is_no_conversion_however_it_is_said():
    chromaticities = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    says = [
        told(),
        told(SRGB_PROFILE),
        told(sRGB=b"\0"),
        told(gAMA=struct.pack(">I", 45455)),
        told(gAMA=struct.pack(">I", 45455), cHRM=chromaticities),
        told(sRGB=b"\0", gAMA=struct.pack(">I", 45455), cHRM=chromaticities),
        told(cICP=bytes((1, 13, 0, 1))),
        told(P3_PROFILE, cICP=bytes((1, 13, 0, 1))),
    ]
    assert [space_of(one) for one in says] == [None] * len(says)
    assert all(colours_of(one) in ("sRGB", "ICC profile") for one in says)


def test_of_several_things_said_the_first_in_the_specifications_order_decides():
    p3, gamma = bytes((12, 13, 0, 1)), struct.pack(">I", 100_000)
    assert colours_of(told(ADOBE_PROFILE, cICP=p3, sRGB=b"\0", gAMA=gamma)) == "cICP 12/13/0/1"
    by_code, by_profile = srgb_of(told(ADOBE_PROFILE, cICP=p3)), srgb_of(told(P3_PROFILE, sRGB=b"\0", gAMA=gamma))
    assert np.abs(by_code - by_profile).max() < 2e-3
    assert space_of(told(sRGB=b"\0", gAMA=gamma)) is None
    linear = told(gAMA=gamma)
    assert colours_of(linear).startswith("gamma 1, white and primaries 0.3127 0.329 0.64")
    assert srgb_of(linear)[NOISE.height // 2].mean() > np.asarray(NOISE)[NOISE.height // 2].mean() / 255
    assert np.abs(space_of(linear).to_srgb(np.full((1, 1, 3), 0.5, np.float32)) - 0.7354).max() < 1e-3


@given(st.binary(max_size=400), st.integers(0, len(P3_PROFILE) - 1), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_no_profile_makes_trouble(data, place, byte):
    changed = P3_PROFILE[:place] + bytes([byte]) + P3_PROFILE[place + 1 :]
    for icc in (data, changed, changed[: place + 20], P3_PROFILE[:128] + data):
        space = space_of(told(icc))
        if space is not None:
            assert np.isfinite(space.from_srgb(srgb_of(told(icc)))).all()


@given(st.binary(min_size=4, max_size=4), st.none() | st.binary(min_size=32, max_size=32))
@settings(max_examples=200, deadline=None)
def test_no_gamma_makes_trouble(gamma, chromaticities):
    one = told(gAMA=gamma, **({"cHRM": chromaticities} if chromaticities else {}))
    assert np.isfinite(srgb_of(one)).all() and colours_of(one)


def test_profiles_of_other_kinds_are_left_to_their_numbers():
    assert matrix_and_curves(profile(DISPLAY_P3, parametric(2.2), b"CMYK"), np.linspace(0, 1, 9)) is None
    assert space_of(told(b"not a profile")) is None


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("name", ["Display P3", "Adobe RGB"])
def test_what_an_engine_leaves_alone_is_stored_as_it_was(name, format):
    """Colours that sRGB does not have too: half of the noise lies outside."""
    one = picture(saved(NOISE, format, icc_profile=WIDE[name]))
    frame = Frame.of(one)
    canvas = frame.canvas(one)
    assert canvas.min() >= 0 and canvas.max() <= 1
    image = frame.restore(canvas)
    assert np.array_equal(np.asarray(image), np.asarray(one.pixels))
    made = picture(encode(image, frame, "same"))
    assert all(row.equal for row in frame_table(one, made)) and made.icc_profile == WIDE[name]


@pytest.mark.parametrize("name", ["Display P3", "Adobe RGB"])
def test_an_asked_colour_is_that_colour_to_whoever_reads_the_profile(name):
    """#1F4E79 in sRGB, drawn on the canvas: littlecms shows it, and the report measures it."""
    one = picture(saved(photo("RGB", 60, 40), "PNG", icc_profile=WIDE[name]))
    frame = Frame.of(one)
    canvas = frame.canvas(one)
    canvas[:] = np.array([0x1F, 0x4E, 0x79], np.float32) / 255
    made = picture(encode(frame.restore(canvas), frame, "same"))
    shown = np.asarray(through_littlecms(made.pixels, WIDE[name]))
    assert np.abs(shown.astype(int) - [0x1F, 0x4E, 0x79]).max() <= 2
    report = assess(one, made, EditThresholds(), EditCheck("the colour", colour=(0x1F, 0x4E, 0x79)))
    found = {score.name: score.value for score in report.edit.scores}
    assert found["colour_delta_e"] < 0.6 and found["hue_error"] < 2
    numbers = picture(saved(Image.new("RGB", (60, 40), "#1F4E79"), "PNG", icc_profile=WIDE[name]))
    wrong = assess(one, numbers, EditThresholds(), EditCheck("the colour", colour=(0x1F, 0x4E, 0x79)))
    assert {score.name: score.value for score in wrong.edit.scores}["colour_delta_e"] > 2


def test_a_change_of_colours_that_srgb_lacks_is_measured():
    red, less = (
        picture(saved(Image.new("RGB", (40, 40), c), "PNG", icc_profile=P3_PROFILE)) for c in ("#f00", "#ea3323")
    )
    assert np.abs(srgb_of(red) - srgb_of(less)).max() < 0.01, "to sRGB both are its red"
    assert assess(red, less, Thresholds()).score("delta_e") > 1


@pytest.mark.parametrize("name", ["Display P3", "Adobe RGB"])
def test_a_cut_out_is_laid_on_the_asked_colour_through_its_profile(name):
    hidden = picture(saved(Image.new("RGBA", (10, 10), (0, 0, 0, 0)), "PNG", icc_profile=WIDE[name]))
    laid = flattened(hidden, (0xC8, 0x20, 0x20))
    shown = np.asarray(through_littlecms(laid.pixels, WIDE[name]))
    assert laid.icc_profile == WIDE[name] and np.abs(shown.astype(int) - [0xC8, 0x20, 0x20]).max() <= 1
