"""A product cut out, and its hanger taken down where one shows and can go."""

from collections.abc import Callable

from likeness.contract.gates import MOST_HANGER
from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.packshot.cutout import Cutout, cut_out

FindHanger = Callable[[Bytes, Bytes], float | None]
"""Returns how probable it is that a hanger shows in a cut-out: H x W x 3 and H x W, 0..255; None: it cannot be told."""


def cut_bare(rgb: Bytes, mask: Floats, seen: Floats, find: FindHanger | None) -> Cutout:
    """Return what a mask shows in `rgb` as `cut_out` does, without the hanger above it if then none shows any more."""
    product = cut_out(rgb, mask, seen)
    if not shows(product, find):
        return product
    bare = cut_out(rgb, mask, seen, bare=True)
    return product if shows(bare, find) else bare


def shows(product: Cutout, find: FindHanger | None) -> bool:
    """Return whether a hanger seems to show."""
    return find is not None and (find(product.rgb, product.alpha) or 0.0) > MOST_HANGER
