from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin
from pydantic import ValidationError

from likeness.contract.errors import InvalidField
from likeness.contract.tasks import Customise, Generate, OutputFormat, Recreate
from likeness.imaging.formats import exif
from likeness.imaging.formats.decode import Bounds, peek
from likeness.imaging.formats.encode import check_format, encode, wanted_format
from likeness.imaging.frame import Frame, frame_table
from likeness.imaging.picture import Header
from tests.imaging.files import PNG_KINDS, SRGB, exif_block, photo, picture, png_file, saved

HELD = {
    "png": {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"},
    "jpeg": {"L", "RGB", "CMYK"},
    "webp": {"RGB", "RGBA"},
}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
def test_a_format_is_refused_when_it_cannot_hold_the_mode(mode, wanted):
    header = Header("png", 10, 10, mode)
    if mode in HELD[wanted]:
        check_format(header, wanted)
        return
    with pytest.raises(InvalidField, match=f"{wanted} cannot hold mode {mode}") as refusal:
        check_format(header, wanted)
    assert refusal.value.problems[0].pointer == "#/format"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (Header("png", 10, 10, "L", bit_depth=4), "jpeg"),
        (Header("png", 10, 10, "RGB", transparency=bytes(6)), "webp"),
        (Header("png", 16_384, 10, "RGB"), "webp"),
    ],
)
def test_a_format_is_refused_when_it_cannot_hold_depth_transparency_or_size(header, wanted):
    with pytest.raises(InvalidField):
        check_format(header, wanted)
    check_format(header, "same")


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_another_format_keeps_the_frame(wanted, orientation):
    data = saved(photo("RGB", 33, 20), "JPEG", exif=exif_block(orientation), dpi=(300, 150), icc_profile=SRGB)
    given = picture(data)
    frame = Frame.of(given)
    made = picture(encode(frame.restore(frame.canvas(given)), frame, wanted))
    assert made.format == wanted
    assert all(row.equal for row in frame_table(given, made))


def test_nothing_else_of_the_given_file_is_copied():
    private = Image.Exif()
    private.update({exif.ORIENTATION: 6, 0x010E: "SECRET", 0x8825: {1: "N", 2: (48.0, 8.0, 14.0)}})
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "SECRET")
    files = [
        saved(photo("RGB", 9, 9), "JPEG", exif=private, comment=b"SECRET", xmp=b"SECRET"),
        saved(photo("RGB", 9, 9), "WEBP", exif=private, xmp=b"SECRET"),
        saved(photo("RGB", 9, 9), "PNG", exif=private, pnginfo=notes),
        saved(photo("RGB", 9, 9).quantize(8), "PNG", exif=private, pnginfo=notes),
    ]
    for data in files:
        given = picture(data)
        frame = Frame.of(given)
        made = encode(frame.restore(frame.canvas(given)), frame, "same")
        assert b"SECRET" in data and b"SECRET" not in made
        assert given.orientation == picture(made).orientation == 6
        with Image.open(BytesIO(made)) as image:
            assert set(image.getexif()) == {exif.ORIENTATION}


@pytest.mark.parametrize("kind", PNG_KINDS)
def test_pillow_reads_what_we_write_by_hand(kind):
    given = picture(png_file(kind, 21, 13, 3))
    frame = Frame.of(given)
    data = encode(frame.restore(frame.canvas(given)), frame, "same")
    with Image.open(BytesIO(data)) as image:
        image.verify()
    assert peek(data, Bounds()).bit_depth == frame.bit_depth


@pytest.mark.parametrize(
    ("task", "own", "wanted"),
    [
        (Recreate(), "jpeg", "same"),
        (Recreate(format="webp"), "png", "webp"),
        (Customise(instruction="make it red"), "jpeg", "same"),
        (Customise(instruction="make it red", format="webp"), "jpeg", "webp"),
        (Customise(instruction="make it red", mask="product"), "jpeg", "png"),
        (Customise(instruction="make it red", preserve="background"), "webp", "png"),
        (Customise(text="Just do it"), "png", "same"),
        (Customise(text="Just do it", format="same"), "png", "same"),
        (Customise(text="Just do it", format="png"), "jpeg", "png"),
    ],
)
def test_the_format_is_the_asked_one_and_exact_where_pixels_are_locked(task, own, wanted):
    assert wanted_format(task, own) == wanted


@pytest.mark.parametrize(("format", "own"), [("jpeg", "png"), ("webp", "png"), ("same", "jpeg"), ("same", "webp")])
def test_a_lock_refuses_an_asked_format_that_loses_pixels(format, own):
    with pytest.raises(InvalidField, match="a lock is exact to the last grey level") as refusal:
        wanted_format(Customise(text="Just do it", format=format), own)
    assert refusal.value.problems[0].pointer == "#/format"


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_the_quality_is_the_asked_one(format):
    given = picture(saved(photo("RGB", 200, 150), "PNG"))
    frame = Frame.of(given)
    sizes = [len(encode(given.pixels, frame, format, quality=quality)) for quality in (30, 60, None, 100)]
    assert sizes == sorted(sizes) and len(set(sizes)) == 4


@pytest.mark.parametrize(
    ("task", "own"),
    [
        (Recreate(quality=50), "png"),
        (Recreate(quality=50, format="png"), "jpeg"),
        (Customise(text="Just do it", quality=50), "jpeg"),
        (Generate(quality=50), "png"),
    ],
)
def test_a_quality_is_refused_where_the_file_is_exact(task, own):
    with pytest.raises(InvalidField, match="png has none") as refusal:
        wanted_format(task, own)
    assert refusal.value.problems[0].pointer == "#/quality"
    assert wanted_format(task.model_copy(update={"quality": None}), own)


def test_a_lossy_lock_allows_jpeg_and_that_alone():
    task = Customise(text="Just do it", lossy_lock=True)
    assert wanted_format(task, "jpeg") == "same"
    assert wanted_format(task.model_copy(update={"format": OutputFormat.JPEG}), "png") == "jpeg"
    for asked, own in ((None, "png"), (OutputFormat.WEBP, "jpeg"), (OutputFormat.PNG, "jpeg")):
        with pytest.raises(InvalidField, match="it allows jpeg, but the result is") as refusal:
            wanted_format(task.model_copy(update={"format": asked}), own)
        assert refusal.value.problems[0].pointer == "#/lossy_lock"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"instruction": "make it red"}, "lossy_lock needs a protected area"),
        ({"text": "Just do it", "quality": 94}, "a quality of at least 95"),
    ],
)
def test_a_lossy_lock_is_refused_where_it_means_nothing(fields, said):
    with pytest.raises(ValidationError, match=said):
        Customise(lossy_lock=True, **fields)
