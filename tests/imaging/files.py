"""Picture files made by hand, for tests: every mode, depth, orientation and kind of transparency, and hostile ones."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

from likeness.imaging.formats import exif, jpeg, png
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.picture import Picture

SRGB = b"not a real profile, but bytes are bytes " * 20
PNG_KINDS = [
    *("grey1", "grey2", "grey4", "grey8", "grey16", "grey-alpha", "rgb", "rgba"),
    *("palette1", "palette2", "palette4", "palette8", "palette8-short", "palette8-alpha"),
    *("grey1-key", "grey2-key", "grey8-key", "grey16-key", "rgb-key", "rgb16", "rgb16-key"),
]


def picture(data: bytes) -> Picture:
    return decode(data, Bounds())


def ihdr(width: int, height: int, depth: int, kind: int) -> bytes:
    return png.MAGIC + png.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def png_file(kind: str, width: int, height: int, seed: int, extra: tuple[bytes, ...] = ()) -> bytes:
    """Return a PNG of random smooth-ish samples of one of PNG_KINDS."""
    random = np.random.default_rng(seed)
    name, _, variant = kind.partition("-")
    depth = int(name.strip("greypaltb") or 8)
    if name.startswith("palette"):
        size = 10 if variant == "short" else 2**depth
        alphas = random.choice([0, 90, 255], size).astype(np.uint8).tobytes() if variant == "alpha" else None
        indices = random.integers(0, size, (height, width), dtype=np.uint8)
        return png.write(indices, depth, random.bytes(3 * size), alphas, extra)
    if depth < 8:
        samples = random.integers(0, 2**depth, (height, width), dtype=np.uint8)
        return png.write(samples, depth, None, b"\0\1" if variant == "key" else None, extra)
    channels = {"grey": 1, "rgb": 3, "rgba": 4}[name.rstrip("0123456789")] + (variant == "alpha")
    colour_type = {1: png.GREY, 2: png.GREY_ALPHA, 3: png.COLOUR, 4: png.COLOUR_ALPHA}[channels]
    samples = random.integers(0, 2**depth, (height, width, channels)).astype(">u2" if depth == 16 else np.uint8)
    rows = samples.reshape(height, -1).view(np.uint8)
    key = samples[0, 0].astype(">u2").tobytes() if variant == "key" else None
    parts = [ihdr(width, height, depth, colour_type), *extra, png.chunk(b"tRNS", key) if key else b""]
    parts += [png.chunk(b"IDAT", zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())), png.chunk(b"IEND", b"")]
    return b"".join(parts)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def photo(mode: str, width: int, height: int, seed: int = 0) -> Image.Image:
    """Return a smooth picture, so that lossy formats keep it well."""
    random = np.random.default_rng(seed)
    channels = len(Image.new(mode, (1, 1)).getbands())
    small = random.integers(0, 256, (4, 4, channels), dtype=np.uint8)
    planes = [Image.fromarray(small[..., c]).resize((width, height), Image.Resampling.BICUBIC) for c in range(channels)]
    return Image.merge(mode, planes) if channels > 1 else planes[0]


def exif_block(orientation: int, dpi: tuple[float, float] | None = None) -> bytes:
    return b"Exif\0\0" + exif.write(exif.Tags(orientation, dpi))


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """Put a segment right behind a JPEG's start."""
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def several_pictures(data: bytes, *kinds: int, others: bytes | None = None) -> bytes:
    """Return a JPEG with further images behind it, of these MP types, as a Multi-Picture Format index lists them."""
    behind = data if others is None else others
    entries = len(kinds) + 1
    rows = [(0xB000, 7, 4, b"0100"), (0xB001, 4, 1, struct.pack(">I", entries)), (0xB002, 7, 16 * entries, bytes(4))]
    at = 8 + 2 + 12 * len(rows) + 4
    rows[2] = (*rows[2][:3], struct.pack(">I", at))
    directory = b"".join(struct.pack(">HHI", *row[:3]) + row[3] for row in rows)
    segment = len(b"MPF\0") + at + 16 * entries + 4
    sizes = [len(data) + segment, *[len(behind)] * len(kinds)]
    places = [0, *(sum(sizes[:number]) - 10 for number in range(1, entries))]  # from the index' own start, at byte 10
    listed = zip((0x20030000, *kinds), sizes, places, strict=True)
    table = b"".join(struct.pack(">IIIHH", *entry, 0, 0) for entry in listed)
    index = b"MM\0*\0\0\0\x08" + struct.pack(">H", len(rows)) + directory + bytes(4) + table
    return with_segment(data, jpeg.APP2, b"MPF\0" + index) + behind * len(kinds)
