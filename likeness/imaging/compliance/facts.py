"""What is measured of a picture for a marketplace's rules: on the pixels of its file, as a viewer shows them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from PIL import Image

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.packshot.compose import away_from
from likeness.imaging.packshot.cutout import Box, Cutout, Where
from likeness.imaging.picture import Format

NEAR: Final = 8
"""Px around a product that are not judged as background: what JPEG's blocks may change there."""
ROUNDED: Final = 2
"""Levels that a colour may be off in a JPEG, whose YCbCr has fewer colours than RGB (ITU-T T.871)."""
SEEN: Final = 1500
"""Px of the longer side at which sharpness is judged."""
FINE, COARSE = 1.0, 4.0
"""Sigmas in px of what is blurred away to see fine detail, and all of it."""
NEUTRAL: Final = 6
"""Levels by which a shadow's channels may differ."""
BORDER: Final = 0.08
"""Largest width of an added border, of the shorter side."""
STEP: Final = 12
"""Levels by which a border differs from what it surrounds."""


@dataclass(frozen=True)
class Facts:
    """A picture to be judged.

    `rgb` is H x W x 3 in sRGB and `opacity` H x W or None, upright, 0..255; `product` is the alpha of its product
    there. `free` (H x W) is where nothing is known but background, None where that is not known better than by the
    product. `enlarged` is how far a product was scaled, `cut_at` by which sides its original cut it, `said` the
    IPTC digital source type of the file, `made_by_ai` whether a model made it; None of these is not known.
    """

    rgb: Bytes
    opacity: Bytes | None
    product: Bytes
    format: Format
    mode: str
    bit_depth: int
    size_in_bytes: int
    profile: str
    free: Where | None = None
    enlarged: float | None = None
    cut_at: Sequence[str] | None = None
    said: str | None = None
    made_by_ai: bool | None = None
    texts: Sequence[Box] | None = None
    no_texts: str = field(default="no text detector is installed")

    @property
    def width(self) -> int:
        """Px across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Px down."""
        return int(self.rgb.shape[0])

    @cached_property
    def cutout(self) -> Cutout:
        """The product."""
        return Cutout(self.rgb, self.product)

    @cached_property
    def box(self) -> Box | None:
        """The box around the product; None where there is none."""
        return self.cutout.box

    @cached_property
    def fill(self) -> float:
        """The share of the frame that the product takes, on the side where it takes more."""
        return 0.0 if self.box is None else max(self.box.width / self.width, self.box.height / self.height)

    @cached_property
    def margin(self) -> float:
        """The least distance of the product to the frame, of the shorter side."""
        if self.box is None:
            return 0.0
        left, top, right, bottom = self.box
        return min(left, top, self.width - right, self.height - bottom) / min(self.width, self.height)

    @cached_property
    def background(self) -> Where:
        """What is surely background, H x W: over NEAR px from the product, and from any shadow that is known of."""
        away = away_from(self.product, NEAR)
        return away if self.free is None else away & away_from((~self.free).astype(np.uint8), NEAR)

    def not_of(self, colour: tuple[int, int, int], shadow: bool) -> Where:
        """Return the pixels of background not of a colour and opaque; with `shadow`, but for the product's.

        Exactly of it, but for what JPEG's conversion rounds: it has every grey, and each colour within ROUNDED levels.
        """
        slack = ROUNDED if self.format == "jpeg" and len(set(colour)) > 1 else 0
        same = (np.abs(self.rgb.astype(np.int16) - np.array(colour, np.int16)) <= slack).all(axis=2)
        if self.opacity is not None:
            same &= self.opacity == 255
        off: Where = self.background & ~same
        return off & ~self._shadow(off) if shadow else off

    def not_clear(self) -> Where:
        """Return the pixels of background that are not transparent."""
        if self.opacity is None:
            return self.background
        off: Where = self.background & (self.opacity > 0)
        return off

    @cached_property
    def sharpness(self) -> float | None:
        """How much of the product's contrast is fine detail, 0..1; None where it is too small or too plain to tell."""
        return self._fine_at(SEEN)

    @cached_property
    def detail(self) -> float | None:
        """The same at the picture's full size, where one that was enlarged has little."""
        return self._fine_at(max(self.width, self.height))

    def _fine_at(self, most: int) -> float | None:
        if self.box is None:
            return None
        left, top, right, bottom = self.box
        grey, inside = (_seen(plane[top:bottom, left:right], most) for plane in (self.rgb, self.product))
        core = cv2.erode((inside > 254).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        if core.sum() < 400:
            return None
        fine, all_of_it = (np.abs(grey - cv2.GaussianBlur(grey, (0, 0), sigma))[core] for sigma in (FINE, COARSE))
        coarse = float(np.percentile(all_of_it, 95))
        return None if coarse < 4.0 else float(np.percentile(fine, 95)) / coarse

    @cached_property
    def clipped(self) -> float:
        """The share of the product that has lost all drawing: pure white or pure black."""
        inside = self.rgb[self.product == 255]
        if not len(inside):
            return 0.0
        return float(((inside >= 254).all(axis=1) | (inside <= 1).all(axis=1)).mean())

    @cached_property
    def border(self) -> int:
        """The width in px of a border of one colour that was added around the picture; 0 where none was."""
        sides = [self.rgb, self.rgb[::-1], self.rgb.swapaxes(0, 1), self.rgb.swapaxes(0, 1)[::-1]]
        widths = [_border(side, int(BORDER * min(self.width, self.height))) for side in sides]
        same = all(np.abs(self.rgb[0, 0].astype(int) - side[0, side.shape[1] // 2]).max() < STEP for side in sides)
        return min(widths) if same else 0

    def _shadow(self, off: Where) -> Where:
        """Return which of the pixels that are off are a shadow: grey, about the product, not out to the frame."""
        spread = self.rgb.max(axis=2) - self.rgb.min(axis=2)
        near = cv2.dilate((~self.background).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        _, areas = cv2.connectedComponents((off & (spread <= NEUTRAL)).astype(np.uint8), connectivity=8)
        edge = np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])
        kept = np.isin(areas, np.setdiff1d(np.unique(areas[near]), np.append(np.unique(edge), 0)))
        return np.asarray(kept)


def _seen(plane: Bytes, most: int) -> Floats:
    """Return H x W in 0..255, of a longer side of at most so many px."""
    image = Image.fromarray(plane).convert("L")
    image.thumbnail((most, most), Image.Resampling.LANCZOS)
    return np.asarray(image, np.float32)


def _border(side: Bytes, most: int) -> int:
    """Return how many rows from the top are of one colour, if less than `most` and then another picture begins."""
    colour = side[0, side.shape[1] // 2].astype(np.int16)
    for row in range(min(most + 1, side.shape[0])):
        off = np.abs(side[row].astype(np.int16) - colour).max(axis=1) > STEP
        inner = off[row : len(off) - row] if len(off) > 2 * row + 2 else off
        if inner.mean() > 0.9:
            return row
        if off.mean() > 0.02:
            return 0
    return 0
