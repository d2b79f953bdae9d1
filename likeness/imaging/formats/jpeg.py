"""JPEG files as segments: what the header says, and the segments that make pixels (ITU-T T.81, JFIF 1.02)."""

import re
import struct
from collections.abc import Iterator

from likeness.contract.errors import InvalidPicture, MultiViewPicture, UnsupportedFormat
from likeness.imaging.formats import exif
from likeness.imaging.picture import MAX_PROFILE_BYTES, Dpi, Header, plausible_dpi

MAGIC = b"\xff\xd8\xff"
MAX_SEGMENTS = 4_096
MAX_SCANS = 128  # each scan of a progressive file walks the whole image; usual encoders write about ten
APP0, APP1, APP2, APP14, COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
TAKEN_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # what libjpeg decodes: baseline, extended, progressive, arithmetic
BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}  # without a length
MODES = {1: "L", 3: "RGB", 4: "CMYK"}
MP_ENTRIES = 0xB002
MP_TYPE, MULTI_VIEW = 0x00FFFFFF, {0x020001: "a panorama", 0x020002: "a stereo pair", 0x020003: "several angles"}
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"

_marker = re.compile(rb"\xff[^\x00\xff]")
_marker_in_scan = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # restarts and stuffed bytes belong to the coded pixels

Segment = tuple[int, bytes]


def read(data: bytes) -> Header:
    """Return the header of a JPEG file, of its first image. Raises InvalidPicture, UnsupportedFormat, MultiViewPicture.

    Behind the first image a camera may put others (thumbnails, a gain map), and a phone a video: they are left out.
    """
    segments = [(marker, data[start:end]) for marker, start, end in _segments(data)]
    _refuse_several_views(segments)
    width, height, mode = _frame(segments)
    tags = exif.read(_first(segments, APP1, b"Exif\0\0"))
    return Header(
        format="jpeg",
        width=width,
        height=height,
        mode=mode,
        orientation=tags.orientation,
        icc_profile=_profile(segments),
        dpi=_jfif_dpi(segments) or tags.dpi,
        gain_map=_has_gain_map(segments),
    )


def pixels_only(data: bytes) -> bytes:
    """Return the first image with nothing but the segments that make pixels (Adobe's tells how colours are stored)."""
    kept, scan, coded = [data[:2]], len(data), len(data)
    for marker, start, end in _segments(data):
        if marker == START_OF_SCAN:
            scan, coded = start - 4, end
        elif marker in (APP0, APP14) or not (APP0 <= marker <= 0xEF or marker == COMMENT):
            kept.append(data[start - 4 : end])
    return b"".join([*kept, data[scan : _end_of_image(data, coded)]])


def xmp(data: bytes) -> bytes | None:
    """Return a file's XMP packet, or None; parts that go on in further segments are left out. Raises InvalidPicture."""
    segments = [(marker, data[start:end]) for marker, start, end in _segments(data)]
    return _first(segments, APP1, XMP_PREFIX).removeprefix(XMP_PREFIX) or None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment's body up to the first scan's; stray bytes between are passed over."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        match = _marker.search(data, at)
        if match is None or data[match.end() - 1] == END_OF_IMAGE:
            raise InvalidPicture("the JPEG file ends before its image")
        marker, at = data[match.end() - 1], match.end()
        if marker in BARE_MARKERS:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise InvalidPicture("the JPEG file is cut off")
        if marker == START_OF_SCAN and data.find(bytes((0xFF, END_OF_IMAGE)), at + length) < 0:
            raise InvalidPicture("the JPEG file is cut off")  # no pixel is coded as these bytes
        yield marker, at + 2, at + length
        if marker == START_OF_SCAN:
            return
        at += length
    raise InvalidPicture(f"a JPEG of more than {MAX_SEGMENTS} segments")


