"""A product on nothing: its share of each pixel, and its own colour where pixels are mixed."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.matting import matte_of
from likeness.imaging.outline import main_parts
from likeness.imaging.packshot.edge import hardened
from likeness.imaging.packshot.hanger import unhung
from likeness.imaging.packshot.remains import mended, uncrumbed
from likeness.imaging.packshot.taken_down import taken_down

Where = NDArray[np.bool_]

SOLID: Final = 128
"""Alpha from which on a pixel is more product than not."""
BLEED: Final = 5
"""Side in px of the neighbourhood from which the pixels just outside a product take a colour."""
TOUCHING: Final = 0.02
"""Share of a side of the frame that a product has to cover to be cut by it, and not merely to touch it."""


class Box(NamedTuple):
    """Pixels from (left, top) up to, without, (right, bottom)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Px across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Px down."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Cutout:
    """A product: `rgb` H x W x 3, its own colour and none of its old background's, and `alpha` H x W; both 0..255.

    `hung`: whether it hung on a hanger, which was left out.
    """

    rgb: Bytes
    alpha: Bytes
    hung: bool = False

    @property
    def box(self) -> Box | None:
        """The box around what is more product than not; None where nothing is."""
        return box_of(self.alpha >= SOLID)

    @property
    def parts(self) -> int:
        """How many pieces the product has, without crumbs of under a hundredth of the largest."""
        count, _ = cv2.connectedComponents(main_parts(self.alpha >= SOLID).astype(np.uint8), connectivity=8)
        return count - 1

    @property
    def cut_at(self) -> list[str]:
        """The sides of the frame that the product is cut by: left, top, right, bottom."""
        solid = self.alpha >= SOLID
        edges = {"left": solid[:, 0], "top": solid[0], "right": solid[:, -1], "bottom": solid[-1]}
        return [side for side, edge in edges.items() if float(edge.mean()) > TOUCHING]


def cut_out(rgb: Bytes, mask: Floats, seen: Floats | None = None, bare: bool = False) -> Cutout:
    """Return the product that a soft `mask` (H x W, 0..1) shows in `rgb` (H x W x 3, 0..255).

    Where it is opaque it has the very samples that were given. Edges are drawn anew, smooth and hard. With `seen`, a
    network's own mask, the hook that the product hangs on is left out; `bare` takes down all that is no cloth above it.
    """
    matte = matte_of(np.multiply(rgb, np.float32(1 / 255), dtype=np.float32), mask)
    alpha = mended(np.rint(matte.alpha * 255).astype(np.uint8), mask)
    worn = alpha if seen is None else unhung(rgb, seen, alpha)
    worn = taken_down(rgb, worn) if bare else worn
    hung, alpha = worn is not alpha, worn
    mixed = (alpha > 0) & (alpha < 255)
    colour = rgb.copy()
    colour[mixed] = np.rint(np.clip(matte.colour[mixed], 0, 1) * 255)
    made, edged = hardened(rgb, colour, alpha)
    alone = uncrumbed(edged)
    return Cutout(bled(made, alone), alone, hung)


def cut_out_of(rgb: Bytes, alpha: Bytes) -> Cutout:
    """Return the cut-out that an image with alpha (0..255, not premultiplied) is already."""
    return Cutout(bled(rgb, alpha), alpha)


def box_of(where: Where) -> Box | None:
    """Return the box around what is true, H x W; None where nothing is."""
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not rows.size:
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def bled(rgb: Bytes, alpha: Bytes) -> Bytes:
    """Return H x W x 3 whose hidden pixels hold nothing of what was behind the product.

    Next to it they have its colour, so that a viewer which smooths before it blends shows no rim; farther off, black.
    """
    made = np.where(alpha[..., None] > 0, rgb, np.uint8(0))
    seen = (alpha > 0).astype(np.uint8)
    near = cv2.dilate(seen, np.ones((BLEED, BLEED), np.uint8)) > seen
    share = cv2.blur(seen.astype(np.float32), (BLEED, BLEED))[near]
    for channel in range(3):
        mean = cv2.blur(made[..., channel].astype(np.float32), (BLEED, BLEED))[near]
        made[near, channel] = np.rint(np.clip(mean / np.maximum(share, 1e-6), 0, 255))
    return made
