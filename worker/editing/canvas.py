"""A canvas with what is found on it: the product, in words and as a plane."""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.contract.errors import EngineFailed, NoProduct
from likeness.imaging.colour import alpha_of
from likeness.imaging.frame import rgba_of
from likeness.imaging.matting import Matte, matte_of
from likeness.imaging.packshot.cutout import Cutout, cut_out
from likeness.imaging.packshot.on_white import completed
from likeness.imaging.packshot.remains import cleared
from likeness.imaging.picture import Picture
from worker.editing.hanging import FindHanger, cut_bare
from worker.engine import Canvas, Plane

Sample = TypeVar("Sample", bound=np.generic)

LEAST_PRODUCT, MOST_PRODUCT = 0.005, 0.995
"""Share of the picture; what is found outside these bounds is no product."""


HUNG = "left out: the hanger that the product hangs on; send a mask to keep it"


class AnalysedCanvas:
    """A canvas with what is found on it; `size` is height and width without the padding."""

    def __init__(
        self,
        canvas: Canvas,
        size: tuple[int, int],
        segment: Callable[[Canvas], Plane],
        describe: Callable[[Canvas], str | None],
        mask: Plane | None = None,
        cut_out: Plane | None = None,
        uncovered: Canvas | None = None,
        kept: NDArray[np.bool_] | None = None,
        find_hanger: FindHanger | None = None,
    ) -> None:
        self.canvas, self.size, self._segment, self._describe = canvas, size, segment, describe
        self._find_hanger = find_hanger
        self.mask = None if mask is None else self.padded(mask)
        self.cut_out = None if cut_out is None else self.padded(cut_out)
        """The alpha of an image that is cut out already: that is its product."""
        self.uncovered = uncovered
        """The colours of a cut-out, of the canvas' size, that was flattened; None where its alpha is kept."""
        self.kept = None if kept is None else self.padded(kept.astype(np.float32)) > 0.5
        """Where nothing may change, whatever the task says; None is nowhere."""

    @cached_property
    def seen(self) -> Plane:
        """Where the product is, 0..1, by the image's own alpha or as the segmenter sees it; it may be nowhere."""
        if self.cut_out is not None:
            return self.cut_out
        return self.padded(self._segment(self.picture))

    @property
    def glimpsed(self) -> Plane | None:
        """Where the product is, for figures alone: None where no segmenter can be loaded."""
        try:
            return self.seen
        except EngineFailed:
            return None

    @property
    def segmented(self) -> Plane | None:
        """What the segmenter took for the product, without the padding; None where it was not asked, or a mask sent."""
        asked = self.mask is None and self.cut_out is None and "seen" in self.__dict__
        return self.cut(self.seen) if asked else None

    @property
    def picture(self) -> Canvas:
        """The canvas without the padding."""
        return np.ascontiguousarray(self.canvas[: self.size[0], : self.size[1]])

    @property
    def caption(self) -> str | None:
        """What the picture shows, in words; None where no captioner is installed."""
        return self._describe(self.picture)

    @property
    def product(self) -> Plane:
        """Where the product is. Raises NoProduct when there is none, or nothing else."""
        share = float((self.cut(self.seen) > 0.5).mean())
        if not LEAST_PRODUCT <= share <= MOST_PRODUCT:
            raise NoProduct("nothing stands out as the product, or all of it does; send a mask")
        return self.seen

    @cached_property
    def matte(self) -> Matte:
        """The product without its background. Raises NoProduct as `product`."""
        if self.cut_out is None:
            return matte_of(self.canvas, self.product)
        return Matte(self.product, self.canvas if self.uncovered is None else self.uncovered)

    @cached_property
    def parted(self) -> Matte:
        """The product to be set before another background, its edges drawn anew. Raises NoProduct as `product`.

        It is that of the sent mask, which has the background, where there is one.
        """
        if self.mask is None and self.cut_out is not None:
            return self.matte
        cut = self._parted
        alpha = np.multiply(cut.alpha, np.float32(1 / 255), dtype=np.float32)
        colour = np.multiply(cut.rgb, np.float32(1 / 255), dtype=np.float32)
        return Matte(alpha, np.where(alpha[..., None] == 1, self.canvas, colour))

    @cached_property
    def hanger(self) -> float | None:
        """How probable it is that a hanger shows in `parted`; None where its product was sent, or nobody can tell."""
        if self.mask is not None or self.cut_out is not None or self._find_hanger is None:
            return None
        return self._find_hanger(self._parted.rgb, self._parted.alpha)

    @property
    def hung(self) -> bool:
        """Whether `parted` is without the hanger that the product hung on."""
        return "_parted" in self.__dict__ and self._parted.hung

    @cached_property
    def _parted(self) -> Cutout:
        eight_bit = np.rint(255 * self.canvas).astype(np.uint8)
        if self.mask is not None:
            return cut_out(eight_bit, np.asarray(1 - self.mask, np.float32))
        seen = completed(eight_bit, self.product)
        return cut_bare(eight_bit, cleared(eight_bit, seen), seen, self._find_hanger)

    @property
    def keeps_alpha(self) -> bool:
        """Whether it is a cut-out whose colours are mixed by its alpha when it is shown."""
        return self.cut_out is not None and self.uncovered is None

    @property
    def found(self) -> Plane | None:
        """What was taken for the product, without the padding, H x W in 0..1; None where nobody looked for it."""
        known = self.__dict__
        product = known["matte"].alpha if "matte" in known else known.get("seen")
        return None if product is None else self.cut(product)

    def cut(self, plane: NDArray[Sample]) -> NDArray[Sample]:
        """Return a plane without the padding."""
        return plane[: self.size[0], : self.size[1]]

    def padded(self, plane: Plane) -> Plane:
        """Return a plane or a map of the picture's size, H x W or H x W x 3, with the canvas' padding."""
        bottom, right = (a - b for a, b in zip(self.canvas.shape[:2], plane.shape[:2], strict=True))
        return np.asarray(cv2.copyMakeBorder(plane, 0, bottom, 0, right, cv2.BORDER_REFLECT_101), dtype=np.float32)


def cut_out_of(picture: Picture) -> Plane | None:
    """Return the alpha of a cut-out, upright, H x W in 0..1; None of an image without alpha or without a hole."""
    if alpha_of(picture) is None:
        return None
    alpha = rgba_of(picture)[..., 3]
    return alpha if LEAST_PRODUCT <= float((alpha > 0.5).mean()) <= MOST_PRODUCT else None
