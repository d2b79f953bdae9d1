import struct
import time
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likeness.contract.errors import (
    AnimatedPicture,
    InvalidPicture,
    LikenessError,
    MultiViewPicture,
    PictureTooLarge,
    UnsupportedFormat,
    UploadTooLarge,
)
from likeness.imaging.formats import exif, jpeg, png
from likeness.imaging.formats.decode import Bounds, decode, peek
from tests.imaging.files import (
    PNG_KINDS,
    SRGB,
    exif_block,
    ihdr,
    photo,
    png_file,
    saved,
    several_pictures,
    with_segment,
)

END = png.chunk(b"IDAT", zlib.compress(b"")) + png.chunk(b"IEND", b"")
PHOTO = photo("RGB", 40, 30)
JPEG, PNG, WEBP = saved(PHOTO, "JPEG"), saved(PHOTO, "PNG"), saved(PHOTO, "WEBP")
FRAMES = [photo("RGB", 9, 9, seed) for seed in (1, 2)]
MOVING = {"save_all": True, "append_images": FRAMES[1:]}


def png_with(*chunks: bytes) -> bytes:
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def webp_claiming(width: int, height: int) -> bytes:
    body = struct.pack(
        "<BxxxHBHB", 0, (width - 1) & 0xFFFF, (width - 1) >> 16, (height - 1) & 0xFFFF, (height - 1) >> 16
    )
    chunks = b"WEBPVP8X" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def nested_exif(depth: int) -> bytes:
    """An EXIF block whose directories point to one another, the last to the first."""
    directory = struct.Struct("<HHHIII")
    parts = [directory.pack(1, 0x8769, 4, 1, 8 + (step + 1) % depth * directory.size, 0) for step in range(depth)]
    return b"II*\0\x08\0\0\0" + b"".join(parts)


