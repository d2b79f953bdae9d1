"""How what was sent beside an image is read.

A mask, a control map or a guide lies on it: it has the image's size and is turned with the image. One whose own
EXIF names an orientation is turned by that. An image for its style has a size of its own.
"""

import cv2
import numpy as np

from likeness.contract.errors import FieldProblem, InvalidPicture
from likeness.imaging.colour import Floats, alpha_of, luma, rgb_of
from likeness.imaging.frame import QUARTER_TURNS, rgba_of, rgba_stored, upright
from likeness.imaging.picture import Header, Picture, header_of

BLACK, WHITE = 48 / 255, 207 / 255
"""Of a mask: what is darker is black, what is lighter is white.

Video's black is 16 and its white 235; beside a hard edge JPEG at quality 75 rings by up to 39, and at 60 seldom by 48.
"""
LONGEST_STYLE = 1024
"""Px of the longer side of an image that is taken for its style; a larger one is made smaller."""


def orientation_of_mask(image: Header, mask: Header, field: str = "mask") -> int:
    """Return the EXIF orientation (1..8) that turns the stored mask upright, over the upright image.

    A mask with an orientation of its own (2..8) is turned by it. Another one of the image's stored size lies as the
    stored image does; of the image's upright size, as it is shown. Raises InvalidPicture at `field`, naming both sizes.
    """
    if mask.orientation != 1:
        if upright_size(mask) == upright_size(image):
            return mask.orientation
    elif (mask.width, mask.height) == (image.width, image.height):
        return image.orientation
    elif (mask.width, mask.height) == upright_size(image):
        return 1
    raise _other_size(image, mask, field)


def upright_mask(image: Picture, mask: Picture) -> Floats:
    """Return the mask's luma times its alpha over the upright image, H x W in 0..1.

    So what is transparent is black. Raises InvalidPicture where it does not fit.
    """
    orientation = orientation_of_mask(header_of(image), header_of(mask))
    light, alpha = luma(rgb_of(mask)), alpha_of(mask)
    seen = light if alpha is None else light * (alpha / np.float32(255))
    return np.ascontiguousarray(upright(seen, orientation), dtype=np.float32)


def levelled(mask: Floats) -> tuple[Floats, str | None]:
    """Return a mask, H x W in 0..1, without the noise beside black and white, and what that did to it, if anything.

    Up to BLACK it becomes 0, from WHITE on 1, and the greys between are spread over 0..1, so that soft rims stay soft.
    """
    clean = np.clip((mask - np.float32(BLACK)) / np.float32(WHITE - BLACK), 0, 1)
    noise = ((mask > 0) & (clean == 0)) | ((mask < 1) & (clean == 1))
    if not noise.any():
        return clean, None
    levels = f"up to {BLACK * 255:.0f} of 255 was read as black, from {WHITE * 255:.0f} on as white"
    return clean, f"of the mask, what is {levels}: {float(noise.mean()):.1%} of it, as noise"


def upright_control(image: Picture, control: Picture) -> Floats:
    """Return a control map over the upright image, H x W x 3 in 0..1. Raises InvalidPicture where it does not fit."""
    orientation = orientation_of_mask(header_of(image), header_of(control), "control")
    return np.ascontiguousarray(upright(rgb_of(control), orientation), dtype=np.float32)


def upright_guide(image: Picture, guide: Picture) -> Floats:
    """Return a painted guide over the upright image, H x W x 4 in 0..1. Raises InvalidPicture where it does not fit."""
    orientation = orientation_of_mask(header_of(image), header_of(guide), "guide")
    return np.ascontiguousarray(upright(rgba_stored(guide), orientation), dtype=np.float32)


def style_of(picture: Picture) -> Floats:
    """Return an image for its style: upright, H x W x 3 in 0..1, over white, at most LONGEST_STYLE px a side."""
    over = over_white(picture)
    height, width = over.shape[:2]
    scale = min(1.0, LONGEST_STYLE / max(height, width))
    to = max(1, round(width * scale)), max(1, round(height * scale))
    return np.ascontiguousarray(cv2.resize(over, to, interpolation=cv2.INTER_AREA), dtype=np.float32)


def over_white(picture: Picture) -> Floats:
    """Return an image upright, H x W x 3 in 0..1, of its own size, over white where it is transparent."""
    shown = rgba_of(picture)
    return np.ascontiguousarray(shown[..., :3] * shown[..., 3:] + (1 - shown[..., 3:]), dtype=np.float32)


def upright_size(header: Header) -> tuple[int, int]:
    """Return width and height as a viewer shows them, after the orientation is applied."""
    stored = header.width, header.height
    return stored[::-1] if QUARTER_TURNS[header.orientation] % 2 else stored


def _other_size(image: Header, mask: Header, field: str) -> InvalidPicture:
    (width, height), (wide, high) = upright_size(mask), upright_size(image)
    detail = f"{width} x {height} px, but the image is {wide} x {high} px (both upright); they must be equal"
    return InvalidPicture(f"{field}: {detail}", [FieldProblem(f"#/{field}", detail)])
