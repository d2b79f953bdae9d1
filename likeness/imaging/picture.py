"""The two things that decoding gives: what the header of a file says, and the image itself."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

Format = Literal["png", "jpeg", "webp"]
Dpi = tuple[float, float]
ColourChunks = tuple[tuple[str, bytes], ...]
"""A PNG's cICP, sRGB, gAMA and cHRM, those that there are, in this order: name and body as stored."""

MAX_PROFILE_BYTES = 4 * 2**20  # of an ICC profile, unpacked; large CMYK profiles have about 2 MiB
MAX_XMP_BYTES = 65_502  # of an XMP packet: what one segment of a JPEG holds; nothing longer is written or read


@dataclass(frozen=True)
class Header:
    """What a file says about its image before any pixel is decoded.

    `width` and `height` are as stored, before `orientation` (EXIF, 1..8) is applied; `mode` is Pillow's name;
    `bit_depth` is bits per sample, or per index of a palette; `transparency` is a PNG's tRNS chunk as stored.
    `lossless` is of a WebP; `gain_map` says that a JPEG has an HDR gain map behind it (Ultra HDR), which is not read.
    """

    format: Format
    width: int
    height: int
    mode: str
    bit_depth: int = 8
    orientation: int = 1
    icc_profile: bytes | None = None
    dpi: Dpi | None = None
    transparency: bytes | None = None
    lossless: bool = False
    colour_chunks: ColourChunks = ()
    gain_map: bool = False


@dataclass(frozen=True)
class Picture:
    """A decoded image: `pixels` exactly as stored (not turned upright), and what the file said beside them."""

    pixels: Image.Image
    format: Format
    icc_profile: bytes | None = None
    dpi: Dpi | None = None
    orientation: int = 1
    bit_depth: int = 8
    transparency: bytes | None = None
    lossless: bool = False
    colour_chunks: ColourChunks = ()
    gain_map: bool = False


def header_of(picture: Picture) -> Header:
    """Return what the header of a decoded image said of how it lies."""
    width, height = picture.pixels.size
    return Header(picture.format, width, height, picture.pixels.mode, picture.bit_depth, picture.orientation)


def plausible_dpi(x: float, y: float) -> Dpi | None:
    """Return (x, y) in dots per inch, or None where a file says something that no format could keep (0, 1e6)."""
    return (x, y) if 0.5 <= x <= 65_535 and 0.5 <= y <= 65_535 else None
