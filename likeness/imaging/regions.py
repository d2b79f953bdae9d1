"""Where an image may change and where it must not: the region, its soft rim, and the proof that the rest was kept."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from likeness.contract.report import Lock
from likeness.imaging.colour import Floats, Samples, image_of, palette_of, palette_table, samples_of
from likeness.imaging.frame import stored_orientation, upright
from likeness.imaging.picture import Picture

Part = Literal["product", "background"]
Where = NDArray[np.bool_]

SURELY_BACKGROUND, SURELY_PRODUCT = 0.2, 0.8
"""Shares of product in a pixel of a mask; what lies between is the rim, which belongs to what changes."""
MASK_RIM = (SURELY_BACKGROUND, SURELY_PRODUCT)
MATTE_RIM = (0.05, 0.95)
"""Between these shares lies the rim of a mask, and of a matte, whose shares are true mixtures."""

WHITE_ENOUGH = 0.5 / 255
"""Of a mask: the darkest grey that is not black."""

FEATHER, FEATHER_SIDE = 1.5, 512
"""Width of a region's soft rim in px, at an image's short side in px."""


def feather_width(height: int, width: int) -> float:
    """Return how many px wide the soft rim of a region is in an image of this size; at least 1."""
    return max(1.0, FEATHER * min(height, width) / FEATHER_SIDE)


def feathered(region: Where, width: float) -> Floats:
    """Return the weight of a change, H x W in 0..1: exactly 0 outside `region`, 1 more than `width` px inside it.

    A region that reaches the image's edge has no rim there.
    """
    if region.all():
        return np.ones(region.shape, dtype=np.float32)
    inwards = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.clip(inwards / (width + 0.5), 0, 1), dtype=np.float32)


def changeable(
    product: Floats | None,
    mask: Part | Floats | None,
    preserve: Part | None,
    rim: tuple[float, float] = MASK_RIM,
) -> Where | None:
    """Return where an image may change, H x W; None is everywhere.

    `product` is the segmenter's mask or a matte, H x W in 0..1, with its `rim`. `mask` names the part that may change,
    or is H x W in 0..1 and white where it may. `preserve` names the part that may not. Raises ValueError for a part
    named without `product`.
    """
    chosen = _part(product, mask, rim) if isinstance(mask, str) else _white(mask)
    if preserve is None:
        return chosen
    left = _part(product, "background" if preserve == "product" else "product", rim)
    return left if chosen is None else chosen & left


def composited(given: Floats, made: Floats, region: Where) -> Floats:
    """Return `made` inside `region` and `given` outside it, both H x W x 3 in 0..1, with a soft rim inside."""
    weight = feathered(region, feather_width(*region.shape))[..., None]
    mixed = given * (1 - weight) + made * weight
    return np.where(region[..., None], mixed, given).astype(np.float32, copy=False)


def locked(given: Picture, made: Picture, kept: Where, *, lossy: bool = False) -> Lock:
    """Return how far what was to be kept has changed; `kept` is H x W of the upright image.

    `lossy` says that it was compressed with losses since it was put back.

    The stored samples are compared, alpha included, each image turned upright; palettes by their colours. Images
    that differ in size, channels or depth have changed by all the steps there are.
    """
    ours, theirs = (upright(_comparable(picture), picture.orientation) for picture in (given, made))
    area = float(kept.mean())
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return Lock(area=area, max_abs_diff=int(np.iinfo(ours.dtype).max), lossy=lossy)
    one, two = ours[kept], theirs[kept]
    change = np.maximum(one, two) - np.minimum(one, two)
    return Lock(area=area, max_abs_diff=int(change.max(initial=0)), lossy=lossy)


def put_back(given: Picture, made: Image.Image, kept: Where) -> Image.Image:
    """Return `made`, as stored and of the size and mode of `given`, with the very samples of `given` where `kept` is.

    A canvas cannot bring back the colours that alpha 0 hides; this does. `kept` is H x W of the upright image.
    """
    ours, theirs = samples_of(given.pixels), samples_of(made)
    where = stored_orientation(kept, given.orientation)
    mixed = image_of(np.where(where if ours.ndim == 2 else where[..., None], ours, theirs), made.mode)
    if made.palette:
        mixed.putpalette(palette_of(made))
    mixed.info = dict(made.info)
    return mixed


def _part(product: Floats | None, name: Part, rim: tuple[float, float]) -> Where:
    """Return where the named part is, with the rim."""
    if product is None:
        raise ValueError(f"the {name} is not known without the product's mask")
    found: Where = product > rim[0] if name == "product" else product < rim[1]
    return found


def _white(mask: Floats | None) -> Where | None:
    return None if mask is None else mask >= WHITE_ENOUGH


def _comparable(picture: Picture) -> Samples:
    """Return the stored samples, H x W x channels; a palette's as colour and alpha."""
    samples = samples_of(picture.pixels)
    if picture.pixels.mode == "P":
        return palette_table(palette_of(picture.pixels), picture.transparency)[samples]
    return np.atleast_3d(samples)