def _end_of_image(data: bytes, at: int) -> int:
    """Return where the image ends whose first scan's coded pixels begin at `at`: behind its end-of-image marker."""
    scans = 1
    for _ in range(MAX_SEGMENTS):
        match = _marker_in_scan.search(data, at)
        if match is None:
            raise InvalidPicture("the JPEG file is cut off")
        marker, at = data[match.end() - 1], match.end()
        if marker == END_OF_IMAGE:
            return at
        scans += marker == START_OF_SCAN
        if scans > MAX_SCANS:
            raise InvalidPicture(f"a JPEG of more than {MAX_SCANS} scans")
        if marker not in BARE_MARKERS:
            at += int.from_bytes(data[at : at + 2], "big")
    raise InvalidPicture(f"a JPEG of more than {MAX_SEGMENTS} segments")


def _frame(segments: list[Segment]) -> tuple[int, int, str]:
    """Return width, height and mode from the one start-of-frame segment."""
    frames = [(marker, body) for marker, body in segments if marker in FRAMES]
    if len(frames) != 1 or len(frames[0][1]) < 6:
        raise InvalidPicture("a JPEG without exactly one frame header")
    marker, body = frames[0]
    bits, height, width, layers = struct.unpack_from(">BHHB", body)
    if bits != 8 or marker not in TAKEN_FRAMES:
        raise UnsupportedFormat(f"a JPEG of {bits} bits per channel in coding process {marker - 0xC0}")
    if layers not in MODES:
        raise UnsupportedFormat(f"a JPEG of {layers} channels; 1, 3 or 4 are taken")
    return width, height, MODES[layers]


def _refuse_several_views(segments: list[Segment]) -> None:
    """Raise MultiViewPicture where the images of a file are parts of one view (CIPA DC-007, Multi-Picture Format).

    Thumbnails, and images of a kind that is not told (such as gain maps), stand beside a first image that is whole.
    """
    index = _first(segments, APP2, b"MPF\0")[4:]
    order = exif.byte_order(index)
    entries = exif.undefined(index, MP_ENTRIES)
    for (attribute,) in struct.iter_unpack(order + "I12x", entries[: len(entries) // 16 * 16]):
        if view := MULTI_VIEW.get(attribute & MP_TYPE):
            raise MultiViewPicture(f"a JPEG of several images that make up {view}; one that stands alone is taken")


def _has_gain_map(segments: list[Segment]) -> bool:
    """Whether a gain map stands behind the image, by Android's XMP (Ultra HDR) or by ISO 21496-1."""
    if any(marker == APP1 and b"hdrgm:Version" in body for marker, body in segments):
        return True
    return bool(_first(segments, APP2, ISO_GAIN_MAP))


def _first(segments: list[Segment], wanted: int, prefix: bytes) -> bytes:
    """Return the first body of this marker that starts so, or nothing."""
    return next((body for marker, body in segments if marker == wanted and body.startswith(prefix)), b"")


def _profile(segments: list[Segment]) -> bytes | None:
    """Return the ICC profile, put together from its numbered parts, or None when there is none or a part is missing."""
    parts = sorted(body[12:] for marker, body in segments if marker == APP2 and body.startswith(b"ICC_PROFILE\0"))
    if not parts or len(parts[0]) < 2 or parts[0][1] != len(parts):
        return None
    profile = b"".join(part[2:] for part in parts)
    if len(profile) > MAX_PROFILE_BYTES:
        raise InvalidPicture(f"the JPEG file's ICC profile has over {MAX_PROFILE_BYTES} bytes")
    return profile


def _jfif_dpi(segments: list[Segment]) -> Dpi | None:
    body = _first(segments, APP0, b"JFIF\0")
    if len(body) < 12 or body[7] not in (1, 2):  # unit 0 gives a proportion only
        return None
    x, y = struct.unpack_from(">HH", body, 8)
    per_inch = 2.54 if body[7] == 2 else 1.0
    return plausible_dpi(x * per_inch, y * per_inch)
