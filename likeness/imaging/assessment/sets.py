"""How alike the product's colour is over the results of a set, and which of them differs from all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from likeness.imaging.colour import Floats, alpha_of
from likeness.imaging.colour_space import srgb_of
from likeness.imaging.metrics.delta_e import Reals, ciede2000, lab
from likeness.imaging.outline import Where, reduced
from likeness.imaging.picture import Picture
from likeness.imaging.white_ground import STRONG, edge_of, off_white

UNLIKE_GROUND: Final = 8.0
"""CIEDE2000 from the frame's edge from which on a pixel is product, where nothing else tells."""
SEEN: Final = 3.0
"""CIEDE2000 from which on a shop's visitor sees two products in a row as differently coloured."""
STANDS_OUT: Final = 2.5
"""How many times as far as the median of the others the odd one is from the set's colour."""
LEAST: Final = 3
"""Results of which one can be odd."""

Lab = tuple[float, float, float]


@dataclass(frozen=True)
class SetColours:
    """The spread of a set's colours, in CIEDE2000: of each result from the set's median, and the largest of these."""

    distances: Mapping[int, float]
    spread: float
    odd: int | None


def product_colour(picture: Picture, matte: Floats | None = None) -> Lab:
    """Return the median CIELAB of the product in an image; `matte`, H x W in 0..1, says where that is, if it is known.

    Else its alpha does, else white around it, else how far it is from the colour of the frame's edge.
    """
    rgb = reduced(srgb_of(picture))
    planes = np.asarray(lab(rgb))
    where = _product(rgb, planes, matte if matte is not None else _alpha(picture))
    inside = planes[:, where] if where.any() else planes.reshape(3, -1)
    light, a, b = (float(value) for value in np.median(inside, axis=1))
    return round(light, 3), round(a, 3), round(b, 3)


def _alpha(picture: Picture) -> Floats | None:
    alpha = alpha_of(picture)
    return None if alpha is None or alpha.min() == 255 else np.asarray(alpha, np.float32) / np.float32(255)


def _product(rgb: Floats, planes: Reals, share: Floats | None) -> Where:
    if share is not None:
        return np.asarray(cv2.resize(share, rgb.shape[1::-1], interpolation=cv2.INTER_AREA)) > 0.5
    off = off_white(rgb)
    if off is not None:
        return off > STRONG
    ground = np.median(np.stack([edge_of(plane) for plane in planes]), axis=1)
    return np.asarray(ciede2000(planes, np.broadcast_to(ground[:, None, None], planes.shape))) > UNLIKE_GROUND


def set_colours(colours: Mapping[int, Lab]) -> SetColours:
    """Return how alike colours are; `odd` is the one that is seen to differ, and far more than the others do."""
    every = np.array(list(colours.values()), dtype=np.float64).T
    middle = np.broadcast_to(np.median(every, axis=1, keepdims=True), every.shape)
    found = np.asarray(ciede2000(every, middle), dtype=np.float64)
    distances = {key: round(float(value), 2) for key, value in zip(colours, found, strict=True)}
    farthest = max(distances, key=lambda key: distances[key])
    others = [distances[key] for key in distances if key != farthest]
    least = max(SEEN, STANDS_OUT * float(np.median(others))) if others else 0.0
    odd = farthest if len(distances) >= LEAST and distances[farthest] > least else None
    return SetColours(distances, distances[farthest], odd)
