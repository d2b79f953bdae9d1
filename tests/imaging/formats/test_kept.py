"""What is kept of a file beside its pixels, as other programs read it: PNG's colour chunks, WebP without losses."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from likeness.contract.errors import InvalidField
from likeness.contract.report import Thresholds, Verdict
from likeness.contract.tasks import Customise, Recreate
from likeness.imaging.assessment.assess import assess
from likeness.imaging.colour import alpha_of, samples_of
from likeness.imaging.formats import jpeg, png
from likeness.imaging.formats.decode import Bounds, peek
from likeness.imaging.formats.encode import check_format, encode, wanted_format
from likeness.imaging.frame import Frame, frame_table
from likeness.imaging.regions import locked, put_back
from tests.imaging.files import PNG_KINDS, photo, picture, png_file, saved, several_pictures, with_segment
from tests.imaging.profiles import P3_PROFILE, SRGB_PROFILE
from tests.support.readers import exiftool, pngcheck

GAMMA, LINEAR = struct.pack(">I", 45_455), struct.pack(">I", 100_000)
P3 = bytes((12, 13, 0, 1))
CHROMATICITIES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
CHUNKS = {
    "sRGB": {"sRGB": b"\1"},
    "gAMA": {"gAMA": LINEAR},
    "gAMA and cHRM": {"gAMA": GAMMA, "cHRM": CHROMATICITIES},
    "cICP": {"cICP": P3},
    "all": {"cICP": P3, "sRGB": b"\0", "gAMA": GAMMA, "cHRM": CHROMATICITIES},
}


def recreated(data: bytes, wanted: str = "same") -> bytes:
    one = picture(data)
    frame = Frame.of(one)
    return encode(frame.restore(frame.canvas(one)), frame, wanted)


def read_by_exiftool(data: bytes) -> dict[str, object]:
    """Return what ExifTool reads of a PNG's own chunks."""
    found = exiftool(data)
    return {tag: value for tag, value in found.items() if tag.startswith("PNG")}


@pytest.mark.parametrize("kind", ["grey2", "palette4", "rgb", "rgba", "grey16"])
@pytest.mark.parametrize("name", CHUNKS)
def test_the_colour_chunks_of_a_png_are_kept_as_other_readers_see_them(name, kind, tmp_path):
    extra = tuple(png.chunk(chunk.encode(), body) for chunk, body in CHUNKS[name].items())
    data = png_file(kind, 21, 13, 3, extra)
    made = recreated(data)
    assert dict(peek(made, Bounds()).colour_chunks) == CHUNKS[name]
    one, two = picture(data), picture(made)
    seen = np.full((13, 21), 255) if (alpha := alpha_of(one)) is None else alpha
    assert np.array_equal(samples_of(one.pixels)[seen > 0], samples_of(two.pixels)[seen > 0])
    rows = {row.name: row for row in frame_table(one, two)}
    assert all(row.equal for row in rows.values())
    assert (
        rows["colour_space"].given
        == {
            "sRGB": "sRGB",
            "gAMA": "gamma 1, white and primaries 0.3127 0.329 0.64 0.33 0.3 0.6 0.15 0.06",
            "gAMA and cHRM": "gamma 0.45455, white and primaries 0.3127 0.329 0.68 0.32 0.265 0.69 0.15 0.06",
            "cICP": "cICP 12/13/0/1",
            "all": "cICP 12/13/0/1",
        }[name]
    )
    before, after = (read_by_exiftool(one) for one in (data, made))
    assert after == before and len(before) > 5
    if "cICP" not in CHUNKS[name]:  # pngcheck 3.0 does not know it yet
        assert "No errors detected" in pngcheck(made, tmp_path)


def test_a_row_tells_that_the_colours_changed():
    data = png_file("rgb", 9, 9, 1, (png.chunk(b"cICP", P3),))
    report = assess(picture(data), picture(png_file("rgb", 9, 9, 1)), Thresholds())
    assert "the frame changed: colour_space cICP 12/13/0/1 -> sRGB" in report.reasons


def test_malformed_colour_chunks_are_passed_over():
    data = png_file(
        "rgb", 9, 9, 1, (png.chunk(b"sRGB", b"\0\0"), png.chunk(b"gAMA", b""), png.chunk(b"cHRM", bytes(31)))
    )
    assert peek(data, Bounds()).colour_chunks == ()


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_another_format_is_refused_where_it_would_change_the_colours(format):
    p3 = picture(png_file("rgb", 9, 9, 1, (png.chunk(b"cICP", P3),)))
    with pytest.raises(InvalidField, match=r"colours told by chunks of a PNG \(cICP 12/13/0/1\)"):
        check_format(Frame.of(p3), format)
    plain = png_file("rgb", 9, 9, 1, (png.chunk(b"sRGB", b"\0"), png.chunk(b"gAMA", GAMMA)))
    profiled = png_file("rgb", 9, 9, 1, png.metadata(P3_PROFILE, None, b"", b"", (("gAMA", LINEAR),)))
    for data in (plain, profiled):
        made = picture(recreated(data, format))
        assert all(row.equal for row in frame_table(picture(data), made))


