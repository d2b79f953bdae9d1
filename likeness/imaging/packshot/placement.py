"""Where a product comes to lie in a frame, and its pixels there."""

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from PIL import Image

from likeness.imaging.colour import Bytes
from likeness.imaging.packshot.cutout import Box, Cutout, box_of
from likeness.imaging.packshot.edge import FLATTEST, RAMP, firmness, ramped

Align = Literal["centre", "bottom"]
Size = tuple[int, int]
"""Width and height in px."""
REACH: Final = 4
"""Px of nothing around a cut-out, for the filter that scales it."""
ENLARGED: Final = 1.1
"""Scale from which on edges are sharpened again."""
LEVELLED: Final = 0.5
"""Sigma in px of the original that smooths an outline before it is drawn anew, larger."""


@dataclass(frozen=True)
class Placement:
    """Where a cut-out comes to lie: the px (x, y) to `scale` * (x, y) + (right, down), in a frame of `size`."""

    size: Size
    scale: float
    right: float
    down: float

    def of(self, box: Box) -> tuple[float, float, float, float]:
        """Return where a box comes to lie: left, top, right, bottom."""
        across, over = (self.scale * x + self.right for x in (box.left, box.right))
        top, bottom = (self.scale * y + self.down for y in (box.top, box.bottom))
        return across, top, over, bottom


@dataclass(frozen=True)
class Placed:
    """A product in its frame: `colour`, premultiplied, and `alpha` of the px of `box`, 0..255; nothing is elsewhere."""

    size: Size
    box: Box
    colour: Bytes
    alpha: Bytes

    def whole(self) -> Bytes:
        """Return the alpha of the whole frame, H x W."""
        width, height = self.size
        plane = np.zeros((height, width), np.uint8)
        plane[self.box.top : self.box.bottom, self.box.left : self.box.right] = self.alpha
        return plane


def placement_of(box: Box, size: Size, fill: float, align: Align = "centre", most: float = float("inf")) -> Placement:
    """Return the placement of a product whose box is given, in a frame of `size`.

    `fill` (0..1) is the share of the frame that the box takes on the side where it takes more; it takes less where the
    product would have to be enlarged by over `most`. `bottom` leaves below it what centring leaves on that side.
    """
    width, height = size
    scale = min(fill * min(width / box.width, height / box.height), most)
    right = (width - scale * (box.left + box.right)) / 2
    if align == "bottom":
        below = (1 - fill) / 2 * height
        return Placement(size, scale, _whole(right, scale), height - below - scale * box.bottom)
    down = (height - scale * (box.top + box.bottom)) / 2
    return Placement(size, scale, _whole(right, scale), _whole(down, scale))


def _whole(shift: float, scale: float) -> float:
    """Return a shift in whole px where nothing is scaled, so that every sample stays as it is."""
    return float(round(shift)) if scale == 1 else shift


def placed(cutout: Cutout, placement: Placement, enlarged: Bytes | None = None) -> Placed:
    """Return the product where it is placed: scaled by Lanczos' filter, premultiplied so that no rim comes of it.

    `enlarged` is the cut-out's colours, larger, for one that is enlarged. Raises ValueError for a cut-out of nothing.
    """
    inner = box_of(cutout.alpha > 0)
    if inner is None:
        raise ValueError("there is no product")
    left, top, right, bottom = placement.of(inner)
    width, height = placement.size
    across = max(0, int(np.floor(left))), min(width, int(np.ceil(right)))
    down = max(0, int(np.floor(top))), min(height, int(np.ceil(bottom)))
    box = Box(across[0], down[0], across[1], down[1])
    sheet, source = _sheet(cutout, inner, placement, box)
    if placement.scale == 1:
        made = np.asarray(sheet.crop(tuple(round(edge) for edge in source)))  # type: ignore[arg-type]  # four of them
    else:
        made = np.asarray(sheet.resize((box.width, box.height), Image.Resampling.LANCZOS, source))
    if placement.scale > ENLARGED:
        made = _sharp(made, _edges(cutout.alpha, inner, source, placement, box), placement.scale)
    alpha = made[..., 3]
    colour = made[..., :3]
    if enlarged is not None:
        colour = _coloured(enlarged, enlarged.shape[0] / cutout.alpha.shape[0], alpha, placement, box)
    return Placed(placement.size, box, np.minimum(colour, alpha[..., None]), alpha)


def _coloured(enlarged: Bytes, factor: float, alpha: Bytes, placement: Placement, box: Box) -> Bytes:
    """Return the premultiplied colours in `box` of the frame, of a cut-out's that were enlarged by a factor."""
    height, width = enlarged.shape[:2]
    left, right = ((x - placement.right) / placement.scale * factor for x in (box.left, box.right))
    top, bottom = ((y - placement.down) / placement.scale * factor for y in (box.top, box.bottom))
    part = (max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height))
    shown = Image.fromarray(enlarged).resize((box.width, box.height), Image.Resampling.LANCZOS, part)
    return np.asarray(cv2.multiply(np.asarray(shown), cv2.merge([alpha] * 3), scale=1 / 255))


def _sharp(made: Bytes, firm: Bytes, scale: float) -> Bytes:
    """Return premultiplied pixels that were enlarged, H x W x 4, with edges no softer than before it."""
    alone = made[..., 3].astype(np.float32) * np.float32(1 / 255)
    level = np.asarray(cv2.GaussianBlur(alone, (0, 0), LEVELLED * scale), np.float32)
    share = firm.astype(np.float32) * np.float32(1 / 255)
    edge = ramped(level, RAMP, 0.0, FLATTEST / scale)
    alpha = np.rint(255 * (share * edge) + (1 - share) * made[..., 3])
    gain = (alpha / np.maximum(made[..., 3], 1))[..., None]
    return np.dstack([np.rint(np.minimum(made[..., :3] * gain, 255)), alpha]).astype(np.uint8)


def _edges(
    alpha: Bytes, inner: Box, source: tuple[float, float, float, float], placement: Placement, box: Box
) -> Bytes:
    """Return where a cut-out's outline is an edge, as it comes to lie in `box` of the frame."""
    spare = _spare(placement)
    firm = firmness(alpha)[inner.top : inner.bottom, inner.left : inner.right]
    sheet = Image.fromarray(np.pad(firm, spare, mode="edge"))
    return np.asarray(sheet.resize((box.width, box.height), Image.Resampling.BILINEAR, source))


def _spare(placement: Placement) -> int:
    return int(REACH + np.ceil(1 / placement.scale))


def _sheet(
    cutout: Cutout, inner: Box, placement: Placement, box: Box
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """Return the product, premultiplied, with nothing around it, and the place on it that `box` of the frame shows."""
    rows, columns = slice(inner.top, inner.bottom), slice(inner.left, inner.right)
    spare = _spare(placement)
    sheet = Image.new("RGBa", (inner.width + 2 * spare, inner.height + 2 * spare))
    pixels = np.dstack([cutout.rgb[rows, columns], cutout.alpha[rows, columns]])
    sheet.paste(Image.fromarray(pixels, "RGBA").convert("RGBa"), (spare, spare))
    left, right = ((x - placement.right) / placement.scale - inner.left + spare for x in (box.left, box.right))
    top, bottom = ((y - placement.down) / placement.scale - inner.top + spare for y in (box.top, box.bottom))
    return sheet, (max(left, 0.0), max(top, 0.0), min(right, sheet.width), min(bottom, sheet.height))
