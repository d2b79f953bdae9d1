"""A packshot from start to end: cut out, turned, balanced, placed, lit; and what was done, in numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from likeness.contract.options import Box as Patch
from likeness.contract.packshots import colour_of, size_of
from likeness.contract.presets import Look
from likeness.imaging.colour import Bytes
from likeness.imaging.fill import fill_hidden
from likeness.imaging.packshot.compose import Colour, Composed, backdrop_of, composed
from likeness.imaging.packshot.cutout import Cutout
from likeness.imaging.packshot.edge import unspilt
from likeness.imaging.packshot.placement import ENLARGED, Placed, Placement, Size, placed, placement_of
from likeness.imaging.packshot.shadow import kept, mirrored, taken_by
from likeness.imaging.packshot.straighten import lean_of, turned
from likeness.imaging.packshot.white_balance import Gains, balanced, gains_of, gains_of_patch

Enlarge = Callable[[Bytes], Bytes | None]
"""Returns H x W x 3 in 0..255 a whole number of times as large; None where nothing is installed that could."""
MOST_ENLARGED: Final = 1_500_000
"""Pixels of an original up to which a network enlarges it: on a CPU it takes minutes for more."""
EVEN: Final[Gains] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Shot:
    """A finished packshot and how it came to be.

    `degrees` it was turned clockwise; `gains` of linear red, green and blue; whether a network `restored` its detail.
    """

    composed: Composed
    product: Placed
    placement: Placement
    degrees: float
    gains: Gains
    restored: bool = False

    @property
    def alpha(self) -> Bytes:
        """The product's alpha in the frame, H x W, 0..255."""
        return self.product.whole()


def frame_of(look: Look, cutout: Cutout) -> Size:
    """Return the size in px of the packshot of an original of the cut-out's size."""
    height, width = cutout.alpha.shape
    return (width, height) if look.size is None else size_of(look.size)


def shot_of(
    rgb: Bytes, cutout: Cutout, look: Look, background: Bytes | None = None, enlarge: Enlarge | None = None
) -> Shot:
    """Return the packshot of a product that was cut out of `rgb` (H x W x 3, 0..255).

    `background` is the picture behind it where `look` says `file`; `enlarge` is what enlarges colours better than a
    filter. Raises ValueError where there is no product.
    """
    gains = _gains(rgb, cutout.alpha, look.white_balance)
    degrees = lean_of(cutout.alpha) if look.straighten == "auto" else float(look.straighten or 0)
    size = frame_of(look, cutout)
    upright = turned(replace(cutout, rgb=unspilt(rgb, cutout.rgb, cutout.alpha)), degrees)
    if gains != EVEN:
        upright = replace(upright, rgb=balanced(upright.rgb, gains))
    if upright.box is None:
        raise ValueError("there is no product")
    most = 1.0 if look.upscale == "never" else float("inf")
    placement = placement_of(upright.box, size, look.fill, look.align, most)
    larger = _larger(upright, placement, enlarge)
    product = placed(upright, placement, larger)
    old = kept(rgb, cutout.alpha, placement) if look.shadow == "keep" and degrees == 0 else None
    taken = taken_by(look.shadow, product.whole(), look.angle, old) if look.shadow != "none" else None
    mirror = mirrored(product) if look.shadow == "reflection" else None
    behind: Bytes | Colour | None = background if look.background == "file" else colour_of(look.background)
    made = composed(product, backdrop_of(behind, size), taken, mirror)
    return Shot(made, product, placement, degrees, gains, larger is not None)


def _larger(cutout: Cutout, placement: Placement, enlarge: Enlarge | None) -> Bytes | None:
    """Return a cut-out's colours enlarged, without edges to nothing; None for one that is not to be, or too large."""
    if enlarge is None or placement.scale <= ENLARGED or cutout.alpha.size > MOST_ENLARGED:
        return None
    unit = np.multiply(cutout.rgb, np.float32(1 / 255), dtype=np.float32)
    return enlarge(np.rint(255 * fill_hidden(unit, cutout.alpha)).astype(np.uint8))


def _gains(rgb: Bytes, alpha: Bytes, asked: Mapping[str, float] | str | None) -> Gains:
    if asked is None:
        return EVEN
    if isinstance(asked, str):
        return gains_of(rgb, alpha)
    return gains_of_patch(rgb, Patch.model_validate(dict(asked)))
