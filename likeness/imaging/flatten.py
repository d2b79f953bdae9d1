"""An image without its alpha, laid on one colour, for shops that take no transparency."""

from dataclasses import replace

import numpy as np

from likeness.contract.report import FrameRow
from likeness.imaging.colour import Floats, alpha_of, as_grey, as_rgb, image_of, rgb_of
from likeness.imaging.colour_space import space_of
from likeness.imaging.picture import Header, Picture

Colour = tuple[int, int, int]


def flattened(picture: Picture, colour: Colour) -> Picture:
    """Return an image over `colour` (sRGB 0..255): opaque, in 8 bits, grey if both are, else RGB.

    An opaque image comes back as it is. Where alpha is 0 the colour is met exactly.
    """
    plane = alpha_of(picture)
    if plane is None:
        return picture
    behind, space = np.array(colour, dtype=np.float32).reshape(1, 1, 3) / np.float32(255), space_of(picture)
    if space is not None:
        behind = space.from_srgb(behind)
    alpha = np.multiply(plane, np.float32(1 / 255), dtype=np.float32)[..., None]
    laid: Floats = np.ascontiguousarray(rgb_of(picture) * alpha + behind * (1 - alpha))
    mode = _mode(picture.pixels.mode, colour)
    samples = as_rgb(laid) if mode == "RGB" else as_grey(laid, 8)
    return replace(picture, pixels=image_of(samples, mode), transparency=None, bit_depth=8)


def flattened_header(header: Header, colour: Colour) -> Header:
    """Return what the header of the flattened image says."""
    if header.mode not in ("LA", "RGBA") and header.transparency is None:
        return header
    return replace(header, mode=_mode(header.mode, colour), transparency=None, bit_depth=8)


def flattened_rows(rows: list[FrameRow], given: Picture, code: str) -> list[FrameRow]:
    """Return a frame table whose mode tells what the image was before it was flattened onto the colour `code`."""
    said = f"{given.pixels.mode}, flattened onto {code}"
    return [row.model_copy(update={"given": said}) if row.name == "mode" else row for row in rows]


def _mode(mode: str, colour: Colour) -> str:
    return "L" if mode in ("1", "L", "LA", "I;16") and len(set(colour)) == 1 else "RGB"
