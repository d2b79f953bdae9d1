"""PNG files as chunks: what the header says, the chunks that make pixels, and the images that Pillow cannot write.

Pillow never sees the ancillary chunks of an untrusted file: text bombs and odd metadata are walked over, unread.
PNG (Portable Network Graphics) Specification, Third Edition, W3C 2025.
"""

import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.contract.errors import AnimatedPicture, InvalidPicture, UnsupportedFormat
from likeness.imaging.formats import exif
from likeness.imaging.picture import MAX_PROFILE_BYTES, MAX_XMP_BYTES, ColourChunks, Dpi, Header, plausible_dpi

MAGIC = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 65_536  # walking them costs time; a 25 MiB file in 8 KiB pieces has 3,200
METRES_PER_INCH = 0.0254
FAST = 1  # zlib level: encoding is the service's own main cost, and a higher level saves little
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6

MODES = {
    (1, GREY): "1",
    **{(depth, GREY): "L" for depth in (2, 4, 8)},
    (16, GREY): "I;16",
    **{(depth, COLOUR): "RGB" for depth in (8, 16)},
    **{(depth, PALETTE): "P" for depth in (1, 2, 4, 8)},
    (8, GREY_ALPHA): "LA",
    (8, COLOUR_ALPHA): "RGBA",
}
PIXEL_CHUNKS = {b"PLTE", b"tRNS", b"IDAT", b"IEND"}
COLOUR_CHUNKS = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
"""Bytes of each; in the order in which the specification lets one overrule the next (iCCP stands behind cICP)."""
FRAME_CHUNKS = {b"PLTE", b"tRNS", b"pHYs", b"eXIf", b"iCCP", *COLOUR_CHUNKS}
XMP_PREFIX = b"XML:com.adobe.xmp" + bytes(5)  # keyword, not compressed, no language, no translated keyword


def read(data: bytes) -> Header:
    """Return the header of a PNG file. Raises InvalidPicture, UnsupportedFormat or AnimatedPicture."""
    width, height, depth, kind = _ihdr(data)
    found: dict[bytes, bytes] = {}
    for name, start, end in _chunks(data):
        if name == b"acTL":
            raise AnimatedPicture("an animated PNG; one frame is taken")
        if name in FRAME_CHUNKS and name not in found:
            found[name] = _checked(data, name, start, end)
    if kind == PALETTE and not found.get(b"PLTE"):
        raise InvalidPicture("a PNG with a palette that is missing")
    return Header(
        format="png",
        width=width,
        height=height,
        mode=_mode(depth, kind),
        bit_depth=depth,
        orientation=exif.read(found.get(b"eXIf", b"")).orientation,
        icc_profile=_profile(found[b"iCCP"]) if b"iCCP" in found else None,
        dpi=_dpi(found.get(b"pHYs", b"")),
        transparency=_transparency(found.get(b"tRNS"), kind),
        colour_chunks=tuple(
            (name.decode(), found[name]) for name, size in COLOUR_CHUNKS.items() if len(found.get(name, b"")) == size
        ),
    )


def pixels_only(data: bytes) -> bytes:
    """Return the file with nothing but the chunks that make pixels, each checked against its CRC."""
    kept = [data[: len(MAGIC) + 25]]
    for name, start, end in _chunks(data):
        if name in PIXEL_CHUNKS:
            _checked(data, name, start, end)
            kept.append(data[start - 8 : end + 4])
    return b"".join(kept)


def deep_samples(data: bytes) -> NDArray[np.uint16]:
    """Return the samples of a file of 16 bits per channel in colour, H x W x 3; Pillow would leave out half of them.

    Of a file that Pillow has decoded without an error.
    """
    found = cv2.imdecode(np.frombuffer(pixels_only(data), np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        raise InvalidPicture("the PNG file is cut off or damaged")
    return np.ascontiguousarray(found[..., 2::-1])


def write_deep(samples: NDArray[np.uint16], transparency: bytes | None, extra: tuple[bytes, ...] = ()) -> bytes:
    """Return a PNG of H x W x 3 samples of 16 bits, with whole chunks put behind its header."""
    _, data = cv2.imencode(".png", samples[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, FAST])
    return with_chunks(data.tobytes(), (*extra, *([chunk(b"tRNS", transparency)] if transparency else [])))


def write(
    samples: NDArray[np.uint8],
    bit_depth: int,
    palette: bytes | None,
    transparency: bytes | None,
    extra: tuple[bytes, ...] = (),
) -> bytes:
    """Return a PNG of indices (with a palette) or grey samples (without), H x W, each below 2**bit_depth.

    Pillow writes neither 2- and 4-bit grey nor a palette at another depth than its length asks for. Rows are not
    filtered: filters do not help such images. `extra` are whole chunks to put before the palette.
    """
    height, width = samples.shape
    kind = GREY if palette is None else PALETTE
    rows = np.pad(_packed(samples, bit_depth), ((0, 0), (1, 0)))
    parts = [MAGIC, chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bit_depth, kind, 0, 0, 0)), *extra]
    parts += [chunk(b"PLTE", palette)] if palette else []
    parts += [chunk(b"tRNS", transparency)] if transparency else []
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(rows.tobytes(), FAST)), chunk(b"IEND", b"")])


