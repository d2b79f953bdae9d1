import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from likeness.imaging.colour import rgb_of, samples_of
from likeness.imaging.formats import exif, png
from likeness.imaging.formats.encode import encode
from likeness.imaging.frame import Frame, frame_table, padded, stored_orientation, upright
from likeness.imaging.picture import Picture
from tests.imaging.files import PNG_KINDS, SRGB, exif_block, photo, picture, png_file, saved

ODD = Path(__file__).parents[2].parent / "shared" / "data" / "test" / "odd"

sides = st.integers(1, 80)
orientations = st.integers(1, 8)
resolutions = st.none() | st.tuples(st.integers(1, 1200), st.integers(1, 1200))
profiles = st.sampled_from([None, SRGB])


def recreated(given_picture: Picture) -> tuple[Image.Image, Picture]:
    """What an engine that changes nothing gives: the restored image, and the picture decoded from its file."""
    frame = Frame.of(given_picture)
    image = frame.restore(frame.canvas(given_picture))
    return image, picture(encode(image, frame, "same"))


def changed(given_picture: Picture, made: Picture) -> list[str]:
    return [row.name for row in frame_table(given_picture, made) if not row.equal]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PNG_KINDS), sides, sides, orientations, resolutions, profiles, st.integers(0, 99))
def test_a_png_comes_back_in_its_frame_pixel_for_pixel(kind, width, height, orientation, dpi, profile, seed):
    extra = png.metadata(profile, dpi, exif.write(exif.Tags(orientation)))
    given_picture = picture(png_file(kind, width, height, seed, extra))
    assert given_picture.orientation == orientation
    assert given_picture.icc_profile == profile
    assert (given_picture.dpi is None) == (dpi is None)

    image, made = recreated(given_picture)

    assert changed(given_picture, made) == []
    assert made.pixels.getpalette() == given_picture.pixels.getpalette()
    assert made.transparency == given_picture.transparency
    shown = Frame.of(given_picture).alpha
    visible = np.ones((height, width), dtype=bool) if shown is None else shown > 0
    assert np.array_equal(samples_of(image)[visible], samples_of(given_picture.pixels)[visible])
    assert np.array_equal(samples_of(made.pixels)[visible], samples_of(given_picture.pixels)[visible])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["L", "RGB", "CMYK"]), sides, sides, orientations, resolutions, profiles)
def test_a_jpeg_comes_back_in_its_frame(mode, width, height, orientation, dpi, profile):
    options = {"exif": exif_block(orientation), "icc_profile": profile, "dpi": dpi or (0, 0), "quality": 95}
    given_picture = picture(saved(photo(mode, width, height), "JPEG", **options))
    image, made = recreated(given_picture)
    assert changed(given_picture, made) == []
    assert np.array_equal(samples_of(image), samples_of(given_picture.pixels))
    assert np.abs(rgb_of(made) - rgb_of(given_picture)).mean() < 0.02


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["RGB", "RGBA"]), sides, sides, orientations, resolutions, profiles, st.booleans())
def test_a_webp_comes_back_in_its_frame(mode, width, height, orientation, dpi, profile, lossless):
    options = {"exif": exif_block(orientation, dpi), "icc_profile": profile, "lossless": lossless, "exact": True}
    given_picture = picture(saved(photo(mode, width, height), "WEBP", **options))
    assert given_picture.dpi == dpi
    _, made = recreated(given_picture)
    assert changed(given_picture, made) == []


