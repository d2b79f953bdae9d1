"""WebP files as chunks: what the header says (RFC 9649)."""

import struct
from collections.abc import Iterator

from likeness.contract.errors import AnimatedPicture, InvalidPicture
from likeness.imaging.formats import exif
from likeness.imaging.picture import MAX_PROFILE_BYTES, MAX_XMP_BYTES, Header

MAX_CHUNKS = 4_096
MAX_SIDE = 16_383
HAS_ALPHA, HAS_ANIMATION = 0x10, 0x02
LOSSLESS_ALPHA = 1 << 28
FRAME_CHUNKS = {b"VP8X", b"VP8 ", b"VP8L", b"EXIF", b"ICCP"}


def is_webp(data: bytes) -> bool:
    """Whether the bytes start as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read(data: bytes) -> Header:
    """Return the header of a WebP file. Raises InvalidPicture or AnimatedPicture."""
    found: dict[bytes, bytes] = {}
    for name, start, end in _chunks(data):
        if name in FRAME_CHUNKS and name not in found:
            found[name] = data[start:end]
    width, height, alpha = _size(found)
    tags = exif.read(found.get(b"EXIF", b""))
    if len(found.get(b"ICCP", b"")) > MAX_PROFILE_BYTES:
        raise InvalidPicture(f"the WebP file's ICC profile has over {MAX_PROFILE_BYTES} bytes")
    return Header(
        format="webp",
        width=width,
        height=height,
        mode="RGBA" if alpha else "RGB",
        orientation=tags.orientation,
        icc_profile=found.get(b"ICCP"),
        dpi=tags.dpi,
        lossless=b"VP8L" in found,
    )


def xmp(data: bytes) -> bytes | None:
    """Return a file's XMP packet, if there is one that is short enough to be read. Raises InvalidPicture."""
    for name, start, end in _chunks(data):
        if name == b"XMP " and end - start <= MAX_XMP_BYTES:
            return data[start:end]
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of each chunk's body."""
    end_of_file = 8 + int.from_bytes(data[4:8], "little")
    if end_of_file > len(data):
        raise InvalidPicture("the WebP file is cut off")
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > end_of_file:
            return
        name, length = struct.unpack_from("<4sI", data, at)
        start, end = at + 8, at + 8 + length
        if end > end_of_file:
            raise InvalidPicture("the WebP file is cut off")
        yield name, start, end
        at = end + length % 2
    raise InvalidPicture(f"a WebP of more than {MAX_CHUNKS} chunks")


def _size(found: dict[bytes, bytes]) -> tuple[int, int, bool]:
    """Return width, height and whether there is an alpha channel."""
    if b"VP8X" in found:
        return _extended_size(found[b"VP8X"])
    if b"VP8L" in found:
        return _lossless_size(found[b"VP8L"])
    body = found.get(b"VP8 ", b"")
    if len(body) < 10 or body[3:6] != b"\x9d\x01\x2a":
        raise InvalidPicture("a WebP file without an image")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF, False


def _extended_size(body: bytes) -> tuple[int, int, bool]:
    if len(body) < 10:
        raise InvalidPicture("a WebP file without its header")
    if body[0] & HAS_ANIMATION:
        raise AnimatedPicture("an animated WebP; one frame is taken")
    width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    return width, height, bool(body[0] & HAS_ALPHA)


def _lossless_size(body: bytes) -> tuple[int, int, bool]:
    if len(body) < 5 or body[0] != 0x2F:
        raise InvalidPicture("a WebP file without an image")
    bits = int.from_bytes(body[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits & LOSSLESS_ALPHA)