REFUSED = {
    "no bytes": (b"", InvalidPicture),
    "text": (b"hello, I am a picture", InvalidPicture),
    "html": (b"<!doctype html><title>404</title>", InvalidPicture),
    "zeros": (bytes(1000), InvalidPicture),
    "gif": (saved(PHOTO, "GIF"), UnsupportedFormat),
    "tiff": (saved(PHOTO, "TIFF"), UnsupportedFormat),
    "bmp": (saved(PHOTO, "BMP"), UnsupportedFormat),
    "avif": (saved(PHOTO, "AVIF"), UnsupportedFormat),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedFormat),
    "png, magic only": (png.MAGIC, InvalidPicture),
    "png of 50000 x 50000": (ihdr(50_000, 50_000, 8, 2) + END, PictureTooLarge),
    "png of 60000 x 1": (ihdr(60_000, 1, 8, 2) + END, PictureTooLarge),
    "png of 10000 x 10000": (ihdr(10_000, 10_000, 8, 2) + END, PictureTooLarge),
    "png of 0 x 5": (ihdr(0, 5, 8, 2) + END, InvalidPicture),
    "png with 16 bits and alpha": (ihdr(4, 4, 16, 6) + END, UnsupportedFormat),
    "png of no such kind": (ihdr(4, 4, 3, 5) + END, InvalidPicture),
    "png without its palette": (ihdr(4, 4, 8, 3) + END, InvalidPicture),
    "png with two headers": (PNG[:33] + PNG[8:], InvalidPicture),
    "png with a profile bomb": (
        png_with(png.chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(100 * 2**20)))),
        InvalidPicture,
    ),
    "png of a million chunks": (png_with(png.chunk(b"teSt", b"") * 1_000_000), InvalidPicture),
    "animated png": (saved(FRAMES[0], "PNG", **MOVING), AnimatedPicture),
    "animated webp": (saved(FRAMES[0], "WEBP", **MOVING), AnimatedPicture),
    "webp of 50000 x 50000": (webp_claiming(50_000, 50_000), PictureTooLarge),
    "webp without a picture": (b"RIFF\x04\0\0\0WEBP", InvalidPicture),
    "jpeg, magic only": (jpeg.MAGIC, InvalidPicture),
    "jpeg of stray bytes": (JPEG[:2] + b"\xff" * 10_000_000 + b"\0", InvalidPicture),
    "jpeg with 12 bits": (JPEG.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"), UnsupportedFormat),
    "jpeg of a stereo pair": (several_pictures(JPEG, 0x020002), MultiViewPicture),
    "jpeg of a panorama's parts": (several_pictures(JPEG, 0x020001, 0x020001), MultiViewPicture),
    "jpeg with a million comments": (JPEG[:2] + b"\xff\xfe\0\2" * 1_000_000 + JPEG[2:], InvalidPicture),
    "jpeg of 65000 x 65000": (
        JPEG.replace(struct.pack(">HH", 30, 40), struct.pack(">HH", 65_000, 65_000), 1),
        PictureTooLarge,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_files_are_refused_at_once_and_rightly(name):
    data, error = REFUSED[name]
    started = time.process_time()
    with pytest.raises(error) as refusal:
        peek(data, Bounds())
    assert type(refusal.value) is error
    assert time.process_time() - started < 0.5
    with pytest.raises(error):
        decode(data, Bounds())


DAMAGED = {
    "png cut off": PNG[:-20],
    "png with a wrong byte": PNG[:60] + bytes([PNG[60] ^ 1]) + PNG[61:],
    "png with no data": ihdr(4, 4, 8, 2) + END,
    "jpeg cut off": JPEG[:-100],
    "jpeg of 1000 scans": JPEG[:-2] + b"\xff\xda\0\x02" * 1000 + JPEG[-2:],
    "jpeg of a million markers": JPEG[:-2] + b"\xff\x01" * 1_000_000 + JPEG[-2:],
    "jpeg whose only end is in a video": JPEG[:-2] + b"\0\0\0\x18ftypmp42" + bytes(1000),
    "webp cut off": WEBP[:-20],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_pixels_are_found_when_decoded(name):
    with pytest.raises(InvalidPicture):
        decode(DAMAGED[name], Bounds())


@pytest.mark.parametrize(
    ("bounds", "error", "words"),
    [
        (Bounds(max_bytes=100), UploadTooLarge, f"{len(PNG)} bytes; at most 100"),
        (Bounds(max_side=39), PictureTooLarge, "40 px wide; at most 39"),
        (Bounds(max_pixels=1199), PictureTooLarge, "1200 pixels; at most 1199"),
    ],
)
def test_a_refusal_names_its_bound(bounds, error, words):
    with pytest.raises(error, match=words):
        peek(PNG, bounds)


def test_our_bound_decides_and_not_pillows(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert decode(PNG, Bounds()).pixels.size == (40, 30)
    assert decode(JPEG, Bounds()).pixels.size == (40, 30)
    with pytest.raises(PictureTooLarge):
        decode(WEBP, Bounds())


HARMLESS = {
    "png with a text bomb": png_with(png.chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(50 * 2**20))) * 20),
    "png with endless exif": png_with(png.chunk(b"eXIf", nested_exif(5000))),
    "jpeg with endless exif": with_segment(JPEG, jpeg.APP1, b"Exif\0\0" + nested_exif(3000)),
    "jpeg with broken exif": with_segment(JPEG, jpeg.APP1, b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(50)),
    "jpeg with large thumbnails": several_pictures(JPEG, 0x010001, 0x010002),
    "jpeg with a gain map": with_segment(several_pictures(JPEG, 0), jpeg.APP1, b'xap hdrgm:Version="1.0"'),
    "jpeg with a broken index of pictures": with_segment(JPEG, jpeg.APP2, b"MPF\0MM\0*\0\0\0\x08\xff\xff"),
    "jpeg with a video behind it": JPEG + b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 1000 + bytes(range(256)) * 1000,
    "jpeg with half a profile": with_segment(JPEG, jpeg.APP2, b"ICC_PROFILE\0\x01\x02half"),
    "jpeg with stray bytes": JPEG[:20] + b"stray\xff\x00" + JPEG[20:],
    "png with bytes behind it": PNG + b"more",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_metadata_is_passed_over_at_once(name):
    started = time.process_time()
    found = decode(HARMLESS[name], Bounds())
    assert time.process_time() - started < 0.5
    assert (found.orientation, found.icc_profile, found.pixels.size, found.pixels.info) == (1, None, (40, 30), {})


@given(st.sampled_from([JPEG, PNG, WEBP]), st.data())
@settings(max_examples=200, deadline=None)
def test_nothing_but_our_errors_comes_out_of_mangled_files(data, draw):
    mangled = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        mangled[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(mangled[: draw.draw(st.integers(0, len(data)))])
    for candidate in (bytes(mangled), cut):
        try:
            decode(candidate, Bounds(max_pixels=100_000))
        except LikenessError:
            continue


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_exif_block_makes_trouble(block):
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert exif.read(start + block).orientation in range(1, 9)


@given(st.integers(1, 8), st.none() | st.tuples(st.floats(1, 60_000), st.floats(1, 60_000)))
def test_exif_is_read_as_written_by_us_and_by_pillow(orientation, dpi):
    tags = exif.read(exif.write(exif.Tags(orientation, dpi)))
    assert tags.orientation == orientation
    assert tags.dpi == (dpi and pytest.approx(dpi, abs=1e-3))
    foreign = Image.Exif()
    foreign.update({exif.ORIENTATION: orientation, exif.X_RESOLUTION: 118.0, exif.Y_RESOLUTION: 59.0})
    foreign[exif.RESOLUTION_UNIT] = exif.CENTIMETRE
    assert exif.read(foreign.tobytes()) == exif.Tags(orientation, pytest.approx((299.72, 149.86)))


@pytest.mark.parametrize("kind", PNG_KINDS)
def test_the_header_says_what_the_pixels_are(kind):
    data = png_file(kind, 13, 7, 0)
    header, found = peek(data, Bounds()), decode(data, Bounds())
    assert (header.format, header.width, header.height, header.mode) == ("png", *found.pixels.size, found.pixels.mode)
    assert header.bit_depth == found.bit_depth == int(kind.split("-")[0].strip("greypaltb") or 8)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": exif_block(6)}, {"icc_profile": SRGB}])
def test_webp_headers_of_every_kind_are_read(mode, options):
    data = saved(photo(mode, 21, 34), "WEBP", **options)
    header, found = peek(data, Bounds()), decode(data, Bounds())
    assert (header.width, header.height, header.mode) == (*found.pixels.size, found.pixels.mode) == (21, 34, mode)
    assert header.orientation == (6 if "exif" in options else 1)
    assert header.icc_profile == options.get("icc_profile")


def test_a_progressive_jpeg_with_a_long_profile_and_density_in_centimetres():
    profile = np.random.default_rng(0).bytes(200_000)
    data = bytearray(saved(PHOTO, "JPEG", progressive=True, icc_profile=profile, dpi=(118, 118)))
    data[13] = 2
    header = peek(bytes(data), Bounds())
    assert header.icc_profile == profile
    assert header.dpi == pytest.approx((299.72, 299.72))


def test_pixels_are_what_pillow_decodes():
    for data in (JPEG, PNG, WEBP):
        assert np.array_equal(np.asarray(decode(data, Bounds()).pixels), np.asarray(Image.open(BytesIO(data))))
