"""What must not change about an image, and the way image -> canvas -> image that keeps it."""

import hashlib
from dataclasses import dataclass
from math import gcd

import cv2
import numpy as np
from PIL import Image

from likeness.contract.report import FrameRow
from likeness.imaging.colour import (
    CHANNELS,
    Bytes,
    Floats,
    Samples,
    alpha_of,
    as_cmyk,
    as_deep_rgb,
    as_grey,
    as_rgb,
    image_of,
    pillow_transparency,
    rgb_of,
    samples_of,
    transparent_colour,
)
from likeness.imaging.colour_space import STRIP, ColourSpace, colours_of, space_of, srgb_of
from likeness.imaging.fill import fill_hidden
from likeness.imaging.palette import Palette
from likeness.imaging.picture import ColourChunks, Dpi, Format, Picture

QUARTER_TURNS = {1: 0, 2: 0, 3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}  # counter-clockwise, to stand upright
MIRRORED = {2, 4, 5, 7}


@dataclass(frozen=True, eq=False)
class Frame:
    """What must not change: width and height as stored, and everything that says how the samples are to be read.

    `alpha` is H x W, 0..255, or None. `palette` (mode P) and `inks` (CMYK) hold the given samples too: there one
    colour can be stored in several ways, and what was not changed is to be stored as it was. `space` is that of the
    numbers, None where it is sRGB; with one, `given` is the image itself, for the same reason.
    """

    format: Format
    width: int
    height: int
    mode: str
    bit_depth: int
    orientation: int
    icc_profile: bytes | None
    dpi: Dpi | None
    alpha: Bytes | None
    transparency: bytes | None
    palette: Palette | None
    inks: Bytes | None
    lossless: bool = False
    colour_chunks: ColourChunks = ()
    space: ColourSpace | None = None
    given: Picture | None = None

    @classmethod
    def of(cls, picture: Picture) -> "Frame":
        """Return the frame of a decoded image."""
        mode = picture.pixels.mode
        return cls(
            format=picture.format,
            width=picture.pixels.width,
            height=picture.pixels.height,
            mode=mode,
            bit_depth=picture.bit_depth,
            orientation=picture.orientation,
            icc_profile=picture.icc_profile,
            dpi=picture.dpi,
            alpha=alpha_of(picture),
            transparency=picture.transparency,
            palette=Palette.of(picture) if mode == "P" else None,
            inks=samples_of(picture.pixels).astype(np.uint8, copy=False) if mode == "CMYK" else None,
            lossless=picture.lossless,
            colour_chunks=picture.colour_chunks,
            space=(space := space_of(picture)),
            given=picture if space else None,
        )

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a viewer shows them, after the orientation is applied."""
        turned = QUARTER_TURNS[self.orientation] % 2
        return (self.height, self.width) if turned else (self.width, self.height)

    def canvas(self, picture: Picture, multiple: int = 8, minimum: int = 64) -> Floats:
        """Return the image for an engine: upright sRGB, H x W x 3 in 0..1, colour filled in where alpha is 0.

        Padded at the right and bottom, by reflection, to multiples of `multiple` px and at least `minimum` px a side.
        """
        rgb = srgb_of(picture)
        if self.alpha is not None:
            rgb = fill_hidden(rgb, self.alpha)
        return padded(upright(rgb, self.orientation), multiple, minimum)

    def restore(self, canvas: Floats) -> Image.Image:
        """Return a made canvas (H x W x 3 in 0..1, padding included) in this frame, alpha put back exactly.

        RGB becomes grey by luma, black and white by the threshold 0.5 (no dithering: it would add a texture that was
        not there), palette indices by the nearest entry of the given palette, CMYK with the given black. Raises
        ValueError for a canvas smaller than the image, or with NaN in it (half-precision decoders overflow so).
        """
        width, height = self.upright_size
        shown = canvas[:height, :width]
        if shown.shape != (height, width, 3) or np.isnan(shown).any():
            raise ValueError(f"a canvas of {shown.shape} for an image {height} px high and {width} wide, or with NaN")
        rgb = np.ascontiguousarray(np.clip(stored_orientation(shown, self.orientation), 0, 1), dtype=np.float32)
        return self._image(self._samples(self._own_numbers(rgb)))

    def _own_numbers(self, srgb: Floats) -> Floats:
        """Return H x W x 3 of sRGB in the numbers of this image; where the colour is the given one, so are they.

        That also brings back the colours which sRGB does not have.
        """
        if self.space is None or self.given is None:
            return srgb
        own, half = rgb_of(self.given), np.float32(0.5 / (2**self.bit_depth - 1))
        for top in range(0, len(own), STRIP):
            rows = slice(top, top + STRIP)
            shown = np.clip(self.space.to_srgb(own[rows]), 0, 1)
            same = (np.abs(srgb[rows] - shown) < half).all(axis=2, keepdims=True)
            own[rows] = np.where(same, own[rows], self.space.from_srgb(srgb[rows]))
        return own

    def _samples(self, rgb: Floats) -> Samples:
        """Return H x W x 3 in 0..1 as samples of this mode."""
        if self.palette:
            return self.palette.nearest(as_rgb(rgb))
        if self.inks is not None:
            return as_cmyk(rgb, self.inks)
        if self.mode in ("RGB", "RGBA"):
            colour: Samples = as_deep_rgb(rgb) if self.bit_depth == 16 else as_rgb(rgb)
        else:
            colour = as_grey(rgb, self.bit_depth)
        if self.alpha is None:
            return colour
        return np.dstack([colour, self.alpha]) if self.transparency is None else self._keyed(colour, self.alpha)

    def _keyed(self, colour: Samples, alpha: Bytes) -> Samples:
        """Put the transparent colour where it was, and one step beside itself where it was not."""
        key = np.array(transparent_colour(self.transparency or b"", self.bit_depth), dtype=colour.dtype)
        flat = colour if colour.ndim == 3 else colour[..., None]
        step = 255 // (2**self.bit_depth - 1) if self.bit_depth < 8 else 1
        clash = (flat == key).all(axis=2, keepdims=True) & (alpha > 0)[..., None]
        beside = np.where(flat >= step, flat - step, flat + step)
        keyed = np.where(alpha[..., None] > 0, np.where(clash, beside, flat), key)
        return keyed.reshape(colour.shape).astype(colour.dtype)

    def _image(self, samples: Samples) -> Image.Image:
        image = image_of(samples, self.mode)
        if self.palette:
            image.putpalette(self.palette.colours)
        image.info = pillow_transparency(self.transparency, self.mode, self.bit_depth)
        return image


def rgba_of(picture: Picture) -> Floats:
    """Return the image as a viewer shows it, in sRGB, H x W x 4 in 0..1; opaque where it has no alpha."""
    return np.ascontiguousarray(upright(rgba_stored(picture), picture.orientation))


def rgba_stored(picture: Picture) -> Floats:
    """Return the image as it is stored, in sRGB, H x W x 4 in 0..1; opaque where it has no alpha."""
    rgb, alpha = srgb_of(picture), alpha_of(picture)
    plane = np.full(rgb.shape[:2], 255, np.uint8) if alpha is None else alpha
    return np.dstack([rgb, np.multiply(plane, np.float32(1 / 255), dtype=np.float32)])


def upright(stored: Samples, orientation: int) -> Samples:
    """Return an array H x W (x channels) as a viewer shows it under an EXIF orientation of 1..8."""
    return _mirrored(np.rot90(stored, QUARTER_TURNS[orientation]), orientation)


def stored_orientation(shown: Samples, orientation: int) -> Samples:
    """Undo `upright`."""
    return np.rot90(_mirrored(shown, orientation), -QUARTER_TURNS[orientation])


def padded(rgb: Floats, multiple: int, minimum: int) -> Floats:
    """Return H x W x 3 grown at the right and bottom to multiples of `multiple`, each side at least `minimum` px.

    By reflection without repeating the edge, again and again where the image is small; a side of 1 px is repeated.
    Where nothing has to grow it is the given array.
    """
    height, width = (-(-max(side, minimum) // multiple) * multiple for side in rgb.shape[:2])
    bottom, right = height - rgb.shape[0], width - rgb.shape[1]
    if not bottom and not right:
        return np.ascontiguousarray(rgb, dtype=np.float32)
    grown = cv2.copyMakeBorder(np.ascontiguousarray(rgb), 0, bottom, 0, right, cv2.BORDER_REFLECT_101)
    return np.asarray(grown, dtype=np.float32)


def frame_table(given: Picture, made: Picture) -> list[FrameRow]:
    """Return each property of both frames, and whether it is equal. Sizes are as stored.

    An HDR gain map has a row where there was one: it belongs to the given pixels, and is never kept.
    """
    ours, theirs = _properties(given), _properties(made)
    rows = [
        FrameRow(name=name, given=value, made=theirs[name], equal=value == theirs[name]) for name, value in ours.items()
    ]
    lost = FrameRow(name="gain_map", given="present", made="left out", equal=False)
    return [*rows, lost] if given.gain_map else rows


def _mirrored(plane: Samples, orientation: int) -> Samples:
    return plane[:, ::-1] if orientation in MIRRORED else plane


def _properties(picture: Picture) -> dict[str, str | int | None]:
    width, height = picture.pixels.size
    alpha, dpi = alpha_of(picture), picture.dpi
    return {
        "width": width,
        "height": height,
        "aspect_ratio": f"{width // gcd(width, height)}:{height // gcd(width, height)}",
        "mode": picture.pixels.mode,
        "channels": CHANNELS[picture.pixels.mode],
        "bit_depth": picture.bit_depth,
        "orientation": picture.orientation,
        "alpha": None if alpha is None else _digest(alpha.tobytes()),
        "colour_space": colours_of(picture),
        "icc_profile": None if picture.icc_profile is None else _digest(picture.icc_profile),
        "dpi": None if dpi is None else f"{round(dpi[0])}x{round(dpi[1])}",
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