def with_chunks(data: bytes, extra: tuple[bytes, ...]) -> bytes:
    """Return a PNG file with whole chunks put right behind its header."""
    start = len(MAGIC) + 25
    return b"".join([data[:start], *extra, data[start:]])


def chunk(name: bytes, body: bytes) -> bytes:
    """Return one whole chunk: length, name, body, CRC."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def xmp(data: bytes) -> bytes | None:
    """Return a file's XMP packet, if there is one that is short enough to be read. Raises InvalidPicture."""
    for name, start, end in _chunks(data):
        if name == b"iTXt" and end - start <= len(XMP_PREFIX) + MAX_XMP_BYTES and data.startswith(XMP_PREFIX, start):
            return _checked(data, name, start, end).removeprefix(XMP_PREFIX)
    return None


def metadata(
    icc_profile: bytes | None,
    dpi: Dpi | None,
    exif_block: bytes,
    xmp_packet: bytes = b"",
    colour_chunks: ColourChunks = (),
) -> tuple[bytes, ...]:
    """Return the chunks for colours, a resolution, an EXIF block and an XMP packet, those that there are."""
    chunks = [chunk(name.encode(), body) for name, body in colour_chunks]
    if icc_profile:
        chunks.append(chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc_profile)))
    if dpi:
        x, y = (round(side / METRES_PER_INCH) for side in dpi)
        chunks.append(chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if exif_block:
        chunks.append(chunk(b"eXIf", exif_block))
    if xmp_packet:
        chunks.append(chunk(b"iTXt", XMP_PREFIX + xmp_packet))
    return tuple(chunks)


def _packed(samples: NDArray[np.uint8], bit_depth: int) -> NDArray[np.uint8]:
    """Return rows of bytes, several samples in each, the first one in the high bits."""
    if bit_depth == 8:
        return samples
    per_byte = 8 // bit_depth
    whole = np.pad(samples, ((0, 0), (0, -samples.shape[1] % per_byte)))
    parts = [whole[:, part::per_byte] << (8 - bit_depth * (part + 1)) for part in range(per_byte)]
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(parts).astype(np.uint8)
    return packed


def _ihdr(data: bytes) -> tuple[int, int, int, int]:
    """Return width, height, bit depth and colour type."""
    if data[8:16] != b"\0\0\0\rIHDR" or len(data) < 33:
        raise InvalidPicture("a PNG without its header")
    width, height, depth, kind = struct.unpack_from(">IIBB", _checked(data, b"IHDR", 16, 29))
    return width, height, depth, kind


def _mode(depth: int, kind: int) -> str:
    if depth == 16 and kind in (GREY_ALPHA, COLOUR_ALPHA):
        raise UnsupportedFormat("16 bits per channel are taken without alpha only; send 8 bits per channel")
    if (depth, kind) not in MODES:
        raise InvalidPicture(f"a PNG of colour type {kind} with {depth} bits, which does not exist")
    return MODES[depth, kind]


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of each chunk's body after the header, up to IEND."""
    at = len(MAGIC) + 25
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(data):
            raise InvalidPicture("the PNG file is cut off")
        length, name = struct.unpack_from(">I4s", data, at)
        start, end = at + 8, at + 8 + length
        if end + 4 > len(data):
            raise InvalidPicture("the PNG file is cut off")
        if name == b"IHDR":
            raise InvalidPicture("a PNG with two headers")
        yield name, start, end
        if name == b"IEND":
            return
        at = end + 4
    raise InvalidPicture(f"a PNG of more than {MAX_CHUNKS} chunks")


def _checked(data: bytes, name: bytes, start: int, end: int) -> bytes:
    """Return a chunk's body; raise InvalidPicture when its CRC does not fit."""
    body = data[start:end]
    if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(data[end : end + 4], "big"):
        raise InvalidPicture(f"the PNG file is damaged in its {name.decode('ascii', 'replace')} chunk")
    return body


def _profile(body: bytes) -> bytes:
    """Return the unpacked profile of an iCCP chunk: a name, a zero, the method, zlib data."""
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(body.partition(b"\0")[2][1:], MAX_PROFILE_BYTES)
    except zlib.error as exc:
        raise InvalidPicture("the PNG file's ICC profile is damaged") from exc
    if not unpacker.eof:
        raise InvalidPicture(f"the PNG file's ICC profile is cut off or unpacks to over {MAX_PROFILE_BYTES} bytes")
    return profile


def _dpi(body: bytes) -> Dpi | None:
    if len(body) != 9 or body[8] != 1:  # unit 0 gives a proportion only
        return None
    x, y = struct.unpack(">II", body[:8])
    return plausible_dpi(x * METRES_PER_INCH, y * METRES_PER_INCH)


def _transparency(body: bytes | None, kind: int) -> bytes | None:
    """Return tRNS where the specification allows it: up to 256 alphas, a grey, or three samples."""
    if body is None or kind not in (GREY, COLOUR, PALETTE):
        return None
    size = {GREY: len(body) == 2, COLOUR: len(body) == 6, PALETTE: 0 < len(body) <= 256}
    if not size[kind]:
        raise InvalidPicture("the PNG file's tRNS chunk is damaged")
    return body
