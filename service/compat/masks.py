"""Masks of other APIs as ours: white where the image may change."""

from io import BytesIO

from PIL import Image, ImageChops

from likeness.contract.errors import FieldProblem, InvalidPicture
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.picture import Picture
from service.jobs.pictures import naming


def mask_of_alpha(data: bytes, bounds: Bounds) -> bytes:
    """Return the mask (a grey PNG) of an image that is transparent where something may change.

    Raises InvalidPicture when nothing in it can be transparent, and what decoding raises, at `mask`.
    """
    picture = _decoded(data, bounds)
    if picture.pixels.mode not in ("LA", "RGBA") and picture.transparency is None:
        raise _refused("it has no alpha channel; it must be transparent where the edit applies")
    pixels = picture.pixels if picture.pixels.mode in ("LA", "RGBA") else picture.pixels.convert("RGBA")
    return _file(ImageChops.invert(pixels.getchannel("A")))


def inverted_mask(data: bytes, bounds: Bounds) -> bytes:
    """Return the mask (a grey PNG) with white for black; what is transparent counts as black.

    Raises InvalidPicture, and what decoding raises, at `mask`.
    """
    shown = _decoded(data, bounds).pixels.convert("RGBA")
    return _file(ImageChops.invert(ImageChops.multiply(shown.convert("L"), shown.getchannel("A"))))


def _decoded(data: bytes, bounds: Bounds) -> Picture:
    with naming("mask"):
        picture = decode(data, bounds)
    if picture.orientation != 1 or picture.bit_depth > 8:
        raise _refused("8 bits per channel, and no orientation in its EXIF")
    return picture


def _refused(detail: str) -> InvalidPicture:
    return InvalidPicture(f"mask: {detail}", [FieldProblem("#/mask", detail)])


def _file(mask: Image.Image) -> bytes:
    file = BytesIO()
    mask.save(file, "PNG")
    return file.getvalue()
