"""Garments for small generators: each product of the photos alone on white, in the middle of a small square."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.pictures import Pictures, Pixels

MARGIN = 0.05
"""White on each side of the product's longer side, as a share of the square."""
LEAST = 60
"""Images that a class needs to become a label."""


@dataclass(frozen=True)
class Garments:
    """N x size x size x 3 images, which class each is of, and the names of the classes in order."""

    pictures: Pixels
    classes: NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """Return the share of the images that each class has; they sum to 1."""
        counts = np.bincount(self.classes, minlength=len(self.names))
        return tuple(float(count) for count in counts / counts.sum())


def garments(pictures: Pictures, size: int) -> Garments:
    """Return the garments of the classes with at least LEAST photos; held-out photos are not among them."""
    names = frequent(pictures.labels)
    kept = [number for number, label in enumerate(pictures.labels) if label in names]
    alone = [on_white(pictures.photos[number], pictures.masks[number], size) for number in kept]
    classes = np.asarray([names.index(pictures.labels[number]) for number in kept])
    return Garments(np.stack(alone), classes, names)


def frequent(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that occur at least LEAST times, in alphabetical order."""
    return tuple(sorted(label for label, count in Counter(labels).items() if count >= LEAST))


def on_white(photo: Pixels, mask: Pixels, size: int) -> Pixels:
    """Return the product of a photo, H x W x 3, on white: size x size x 3, its mask's bounding box in the middle."""
    alpha = mask.astype(np.float32)[..., None] / 255
    whole = photo * alpha + 255 * (1 - alpha)
    top, bottom, left, right = _box(mask)
    side = int(np.ceil(max(bottom - top, right - left) / (1 - 2 * MARGIN)))
    square = np.full((side, side, 3), 255, np.float32)
    row, column = (side - (bottom - top)) // 2, (side - (right - left)) // 2
    square[row : row + bottom - top, column : column + right - left] = whole[top:bottom, left:right]
    return np.rint(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)).astype(np.uint8)


def _box(mask: Pixels) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask.max(1) > 127)[0], np.nonzero(mask.max(0) > 127)[0]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
