"""Untrusted bytes to an image: sniff, bound, and only then decode.

The header is read by our own small parsers (png, jpeg, webp), because Pillow allocates, unpacks and recurses before it
can be asked for a size. Pillow then gets only the parts of the file that make pixels.
"""

import struct
from dataclasses import dataclass, fields
from io import BytesIO

from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from likeness.contract.errors import InvalidPicture, PictureTooLarge, UnsupportedFormat, UploadTooLarge
from likeness.imaging.colour import DeepImage, pillow_transparency
from likeness.imaging.formats import jpeg, png, webp
from likeness.imaging.picture import Format, Header, Picture

__all__ = ["Bounds", "Format", "Header", "Picture", "decode", "peek", "verify"]

OTHER_FORMATS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"8BPS": "Photoshop",
    b"\0\0\1\0": "icon",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"<svg": "SVG",
}


@dataclass(frozen=True)
class Bounds:
    """The largest file (bytes) and image (pixels in all, pixels per side) that are taken."""

    max_bytes: int = 40_000_000
    max_pixels: int = 51_000_000
    max_side: int = 16_384


def peek(data: bytes, bounds: Bounds) -> Header:
    """Return what the file says about itself, within `bounds`; decodes no pixel.

    Raises UploadTooLarge, PictureTooLarge, InvalidPicture, UnsupportedFormat or AnimatedPicture.
    """
    if len(data) > bounds.max_bytes:
        raise UploadTooLarge(f"{len(data)} bytes; at most {bounds.max_bytes}")
    header = _read_header(data)
    check_size(header.width, header.height, bounds)
    return header


def decode(data: bytes, bounds: Bounds) -> Picture:
    """Return the image with every pixel loaded and nothing turned or converted; raises what `peek` raises."""
    header = peek(data, bounds)
    pixels = _loaded(data, header).copy()  # free of the file
    if header.mode == "RGB" and header.bit_depth == 16:
        pixels = DeepImage(png.deep_samples(data))
    pixels.info = pillow_transparency(header.transparency, header.mode, header.bit_depth)
    said = {field.name: getattr(header, field.name) for field in fields(Picture) if field.name != "pixels"}
    return Picture(pixels, **said)


def verify(data: bytes, bounds: Bounds) -> None:
    """Decode the image to its last pixel and keep nothing of it; raises what `peek` raises."""
    _loaded(data, peek(data, bounds))


def _read_header(data: bytes) -> Header:
    if not data:
        raise InvalidPicture("an empty file")
    if data.startswith(png.MAGIC):
        return png.read(data)
    if data.startswith(jpeg.MAGIC):
        return jpeg.read(data)
    if webp.is_webp(data):
        return webp.read(data)
    raise _not_taken(data)


def _not_taken(data: bytes) -> UnsupportedFormat | InvalidPicture:
    names = [name for magic, name in OTHER_FORMATS.items() if data.startswith(magic)]
    if data[4:8] == b"ftyp":
        names = ["AVIF or HEIC"]
    if names:
        return UnsupportedFormat(f"a file of the {names[0]} format; PNG, JPEG and WebP are taken")
    return InvalidPicture("not an image; PNG, JPEG and WebP are taken")


def check_size(width: int, height: int, bounds: Bounds) -> None:
    """Raise InvalidPicture for an image of no size, PictureTooLarge for one over the bounds; sides in px."""
    if not (width and height):
        raise InvalidPicture(f"an image of {width} x {height} px")
    for name, side in (("wide", width), ("high", height)):
        if side > bounds.max_side:
            raise PictureTooLarge(f"{side} px {name}; at most {bounds.max_side}")
    if width * height > bounds.max_pixels:
        raise PictureTooLarge(f"{width * height} pixels; at most {bounds.max_pixels}")


def _loaded(data: bytes, header: Header) -> Image.Image:
    """Return the image with its pixels loaded. Pillow's errors end here."""
    try:
        image = _open(data, header)
        if image.size != (header.width, header.height) or image.mode != header.mode:
            raise InvalidPicture(f"the header says {header.width} x {header.height} {header.mode}; the pixels differ")
        image.load()
    except Image.DecompressionBombError as exc:
        raise PictureTooLarge(f"{header.width * header.height} pixels in a WebP file") from exc
    except (OSError, SyntaxError, ValueError, IndexError, TypeError, EOFError, OverflowError, struct.error) as exc:
        raise InvalidPicture(f"the {header.format} file is cut off or damaged") from exc
    return image


def _open(data: bytes, header: Header) -> Image.Image:
    """Open with the plugin itself: Image.open would sniff again and apply Pillow's global bound, not ours."""
    if header.format == "png":
        return PngImagePlugin.PngImageFile(BytesIO(png.pixels_only(data)))
    if header.format == "jpeg":
        return JpegImagePlugin.JpegImageFile(BytesIO(jpeg.pixels_only(data)))
    return WebPImagePlugin.WebPImageFile(BytesIO(data))