@given(st.sampled_from(PNG_KINDS), st.integers(1, 12), st.integers(1, 12), orientations, st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_whatever_an_engine_makes_the_frame_stays(kind, width, height, orientation, seed):
    extra = png.metadata(None, None, exif.write(exif.Tags(orientation)))
    given_picture = picture(png_file(kind, width, height, seed, extra))
    frame = Frame.of(given_picture)
    noise = np.random.default_rng(seed).normal(0.5, 0.6, frame.canvas(given_picture).shape).astype(np.float32)
    made = picture(encode(frame.restore(noise), frame, "same"))
    assert changed(given_picture, made) == []


@given(sides, sides, st.sampled_from([1, 8, 32, 64]), st.sampled_from([1, 64, 128]))
@settings(max_examples=60, deadline=None)
def test_the_canvas_has_the_asked_multiple_and_holds_the_picture(width, height, multiple, minimum):
    rgb = np.random.default_rng(0).random((height, width, 3), dtype=np.float32)
    canvas = padded(rgb, multiple, minimum)
    assert canvas.shape[0] % multiple == 0 and canvas.shape[1] % multiple == 0
    assert min(canvas.shape[:2]) >= minimum
    assert np.array_equal(canvas[:height, :width], rgb)
    assert set(np.unique(canvas)) == set(np.unique(rgb))


def test_padding_reflects_and_repeats_a_single_pixel():
    row = np.repeat(np.arange(3, dtype=np.float32)[None, :, None], 3, axis=2)
    assert padded(row, 8, 8)[7, :, 0].tolist() == [0, 1, 2, 1, 0, 1, 2, 1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_pillow_shows(orientation):
    image = photo("RGB", 7, 5)
    image.getexif()[exif.ORIENTATION] = orientation
    shown = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(upright(np.asarray(image), orientation), shown)
    assert np.array_equal(stored_orientation(shown, orientation), np.asarray(image))


def test_sixteen_bit_grey_keeps_every_level():
    levels = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    image, made = recreated(picture(saved(Image.fromarray(levels), "PNG")))
    assert made.bit_depth == 16 and made.pixels.mode == "I;16"
    assert np.array_equal(np.asarray(image), levels)


def test_hidden_colours_do_not_bleed_and_soft_ones_are_kept():
    rgba = np.zeros((64, 64, 4), dtype=np.uint8)
    rgba[...] = (0, 255, 0, 0)  # hidden green
    rgba[16:48, 16:48] = (200, 10, 10, 255)
    rgba[16:48, 47] = (180, 20, 20, 90)
    given_picture = picture(saved(Image.fromarray(rgba), "PNG"))
    canvas = Frame.of(given_picture).canvas(given_picture)
    assert canvas[..., 1].max() < 21 / 255
    assert np.allclose(canvas[20, 47], np.array([180, 20, 20]) / 255)


def test_a_picture_with_nothing_visible_becomes_grey():
    given_picture = picture(saved(Image.new("RGBA", (9, 9), (0, 255, 0, 0)), "PNG"))
    assert np.all(Frame.of(given_picture).canvas(given_picture) == 0.5)


@pytest.mark.parametrize("repeats", [(1, 1), (300, 100)])
def test_a_palette_takes_the_nearest_of_its_colours(repeats: tuple[int, int]):
    samples = np.tile(np.array([[0, 1, 2]], dtype=np.uint8), repeats)
    data = png.write(samples, 2, bytes([0, 0, 0, 255, 0, 0, 255, 255, 255]), None)
    frame = Frame.of(picture(data))
    canvas = np.array([[[0.9, 0.2, 0.1], [0.9, 0.8, 0.9], [0.1, 0.1, 0.2]]], dtype=np.float32)
    made = np.asarray(frame.restore(np.tile(canvas, (*repeats, 1))))
    assert (made == np.tile([[1, 2, 0]], repeats)).all()


def test_cmyk_keeps_the_given_black():
    inks = np.full((8, 8, 4), (10, 20, 30, 200), dtype=np.uint8)
    given_picture = Picture(Image.frombytes("CMYK", (8, 8), inks.tobytes()), "jpeg")
    frame = Frame.of(given_picture)
    darker = np.asarray(frame.restore(frame.canvas(given_picture) * 0.9))
    assert np.all(darker[..., 3] == 200)
    brighter = Picture(frame.restore(np.full((8, 8, 3), 0.6, dtype=np.float32)), "jpeg")
    assert np.allclose(rgb_of(brighter), 0.6, atol=0.5 / 255)


def test_black_and_white_is_cut_at_one_half():
    frame = Frame.of(picture(png_file("grey1", 2, 1, 0)))
    canvas = np.array([[[0.49] * 3, [0.51] * 3]], dtype=np.float32)
    assert np.asarray(frame.restore(canvas)).tolist() == [[False, True]]


@pytest.mark.parametrize("canvas", [np.zeros((8, 8, 3)), np.zeros((16, 16)), np.full((16, 16, 3), np.nan)])
def test_a_canvas_that_cannot_be_the_picture_is_refused(canvas):
    frame = Frame.of(picture(saved(photo("RGB", 9, 9), "PNG")))
    with pytest.raises(ValueError, match="a canvas of"):
        frame.restore(canvas.astype(np.float32))


def test_the_table_names_what_changed():
    given_picture = picture(saved(photo("RGB", 624, 807), "PNG", dpi=(300, 300)))
    made = picture(saved(photo("RGBA", 624, 800), "PNG", icc_profile=SRGB))
    rows = {row.name: row for row in frame_table(given_picture, made)}
    assert [name for name, row in rows.items() if row.equal] == ["width", "bit_depth", "orientation"]
    assert (rows["aspect_ratio"].given, rows["aspect_ratio"].made) == ("208:269", "39:50")
    assert rows["icc_profile"].made == hashlib.sha256(SRGB).hexdigest()[:12]
    assert (rows["dpi"].given, rows["dpi"].made) == ("300x300", None)


@pytest.mark.skipif(not ODD.is_dir(), reason="the odd test files are not on this machine")
@pytest.mark.parametrize("path", sorted(ODD.glob("*")), ids=lambda path: path.name)
def test_the_odd_files_come_back_in_their_frame(path):
    given_picture = picture(path.read_bytes())
    _, made = recreated(given_picture)
    assert changed(given_picture, made) == []
