"""An image without its alpha, laid on one colour, for shops that take no transparency."""

from dataclasses import replace

import numpy as np

from likeness.contract.report import FrameRow
from likeness.imaging.colour import Floats, alpha_of, as_grey, as_rgb, image_of
from likeness.imaging.frame import rgba_stored
from likeness.imaging.picture import Header, Picture

Colour = tuple[int, int, int]


def flattened(picture: Picture, colour: Colour) -> Picture:
    """Return an image over `colour` (sRGB 0..255): opaque, in 8 bits, grey if both are, else RGB.

    An opaque image comes back as it is. Where alpha is 0 the colour is met exactly.
    """
    if alpha_of(picture) is None:
        return picture
    shown = rgba_stored(picture)
    behind = np.array(colour, dtype=np.float32) / np.float32(255)
    alpha = shown[..., 3:]
    laid: Floats = np.ascontiguousarray(shown[..., :3] * alpha + behind * (1 - alpha))
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