def test_a_profile_that_littlecms_reads_comes_back_byte_for_byte():
    for icc in (P3_PROFILE, SRGB_PROFILE):
        for format in ("PNG", "JPEG", "WEBP"):
            made = recreated(saved(photo("RGB", 20, 10), format, icc_profile=icc))
            assert exiftool(made, "-ICC_Profile:all")["ICC_Profile:ProfileDescription"] == "test"
            assert peek(made, Bounds()).icc_profile == icc


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("icc", [None, SRGB_PROFILE])
def test_a_lossless_webp_comes_back_lossless(mode, icc):
    image = photo(mode, 60, 40)
    options = {} if icc is None else {"icc_profile": icc}
    data = saved(image, "WEBP", lossless=True, exact=True, **options)
    made = recreated(data)
    assert b"VP8L" in made[:4000] and b"VP8 " not in made
    visible = np.asarray(image)[..., 3:] > 0 if mode == "RGBA" else np.True_
    assert np.array_equal(np.asarray(picture(made).pixels) * visible, np.asarray(image) * visible)
    assert exiftool(made)["RIFF:ImageWidth"] == 60


def test_a_quality_makes_it_lossy_and_a_lossy_one_stays_so():
    lossless = picture(saved(photo("RGB", 60, 40), "WEBP", lossless=True))
    assert b"VP8 " in encode(lossless.pixels, Frame.of(lossless), "same", quality=80)
    assert b"VP8 " in recreated(saved(photo("RGB", 60, 40), "WEBP"))


def test_a_lock_holds_in_a_lossless_webp():
    task = Customise(instruction="make it red", mask="product")
    assert wanted_format(task, "webp", lossless=True) == "same"
    assert wanted_format(task, "webp") == "png"
    assert wanted_format(Recreate(), "webp", lossless=True) == "same"
    with pytest.raises(InvalidField, match="png has none"):
        wanted_format(task.model_copy(update={"quality": 90}), "webp", lossless=True)


@pytest.mark.parametrize(
    "says", [(jpeg.APP1, b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>'), (jpeg.APP2, jpeg.ISO_GAIN_MAP)]
)
def test_the_loss_of_a_gain_map_is_told_and_rejects_nothing(says):
    plain = saved(photo("RGB", 80, 60), "JPEG")
    data = with_segment(several_pictures(plain, 0x050000), *says)
    made = picture(recreated(data))
    report = assess(picture(data), made, Thresholds())
    (row,) = [row for row in report.frame if row.name == "gain_map"]
    assert (row.given, row.made, row.equal) == ("present", "left out", False)
    assert report.verdict is Verdict.ACCEPTED and report.frame_equal
    assert report.reasons[-1] == "the HDR gain map was left out: the image shows its standard range"
    assert "gain_map" not in {row.name for row in assess(picture(plain), made, Thresholds()).frame}


@pytest.mark.parametrize("kind", PNG_KINDS)
def test_pngcheck_finds_no_fault_in_what_is_written(kind, tmp_path):
    assert "No errors detected" in pngcheck(recreated(png_file(kind, 21, 13, 3)), tmp_path)
    with Image.open(tmp_path / "checked.png") as image:
        image.load()


@pytest.mark.parametrize("kind", ["rgb16", "rgb16-key"])
@pytest.mark.parametrize("icc", [None, P3_PROFILE])
def test_16_bits_per_channel_go_in_and_come_out(kind, icc, tmp_path):
    data = png_file(kind, 40, 30, 3, png.metadata(icc, (300, 300), b""))
    made = recreated(data)
    one, two = picture(data), picture(made)
    assert all(row.equal for row in frame_table(one, two))
    samples, theirs = samples_of(one.pixels), samples_of(two.pixels)
    assert samples.dtype == np.uint16 and np.array_equal(samples, theirs)
    assert len(np.unique(samples & 0xFF)) > 200, "the lower bytes are used"
    at = data.index(b"IDAT")
    body = zlib.decompress(data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at])])
    raw = np.frombuffer(body, np.uint8).reshape(30, -1)[:, 1:].copy().view(">u2").reshape(30, 40, 3)
    assert np.array_equal(samples, raw)
    read = exiftool(made)
    assert (read["PNG:BitDepth"], read["PNG:ColorType"]) == (16, 2)
    said = pngcheck(made, tmp_path)
    assert "48-bit RGB" in said and "No errors detected" in said


def test_a_lock_of_16_bits_counts_in_their_own_steps():
    one = picture(png_file("rgb16", 40, 30, 3))
    kept = np.zeros((30, 40), dtype=bool)
    kept[:, :20] = True
    frame = Frame.of(one)
    image = put_back(one, frame.restore(1 - frame.canvas(one)), kept)
    made = picture(encode(image, frame, "same"))
    assert locked(one, made, kept).max_abs_diff == 0
    assert locked(one, made, ~kept).max_abs_diff > 60_000
    with pytest.raises(InvalidField, match="16 bits per channel"):
        check_format(frame, "jpeg")
