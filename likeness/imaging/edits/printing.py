"""A print laid on a product: fitted into its place, bent by the folds, lit as the cloth, outlined where it is alike."""

import cv2
import numpy as np

from likeness.contract.options import Box
from likeness.imaging.colour import Floats, luma
from likeness.imaging.edits.free_place import Place
from likeness.imaging.edits.lettering import Colour, outlined
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from likeness.imaging.outline import reduced, scale_of

BLACK, WHITE = (20, 20, 22), (248, 248, 246)
"""Inks: a little lighter than black and darker than white, as printed ones are."""

DARKEST, LIGHTEST = 0.6, 1.25
"""How far the product's shading may darken and lighten a print."""
SHADING = 4.0
"""Sigma, in px of a short side of 400, of the shading that a print follows."""
LEAST_LIGHT = 0.05
"""Luma added before light is compared, so that noise on black does not count."""
WEAVE = 0.06
"""How far the cloth's own threads may lighten or darken the ink."""
THREADS = 1.5
"""Sigma, in px of a short side of 400, of what is coarser than threads."""

FOLDS = 3.5
"""Sigma, in px of a short side of 400, of the lightness whose slope bends a print."""
BEND, MOST_BEND = 1.4, 3.0
"""Px, of a short side of 400, that a slope of 1 L* in such a px moves a print by, and the most that it is moved by."""

ALIKE = 45.0
"""CIELAB distance to the ground below which ink can hardly be read."""
MUCH = 0.12
"""Share of a print's edge alike the ground from which on it is outlined."""
OUTLINE = 0.05
"""Width of an outline in heights of the print."""
CARD = 0.97
"""Share of its box that a print covers from which on it is a card, whose edge need not be seen."""


def printed(rgb: Floats, product: Floats, stamp: Floats, box: Place) -> tuple[Floats, Floats]:
    """Return `rgb` (H x W x 3, 0..1) with `stamp` (h x w x 4) centred in `box`, and the alpha printed, H x W in 0..1.

    The stamp keeps its proportions, is bent by the folds and lit as the product (mask H x W in 0..1) is there. Where
    the box meets the product the print ends with it; where it does not, the whole stamp is printed.
    """
    window = _window(box, product.shape)
    laid = _bent(_laid(stamp, box, window), rgb, product, window)
    alpha = np.zeros_like(product)
    alpha[window] = laid[..., 3] * _printable(product, box)[window]
    made, share = rgb.copy(), alpha[window][..., None]
    ink = laid[..., :3] / np.maximum(laid[..., 3:], np.float32(1e-6)) * _light(rgb, product, box, window)[..., None]
    under = rgb[window]
    made[window] = np.where(share > 0, under * (1 - share) + np.clip(ink, 0, 1) * share, under)
    return made, alpha


def ink_for(rgb: Floats, product: Floats, box: Place) -> Colour:
    """Return the ink that is further in L* from the product under the box, or from all that is there: dark or light."""
    return BLACK if float(_under(rgb, product, box)[0]) > 50 else WHITE


def set_off(stamp: Floats, rgb: Floats, product: Floats, box: Place) -> Floats:
    """Return a stamp that can be read on the product under the box: outlined, where its edge is much like the ground.

    The outline is dark or light, whichever is further from both.
    """
    if float((stamp[..., 3] > 0.5).mean()) > CARD:
        return stamp
    ground = _under(rgb, product, box)
    shown = (stamp[..., 3] > 0.5).astype(np.uint8)
    edge = (shown > 0) & (cv2.erode(shown, np.ones((5, 5), np.uint8), borderValue=0) == 0)
    inks = lab_of(stamp[..., :3])[edge]
    if not len(inks) or float((np.linalg.norm(inks - ground, axis=1) < ALIKE).mean()) < MUCH:
        return stamp
    mean = inks.mean(axis=0)
    return outlined(stamp, max((BLACK, WHITE), key=lambda ink: _apart(ink, ground, mean)), OUTLINE)


def _apart(ink: Colour, *others: Floats) -> float:
    return min(float(np.linalg.norm(lab_of_colour(ink) - other)) for other in others)


def box_px(place: Box, height: int, width: int) -> Place:
    """Return a place given in shares as px of an upright image: inside it, at least 1 px a side."""
    left, right = _span(place.left, place.width, width)
    top, bottom = _span(place.top, place.height, height)
    return left, top, right - left, bottom - top


def _span(start: float, length: float, side: int) -> tuple[int, int]:
    first = min(round(start * side), side - 1)
    return first, min(side, max(first + 1, round((start + length) * side)))


def _under(rgb: Floats, product: Floats, box: Place) -> Floats:
    """Return the median CIELAB colour of the product under a box, or of all that is there."""
    left, top, width, height = box
    there = np.s_[top : top + height, left : left + width]
    lab, solid = lab_of(rgb[there]), product[there] > 0.5
    return np.asarray(np.median(lab[solid if solid.any() else ~solid], axis=0), dtype=np.float32)


