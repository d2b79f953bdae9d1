"""Stored samples to RGB in 0..1 and back, for every mode that is taken. No profile is applied: numbers stay numbers."""

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from likeness.imaging.picture import Picture

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Samples = NDArray[Any]  # uint8, or uint16 for 16 bits per channel

CHANNELS = {"1": 1, "L": 1, "I;16": 1, "P": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}


def luma(rgb: Floats) -> Floats:
    """Return H x W Rec. 601 luma of H x W x 3 (the weights that Pillow and JPEG use)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.float32)


class DeepImage(Image.Image):
    """An image of 16 bits per channel in colour, which Pillow has no mode for: to it, it is one of 8 bits.

    `deep` are the samples, H x W x 3, uint16. What Pillow makes of it, a copy or another size, has 8 bits.
    """

    def __init__(self, deep: NDArray[np.uint16]) -> None:
        super().__init__()
        self.__dict__.update(Image.fromarray((deep >> 8).astype(np.uint8)).__dict__)
        self.deep = deep


def samples_of(image: Image.Image) -> Samples:
    """Return what is stored, H x W or H x W x channels: uint8 (mode 1 as 0 and 255, P as indices) or uint16."""
    if isinstance(image, DeepImage):
        return image.deep
    stored = np.asarray(image)
    return stored.astype(np.uint8) * np.uint8(255) if image.mode == "1" else stored


def image_of(samples: Samples, mode: str) -> Image.Image:
    """Undo `samples_of`."""
    height, width = samples.shape[:2]
    if samples.ndim == 3 and samples.dtype == np.uint16:
        return DeepImage(samples)
    if mode == "1":
        return Image.fromarray(samples > 0)
    return Image.frombytes(mode, (width, height), samples.tobytes())


def rgb_of(picture: Picture) -> Floats:
    """Return the stored image (not turned) as H x W x 3 in 0..1; grey as three equal channels, alpha left out."""
    samples, mode = samples_of(picture.pixels), picture.pixels.mode
    if mode == "P":
        return _unit(palette_table(palette_of(picture.pixels), picture.transparency)[samples][..., :3])
    if mode == "CMYK":
        return rgb_of_cmyk(_unit(samples))
    if mode in ("RGB", "RGBA"):
        return _unit(samples[..., :3])
    grey = _unit(samples[..., 0] if mode == "LA" else samples)
    return np.repeat(grey[..., None], 3, axis=2)


def as_rgb(rgb: Floats) -> Bytes:
    """Return H x W x 3 in 0..1 as bytes."""
    return np.asarray(cv2.convertScaleAbs(rgb, alpha=255), dtype=np.uint8)


def as_deep_rgb(rgb: Floats) -> Samples:
    """Return H x W x 3 in 0..1 as uint16."""
    return np.rint(rgb * 65_535).astype(np.uint16)


def as_grey(rgb: Floats, bit_depth: int) -> Samples:
    """Return the luma of H x W x 3 in 0..1 as H x W samples: uint16 for 16 bits, else uint8 spread over 0..255."""
    levels = 2**bit_depth - 1
    steps = np.rint(luma(rgb) * levels)
    if bit_depth == 16:
        return np.asarray(steps, dtype=np.uint16)
    return np.asarray(steps * (255 // levels), dtype=np.uint8)


def as_cmyk(rgb: Floats, given: Bytes) -> Bytes:
    """Return H x W x 4 inks for `rgb`, with the given black where the colour is not brighter than it allows.

    Where the colour is the given one, so are the inks.
    """
    inks = _unit(given)
    paper = np.maximum(1 - inks[..., 3:], rgb.max(axis=2, keepdims=True))
    cmy = 1 - rgb / np.maximum(paper, np.float32(1e-6))
    made = np.rint(np.concatenate([cmy, 1 - paper], axis=2) * 255).astype(np.uint8)
    same = (np.abs(rgb - rgb_of_cmyk(inks)) < 0.5 / 255).all(axis=2, keepdims=True)
    return np.where(same, given, made)


def rgb_of_cmyk(inks: Floats) -> Floats:
    """Return the RGB of H x W x 4 inks, all in 0..1, as if inks were ideal (as Pillow does)."""
    return (1 - inks[..., :3]) * (1 - inks[..., 3:])


def alpha_of(picture: Picture) -> Bytes | None:
    """Return the alpha plane, H x W, 0..255: stored, from a palette, or from a transparent colour; None if opaque."""
    mode = picture.pixels.mode
    if mode in ("LA", "RGBA"):
        return np.ascontiguousarray(samples_of(picture.pixels)[..., -1], dtype=np.uint8)
    if picture.transparency is None:
        return None
    samples = samples_of(picture.pixels)
    if mode == "P":
        return palette_table(palette_of(picture.pixels), picture.transparency)[samples][..., 3]
    key = transparent_colour(picture.transparency, picture.bit_depth)
    hidden = (np.atleast_3d(samples) == np.array(key, dtype=samples.dtype)).all(axis=2)
    plane: Bytes = np.where(hidden, np.uint8(0), np.uint8(255))
    return plane


def palette_table(palette: bytes, transparency: bytes | None) -> Bytes:
    """Return 256 x 4: colour and alpha of each index; those beyond the palette are black, beyond tRNS opaque."""
    table = np.zeros((256, 4), dtype=np.uint8)
    table[:, 3] = 255
    table[: len(palette) // 3, :3] = np.frombuffer(palette, dtype=np.uint8).reshape(-1, 3)
    if transparency:
        table[: len(transparency), 3] = np.frombuffer(transparency, dtype=np.uint8)
    return table


def transparent_colour(transparency: bytes, bit_depth: int) -> int | tuple[int, ...]:
    """Return the colour that a PNG's tRNS declares transparent, scaled as Pillow scales the samples it loads."""
    scale = 255 // (2**bit_depth - 1) if bit_depth < 8 else 1
    found = tuple((value & (2**bit_depth - 1)) * scale for (value,) in struct.iter_unpack(">H", transparency))
    return found if len(found) > 1 else found[0]


def pillow_transparency(transparency: bytes | None, mode: str, bit_depth: int) -> dict[str | tuple[int, int], Any]:
    """Return the `info` by which Pillow knows of a transparent colour or palette entry."""
    if transparency is None:
        return {}
    return {"transparency": transparency if mode == "P" else transparent_colour(transparency, bit_depth)}


def palette_of(image: Image.Image) -> bytes:
    """Return the stored colours of an image of mode P, 3 bytes each."""
    return bytes(image.getpalette("RGB") or ())


UNITS = np.multiply(np.arange(256, dtype=np.uint8), np.float32(1 / 255), dtype=np.float32)
"""Each byte as a number in 0..1."""


def _unit(samples: Samples) -> Floats:
    if samples.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(samples), UNITS), dtype=np.float32)
    return np.multiply(samples, np.float32(1 / 65_535), dtype=np.float32)
