"""The EXIF tags that belong to the frame, orientation and resolution: read without the rest, written without the rest.

Read by hand, because only the first directory is needed: whatever else a block holds (nested directories, a megabyte
of maker notes, the place where the photo was taken) is neither parsed nor copied.
"""

import struct
from dataclasses import dataclass
from fractions import Fraction

from likeness.imaging.picture import Dpi, plausible_dpi

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x0112, 0x011A, 0x011B, 0x0128
SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7
INCH, CENTIMETRE = 2, 3
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


@dataclass(frozen=True)
class Tags:
    """`orientation` 1..8 (1 if absent or malformed), `dpi` in dots per inch (None if absent or malformed)."""

    orientation: int = 1
    dpi: Dpi | None = None


def read(block: bytes) -> Tags:
    """Return the frame's tags of an EXIF block (with or without its `Exif` prefix); malformed ones count as absent."""
    block = block.removeprefix(b"Exif\0\0")
    orientation = number(block, ORIENTATION)
    return Tags(orientation if orientation and orientation <= 8 else 1, _dpi(block))


def write(tags: Tags) -> bytes:
    """Return a TIFF block that holds these tags and nothing else."""
    entries = [struct.pack("<HHIHH", ORIENTATION, SHORT, 1, tags.orientation, 0)]
    values = b""
    if tags.dpi:
        values_at = 8 + 2 + 4 * 12 + 4
        x, y = (Fraction(side).limit_denominator(10_000) for side in tags.dpi)
        values = struct.pack("<IIII", x.numerator, x.denominator, y.numerator, y.denominator)
        entries += [
            struct.pack("<HHII", X_RESOLUTION, RATIONAL, 1, values_at),
            struct.pack("<HHII", Y_RESOLUTION, RATIONAL, 1, values_at + 8),
            struct.pack("<HHIHH", RESOLUTION_UNIT, SHORT, 1, INCH, 0),
        ]
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + bytes(4) + values


def number(block: bytes, tag: int) -> int | None:
    """Return a SHORT or LONG of a TIFF block's first directory, or None."""
    order, (kind, raw) = byte_order(block), _entries(block).get(tag, (0, b""))
    if kind == SHORT:
        return int(struct.unpack_from(order + "H", raw)[0])
    return int(struct.unpack(order + "I", raw)[0]) if kind == LONG else None


def undefined(block: bytes, tag: int) -> bytes:
    """Return the bytes of an UNDEFINED of more than four bytes of a TIFF block's first directory; none if malformed."""
    kind, count, raw = _rows(block).get(tag, (0, 0, b""))
    if kind != UNDEFINED or count <= len(raw):
        return b""
    (at,) = struct.unpack(byte_order(block) + "I", raw)
    return block[at : at + count]


def byte_order(block: bytes) -> str:
    """Return how the numbers of a TIFF block are written, as `struct` names it: "<" or ">"."""
    return BYTE_ORDERS.get(block[:4], "<")


def _entries(block: bytes) -> dict[int, tuple[int, bytes]]:
    """Return tag -> (kind, its four value bytes) of the first directory; empty when the block is malformed."""
    return {tag: (kind, raw) for tag, (kind, _, raw) in _rows(block).items()}


def _rows(block: bytes) -> dict[int, tuple[int, int, bytes]]:
    """Return tag -> (kind, count, its four value bytes), as `_entries`."""
    if block[:4] not in BYTE_ORDERS or len(block) < 10:
        return {}
    order = byte_order(block)
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return {}
    (count,) = struct.unpack_from(order + "H", block, start)
    body = block[start + 2 : start + 2 + 12 * count]
    rows = struct.iter_unpack(order + "HHI4s", body[: len(body) // 12 * 12])
    return {tag: (kind, count, raw) for tag, kind, count, raw in rows}


def _rational(block: bytes, tag: int) -> float | None:
    order, (kind, raw) = byte_order(block), _entries(block).get(tag, (0, b""))
    if kind != RATIONAL:
        return None
    (at,) = struct.unpack(order + "I", raw)
    if at + 8 > len(block):
        return None
    top, bottom = struct.unpack_from(order + "II", block, at)
    return float(top / bottom) if bottom else None


def _dpi(block: bytes) -> Dpi | None:
    x, y = _rational(block, X_RESOLUTION), _rational(block, Y_RESOLUTION)
    unit = number(block, RESOLUTION_UNIT) or INCH
    if x is None or y is None or unit not in (INCH, CENTIMETRE):
        return None
    per_inch = 2.54 if unit == CENTIMETRE else 1.0
    return plausible_dpi(x * per_inch, y * per_inch)