def _window(box: Place, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of a box and of what bending may move out of it."""
    margin = int(np.ceil(MOST_BEND * min(shape) / 400)) + 2
    left, top, width, height = box
    return (
        slice(max(0, top - margin), min(shape[0], top + height + margin)),
        slice(max(0, left - margin), min(shape[1], left + width + margin)),
    )


def _laid(stamp: Floats, box: Place, window: tuple[slice, slice]) -> Floats:
    """Return the stamp fitted into the box, in an otherwise empty window, its colours multiplied by its alpha."""
    left, top, wide, high = box
    scale = min(wide / stamp.shape[1], high / stamp.shape[0])
    size = max(1, int(stamp.shape[1] * scale)), max(1, int(stamp.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    weighted = np.dstack([stamp[..., :3] * stamp[..., 3:], stamp[..., 3]])
    fitted = np.clip(cv2.resize(weighted, size, interpolation=way), 0, 1)
    rows, columns = window
    left, top = left + (wide - size[0]) // 2 - columns.start, top + (high - size[1]) // 2 - rows.start
    laid = np.zeros((rows.stop - rows.start, columns.stop - columns.start, 4), dtype=np.float32)
    laid[top : top + size[1], left : left + size[0]] = fitted
    return laid


def _bent(laid: Floats, rgb: Floats, product: Floats, window: tuple[slice, slice]) -> Floats:
    """Return what is laid moved along the slope of the product's smoothed lightness, as cloth moves it."""
    scale = scale_of(product.shape)
    light = _smooth(lab_of(reduced(rgb))[..., 0], reduced(product), FOLDS * scale)
    slopes = [cv2.Sobel(light, cv2.CV_32F, *way, ksize=3, scale=BEND * scale / 8) for way in ((1, 0), (0, 1))]
    most = MOST_BEND * scale
    moved = [
        np.asarray(cv2.GaussianBlur(np.clip(slope, -most, most), (0, 0), FOLDS * scale), np.float32) for slope in slopes
    ]
    enlarged = min(product.shape) / min(light.shape)
    y, x = np.mgrid[: laid.shape[0], : laid.shape[1]].astype(np.float32)
    across, down = (_at_full_size(plane, window, product.shape) * np.float32(enlarged) for plane in moved)
    return np.asarray(cv2.remap(laid, x + across, y + down, cv2.INTER_LINEAR), dtype=np.float32)


def _at_full_size(small: Floats, window: tuple[slice, slice], shape: tuple[int, ...]) -> Floats:
    """Return what a reduced plane says in a window of the whole."""
    rows, columns = window
    down, across = small.shape[0] / shape[0], small.shape[1] / shape[1]
    y, x = np.mgrid[rows, columns].astype(np.float32)
    places = (
        (x + np.float32(0.5)) * np.float32(across) - np.float32(0.5),
        (y + np.float32(0.5)) * np.float32(down) - 0.5,
    )
    return np.asarray(cv2.remap(small, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _printable(product: Floats, box: Place) -> Floats:
    """Return how much of a print each pixel takes: the product with a soft rim; all of it if none is under the box."""
    left, top, width, height = box
    if not (product[top : top + height, left : left + width] > 0.5).any():
        return np.ones_like(product)
    return np.minimum(product, cv2.GaussianBlur(product, (0, 0), 1.0))


def _light(rgb: Floats, product: Floats, box: Place, window: tuple[slice, slice]) -> Floats:
    """Return how light each px of a window is beside what is under the box: its shading, and some of its threads."""
    scale, solid = scale_of(product.shape), reduced(product)
    bright = luma(np.ascontiguousarray(reduced(rgb))) + np.float32(LEAST_LIGHT)
    shading = _at_full_size(_smooth(bright, solid, SHADING * scale), window, product.shape)
    left, top, width, height = box
    there = np.s_[top - window[0].start :, left - window[1].start :]
    mean = float(shading[there][:height, :width].mean())
    own = luma(np.ascontiguousarray(rgb[window])) + np.float32(LEAST_LIGHT)
    threads = own / cv2.GaussianBlur(own, (0, 0), max(1.0, THREADS * min(product.shape) / 400))
    return np.asarray(np.clip(shading / mean, DARKEST, LIGHTEST) * np.clip(threads, 1 - WEAVE, 1 + WEAVE), np.float32)


def _smooth(plane: Floats, mask: Floats, sigma: float) -> Floats:
    """Return a plane smoothed within the product, or as a whole where there is none."""
    solid = (mask > 0.5).astype(np.float32)
    if not solid.any():
        solid = np.ones_like(solid)
    reach = max(1.0, sigma)
    share = cv2.GaussianBlur(solid, (0, 0), reach)
    whole = cv2.GaussianBlur(plane, (0, 0), reach)
    within = cv2.GaussianBlur(plane * solid, (0, 0), reach) / np.maximum(share, np.float32(1e-3))
    return np.where(share > 1e-3, within, whole)
