"""A packshot from start to end: cut out, turned, balanced, placed, lit; and what was done, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from likeness.contract.options import Box as Patch
from likeness.contract.packshots import colour_of, size_of
from likeness.contract.presets import Look
from likeness.imaging.colour import Bytes
from likeness.imaging.packshot.compose import Colour, Composed, backdrop_of, composed
from likeness.imaging.packshot.cutout import Cutout
from likeness.imaging.packshot.edge import unspilt
from likeness.imaging.packshot.placement import Placed, Placement, Size, placed, placement_of
from likeness.imaging.packshot.shadow import kept, mirrored, taken_by
from likeness.imaging.packshot.straighten import lean_of, turned
from likeness.imaging.packshot.white_balance import Gains, balanced, gains_of, gains_of_patch

EVEN: Final[Gains] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Shot:
    """A finished packshot and how it came to be.

    `alpha` is the product's in the frame, H x W, 0..255; `degrees` it was turned clockwise; `gains` of linear red,
    """

    composed: Composed
    product: Placed
    placement: Placement
    degrees: float
    gains: Gains

    @property
    def alpha(self) -> Bytes:
        """The product's alpha in the frame, H x W, 0..255."""
        return self.product.whole()


def frame_of(look: Look, cutout: Cutout) -> Size:
    """Return the size in px of the packshot of an original of the cut-out's size."""
    height, width = cutout.alpha.shape
    return (width, height) if look.size is None else size_of(look.size)


def shot_of(rgb: Bytes, cutout: Cutout, look: Look, background: Bytes | None = None) -> Shot:
    """Return the packshot of a product that was cut out of `rgb` (H x W x 3, 0..255).

    `background` is the picture behind it where `look` says `file`. Raises ValueError where there is no product.
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
    product = placed(upright, placement)
    old = kept(rgb, cutout.alpha, placement) if look.shadow == "keep" and degrees == 0 else None
    taken = taken_by(look.shadow, product.whole(), look.angle, old) if look.shadow != "none" else None
    mirror = mirrored(product) if look.shadow == "reflection" else None
    behind: Bytes | Colour | None = background if look.background == "file" else colour_of(look.background)
    return Shot(composed(product, backdrop_of(behind, size), taken, mirror), product, placement, degrees, gains)


def _gains(rgb: Bytes, alpha: Bytes, asked: Mapping[str, float] | str | None) -> Gains:
    if asked is None:
        return EVEN
    if isinstance(asked, str):
        return gains_of(rgb, alpha)
    return gains_of_patch(rgb, Patch.model_validate(dict(asked)))
