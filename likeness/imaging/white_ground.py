"""Pictures that stand on white already, where what is not white is the product, whatever a network found."""

from typing import Final

import numpy as np

from likeness.imaging.colour import Floats

WHITE: Final = 0.02
"""Distance of the darkest channel from white, 0..1, up to which a pixel of the frame's edge is white."""
MOSTLY: Final = 0.6
"""Share of the frame's edge that is white where a picture stands on white."""
STRONG: Final = 0.07
"""The same distance from which on a pixel is no shadow on white, but product."""


def off_white(rgb: Floats) -> Floats | None:
    """Return the distance from white of `rgb` (H x W x 3, 0..1) by its darkest channel, H x W in 0..1.

    None where the picture does not stand on white.
    """
    off = np.asarray(1 - rgb.min(axis=2), dtype=np.float32)
    return off if float((edge_of(off) <= WHITE).mean()) >= MOSTLY else None


def edge_of(plane: Floats) -> Floats:
    """Return what lies on the frame's edge of H x W, in one row."""
    return np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])
