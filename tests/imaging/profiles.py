"""ICC profiles made by hand, as cameras, phones and editors put them into files, and littlecms to read them with."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

D50 = (0.9642, 1.0, 0.8249)
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
"""Red, green and blue of each in XYZ, adapted to D50, as the published profiles have them."""


def fixed(number: float) -> int:
    return round(number * 65_536)


def xyz_tag(numbers: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *map(fixed, numbers))


def parametric(*numbers: float) -> bytes:
    """Return a curve of type 3, as of sRGB, or of type 0, a plain power."""
    kind = {1: 0, 5: 3}[len(numbers)]
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + struct.pack(f">{len(numbers)}i", *map(fixed, numbers))


SRGB_CURVE = parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
GAMMA_CURVE = b"curv\0\0\0\0" + struct.pack(">IH", 1, 563)
"""2.19921875, as Adobe RGB (1998) has it."""


def table_curve(gamma: float, points: int) -> bytes:
    values = np.rint(np.linspace(0, 1, points) ** gamma * 65_535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", points) + values.tobytes()


def profile(primaries: tuple[tuple[float, ...], ...], curve: bytes, space: bytes = b"RGB ") -> bytes:
    """Return a display profile of version 4 of these primaries and one curve for all channels."""
    text = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 8, 28) + "test".encode("utf-16-be")
    bodies = {b"desc": text, b"cprt": text, b"wtpt": xyz_tag(D50)}
    bodies |= {name + b"XYZ": xyz_tag(one) for name, one in zip((b"r", b"g", b"b"), primaries, strict=True)}
    bodies |= {name + b"TRC": curve for name in (b"r", b"g", b"b")}
    at, table, data = 132 + 12 * len(bodies), b"", b""
    for name, body in bodies.items():
        table += struct.pack(">4sII", name, at + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    head = struct.pack(">I4sI4s4s4s", at + len(data), b"", 0x04300000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H4s4sI4sIQI", 2026, 1, 1, 0, 0, 0, b"acsp", b"", 0, b"", 0, 0, 0) + xyz_tag(D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(bodies)) + table + data


P3_PROFILE = profile(DISPLAY_P3, SRGB_CURVE)
ADOBE_PROFILE = profile(ADOBE_RGB, GAMMA_CURVE)
SRGB_PROFILE = profile(SRGB, SRGB_CURVE)


def through_littlecms(image: Image.Image, given: bytes, wanted: bytes = SRGB_PROFILE) -> Image.Image:
    """Return an RGB image of one profile in another, as littlecms converts it (relative colorimetric)."""
    one, two = (ImageCms.ImageCmsProfile(BytesIO(data)) for data in (given, wanted))
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    made = ImageCms.profileToProfile(image, one, two, renderingIntent=intent, outputMode="RGB")
    assert made is not None
    return made
