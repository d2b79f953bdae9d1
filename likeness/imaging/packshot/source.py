"""A given image as a packshot takes it: upright, in sRGB whatever profile it came with."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from likeness.imaging.colour import Bytes, alpha_of, as_rgb, rgb_of
from likeness.imaging.frame import upright
from likeness.imaging.picture import Picture

DATE: Final = slice(24, 36)
"""Where an ICC profile says when it was made (ICC.1:2022, 7.2): the same bytes on any day."""
A_DATE: Final = bytes.fromhex("07e8 0001 0001 0000 0000 0000")
LEVELS: Final = 9
"""Levels of a channel at which a profile is compared with sRGB."""


@dataclass(frozen=True)
class Source:
    """An upright image: `rgb` H x W x 3 in sRGB, `alpha` H x W or None, both 0..255; `note` says what was converted."""

    rgb: Bytes
    alpha: Bytes | None
    note: str


def _made() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[DATE] = A_DATE
    return bytes(profile)


SRGB: Final = _made()
"""The ICC profile of sRGB that exports carry."""


def source_of(picture: Picture, convert: bool = True) -> Source:
    """Return an image upright and in sRGB; its profile is applied, with the black point, not merely dropped.

    One that cannot be read is left out, and `note` says so. Without `convert` the numbers stay as they are.
    """
    rgb, note = _converted(picture) if convert else (as_rgb(rgb_of(picture)), "as it was")
    alpha = alpha_of(picture)
    shown = None if alpha is None else np.ascontiguousarray(upright(alpha, picture.orientation))
    return Source(np.ascontiguousarray(upright(rgb, picture.orientation)), shown, note)


def is_srgb(profile: bytes) -> bool:
    """Return whether a profile reads colours as sRGB does, to a grey level; False for one that cannot be read."""
    try:
        return _as_srgb(profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False


def name_of(profile: bytes) -> str:
    """Return what a profile calls itself, in printable characters; `unreadable` for one that cannot be read."""
    try:
        said = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return "unreadable"
    return "".join(one for one in said.strip() if one.isprintable())[:64] or "unnamed"


def _as_srgb(profile: bytes) -> bool:
    opened = ImageCms.ImageCmsProfile(BytesIO(profile))
    if opened.profile.xcolor_space.strip() != "RGB":
        return False
    steps = np.linspace(0, 255, LEVELS).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    seen = np.asarray(_applied(Image.fromarray(cube), opened), np.int16)
    return bool(np.abs(seen - cube).max() <= 1)


def _converted(picture: Picture) -> tuple[Bytes, str]:
    profile, mode = picture.icc_profile, picture.pixels.mode
    plain = as_rgb(rgb_of(picture)) if mode != "RGB" or picture.bit_depth != 8 else np.asarray(picture.pixels)
    if profile is None:
        return plain, "no profile: read as sRGB"
    try:
        if _as_srgb(profile):
            return plain, "sRGB"
        image = picture.pixels if mode in ("L", "CMYK") else Image.fromarray(plain)
        return np.asarray(_applied(image, ImageCms.ImageCmsProfile(BytesIO(profile)))), f"from {name_of(profile)}"
    except (ImageCms.PyCMSError, OSError, ValueError):
        return plain, "its profile cannot be applied: read as sRGB"


def _applied(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """Return an image in sRGB. Raises ImageCms.PyCMSError where the profile is not one of the image's mode."""
    made = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.ImageCmsProfile(BytesIO(SRGB)),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if made is None:
        raise ValueError("the profile was applied in place")
    return made
