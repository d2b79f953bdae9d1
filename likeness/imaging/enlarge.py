"""A small picture brought to a photo's size, with edges as narrow as the photo's.

Edges are narrowed by moving samples towards them (Arad & Gotsman, "Enhancement by image-dependent warping", IEEE Trans.
Image Processing 8(8), 1999), which adds no halo and no texture. What the small picture does not show is not invented.
"""

import cv2
import numpy as np

from likeness.imaging.colour import Floats, luma

PULL = 0.8
"""How far samples move towards an edge, in px of the small picture, where the edge is as strong as can be."""


class Enlarged:
    """A small picture, h x w x 3, seen in another size, some rows at a time."""

    def __init__(self, small: Floats, size: tuple[int, int]) -> None:
        """Take the picture, and the height and width to see it in."""
        self._small, self._size, self._moved = small, size, towards_edges(small)

    def rows(self, top: int, count: int) -> Floats:
        """Return `count` rows of the large picture, the first of them `top`."""
        down, across = self._small.shape[0] / self._size[0], self._small.shape[1] / self._size[1]
        columns = ((np.arange(self._size[1], dtype=np.float32) + 0.5) * across - 0.5)[None].repeat(count, 0)
        rows = ((np.arange(top, top + count, dtype=np.float32) + 0.5) * down - 0.5)[:, None].repeat(self._size[1], 1)
        moved = cv2.remap(self._moved, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        columns, rows = columns + moved[..., 0], rows + moved[..., 1]
        return np.asarray(
            cv2.remap(self._small, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
        )


def towards_edges(small: Floats) -> Floats:
    """Return where to read h x w x 3 for narrower edges: h x w x 2 offsets in px, to the right and down."""
    light = cv2.GaussianBlur(luma(small), (0, 0), 0.7)
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=1 / 8)
    strength = cv2.GaussianBlur(np.hypot(across, down), (0, 0), 1.0)
    slopes = np.dstack([cv2.Sobel(strength, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))])
    steep = np.hypot(slopes[..., 0], slopes[..., 1])[..., None]
    share = steep / (steep + 0.1 * strength[..., None] + 1e-3)
    return np.asarray(-PULL * share * slopes / np.maximum(steep, 1e-6), dtype=np.float32)
