"""A restored image to bytes, with what its frame says beside the pixels and nothing else of the given file."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, Literal

from PIL import Image

from likeness.contract.errors import InvalidField
from likeness.contract.tasks import DrawnTask
from likeness.imaging.colour import samples_of
from likeness.imaging.colour_space import colours_of
from likeness.imaging.formats import exif, png, webp
from likeness.imaging.frame import Frame
from likeness.imaging.picture import Format, Header

WantedFormat = Literal["same", "png", "jpeg", "webp"]

MODES_HELD: dict[Format, set[str]] = {
    "png": {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"},
    "jpeg": {"L", "RGB", "CMYK"},
    "webp": {"RGB", "RGBA"},
}
EXACT: set[Format] = {"png"}
"""Formats that give every pixel back as it was; a WebP of a lossless one does too."""
PNG_LEVEL = 1  # a third of the default's time for 8 % more bytes
JPEG_QUALITY = 95
WEBP_QUALITY = 92
WEBP_METHOD = 2


def wanted_format(task: DrawnTask, own_format: Format, lossless: bool = False) -> WantedFormat:
    """Return the file format to make of an image of `own_format`: what `task` asks for, or what its lock needs.

    `lossless` says so of an own WebP, which stays so unless a quality is asked. Raises InvalidField at "format" when an
    asked format would lose locked pixels, at "quality" when it has none.
    """
    exact: set[Format] = {*EXACT, "webp"} if lossless and own_format == "webp" and task.quality is None else EXACT
    wanted = _wanted(task, own_format, exact)
    if task.quality is not None and _resolved(own_format, wanted) == "png":
        raise InvalidField.at("quality", "png has none, it is exact; leave it out, or take jpeg or webp")
    return wanted


def _wanted(task: DrawnTask, own_format: Format, exact: set[Format]) -> WantedFormat:
    if task.kind == "generate":
        return task.format
    asked: WantedFormat | None = task.format.value if task.format else None
    if task.kind == "recreate" or not task.locks:
        return asked or "same"
    format = _resolved(own_format, asked or "same")
    if task.lossy_lock and format != "jpeg":
        raise InvalidField.at(
            "lossy_lock", f"it allows jpeg, but the result is {format}; set format to jpeg, or omit it"
        )
    if format in exact or task.lossy_lock:
        return asked or "same"
    if asked:
        more = ", or set lossy_lock" if format == "jpeg" else ""
        raise InvalidField.at(
            "format", f"a lock is exact to the last grey level, which {format} is not; take png, or omit format{more}"
        )
    return "png"


def check_format(given: Header | Frame, wanted: WantedFormat) -> None:
    """Raise InvalidField at "format" when the wanted format cannot hold the frame."""
    format = _resolved(given.format, wanted)
    if reason := _why_not(given, format):
        raise InvalidField.at("format", f"{format} cannot hold {reason}; take same or png")


def encode(
    image: Image.Image, frame: Frame, wanted: WantedFormat, xmp: bytes = b"", quality: int | None = None
) -> bytes:
    """Return an image of this frame (as `Frame.restore` gives it) as a file. Raises InvalidField as `check_format`.

    EXIF holds the orientation (in WebP also the resolution) and only that: the given file's other tags may say where
    and by whom it was taken. For the same reason, and because it tells of another image's making, the given file's
    XMP is not copied either: `xmp` (a packet of at most MAX_XMP_BYTES, see `provenance`) is all that is written.
    `quality` (1..100) is that of jpeg and webp; their own default when None, and png has none.
    """
    check_format(frame, wanted)
    return ENCODERS[_resolved(frame.format, wanted)](image, frame, xmp, quality)


def _resolved(own: Format, wanted: WantedFormat) -> Format:
    return own if wanted == "same" else wanted


def _why_not(given: Header | Frame, format: Format) -> str | None:
    if given.mode not in MODES_HELD[format]:
        return f"mode {given.mode}"
    if format != "png" and given.transparency is not None:
        return "a transparent colour"
    if format != "png" and given.bit_depth != 8:
        return f"{given.bit_depth} bits per channel"
    if format != "png" and (told := colours_of(given)) != colours_of(replace(given, colour_chunks=())):
        return f"colours told by chunks of a PNG ({told})"
    if format == "webp" and max(given.width, given.height) > webp.MAX_SIDE:
        return f"a side of over {webp.MAX_SIDE} px"
    return None


def _png(image: Image.Image, frame: Frame, xmp: bytes, quality: int | None) -> bytes:
    extra = png.metadata(frame.icc_profile, frame.dpi, _exif(frame.orientation), xmp, frame.colour_chunks)
    samples, depth = samples_of(image), frame.bit_depth
    if frame.palette:
        return png.write(samples, depth, frame.palette.colours, frame.transparency, extra)
    if depth == 16 and frame.mode == "RGB":
        return png.write_deep(samples, frame.transparency, extra)
    if depth < 8:
        return png.write(samples // (255 // (2**depth - 1)), depth, None, frame.transparency, extra)
    return png.with_chunks(_saved(image, "PNG", compress_level=PNG_LEVEL), extra)


def _jpeg(image: Image.Image, frame: Frame, xmp: bytes, quality: int | None) -> bytes:
    block = _exif(frame.orientation)
    return _saved(
        image,
        "JPEG",
        quality=quality or JPEG_QUALITY,
        subsampling="4:4:4",
        icc_profile=frame.icc_profile,
        dpi=frame.dpi or (0, 0),
        exif=b"Exif\0\0" + block if block else b"",
        xmp=xmp,
    )


def _webp(image: Image.Image, frame: Frame, xmp: bytes, quality: int | None) -> bytes:
    return _saved(
        image,
        "WEBP",
        lossless=frame.lossless and quality is None,
        quality=quality or WEBP_QUALITY,
        method=WEBP_METHOD,
        exact=True,
        icc_profile=frame.icc_profile,
        exif=exif.write(exif.Tags(frame.orientation, frame.dpi)) if frame.dpi else _exif(frame.orientation),
        xmp=xmp,
    )


Encoder = Callable[[Image.Image, Frame, bytes, int | None], bytes]
ENCODERS: dict[Format, Encoder] = {"png": _png, "jpeg": _jpeg, "webp": _webp}


def _exif(orientation: int) -> bytes:
    """Return an EXIF block for an orientation that needs to be said."""
    return b"" if orientation == 1 else exif.write(exif.Tags(orientation))


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:  # noqa: ANN401  Pillow's options are of any type
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()
