"""One repeat of each pattern: which of its inks lies where, and which inks those are.

Woven ones are woven: threads in a colour order cross in a 2/2 twill, and whichever is on top is seen. Printed ones are
drawn. The same name always gives the same repeat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats
from likeness.imaging.edits.floral import floral
from likeness.imaging.edits.recolour import lab_of_colour
from likeness.imaging.oklab import encoded, light_of, linear, oklab_of

Colour = tuple[int, int, int]
Labels = NDArray[np.uint8]
"""Side x side: 0 where the product shows, else the number of the ink."""

IVORY, CHARCOAL, NAVY = (244, 241, 234), (34, 35, 38), (26, 34, 58)
LEAF, POLLEN, SEPIA = (88, 122, 82), (232, 186, 76), (112, 72, 44)
PALE = 72.0
"""L* of a colour from which on what goes with it is dark."""
DRAWN = 768
"""Px of the side of a repeat that is drawn by formula, before it is made as small as it is shown."""


@dataclass(frozen=True)
class Motif:
    """A pattern: its repeat's labels, the inks they stand for by the asked colour, and its length.

    `repeat`: length of a repeat as a share of the product's size, the root of its area.
    """

    labels: Callable[[], Labels]
    inks: Callable[[Colour], Sequence[Colour]]
    repeat: float


def tile_of(motif: Motif, side: int) -> Floats:
    """Return a repeat of `side` px: side x side x inks, the share of each ink in 0..1; what is left is the product."""
    labels = motif.labels()
    grown = max(1, -(-4 * side // len(labels)))
    large = np.repeat(np.repeat(labels, grown, axis=0), grown, axis=1)
    planes = [
        cv2.resize((large == ink).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
        for ink in range(1, int(labels.max()) + 1)
    ]
    return np.dstack(planes).astype(np.float32).reshape(side, side, -1)


def _woven(threads: Sequence[tuple[int, int]]) -> Labels:
    """Return the repeat of a twill whose warp and weft have (ink, count) threads in this order."""
    order = np.repeat([ink for ink, _ in threads], [count for _, count in threads])
    across, down = np.meshgrid(np.arange(len(order)), np.arange(len(order)))
    return np.where((across + down) % 4 < 2, order[None, :], order[:, None]).astype(np.uint8)


def _sett() -> Labels:
    half = [(1, 44), (2, 20), (1, 8), (2, 8), (1, 8), (3, 4), (1, 8)]
    return _woven([*half, *half[-2:0:-1]])


def _places() -> tuple[Floats, Floats]:
    """Return x and y of a repeat's pixels, 0..1."""
    y, x = (np.mgrid[:DRAWN, :DRAWN].astype(np.float32) + np.float32(0.5)) / np.float32(DRAWN)
    return x, y


def _stripes() -> Labels:
    return np.asarray(np.abs(_places()[0] - np.float32(0.5)) < 0.21, dtype=np.uint8)


def _dots() -> Labels:
    x, y = _places()
    away = [np.hypot((x - at + 0.5) % 1 - 0.5, (y - at + 0.5) % 1 - 0.5) for at in (0.25, 0.75)]
    return np.asarray(np.minimum(*away) < 0.17, dtype=np.uint8)


def _herringbone() -> Labels:
    """Return two columns of slanting ribs that break at the edge of the next column."""
    x, y = _places()
    left = x < 0.5
    phase = np.where(left, y * 6 + x * 6, y * 6 - x * 6 + 0.5)
    return np.where(phase % 1 < 0.5, 1, 2).astype(np.uint8)


def _alone(colour: Colour) -> Sequence[Colour]:
    return (colour,)


def _and_partner(colour: Colour) -> Sequence[Colour]:
    return colour, CHARCOAL if _light(colour) > PALE else IVORY


def _tone_in_tone(colour: Colour) -> Sequence[Colour]:
    return colour, _between(colour, *((CHARCOAL, 0.4) if _light(colour) > PALE else (IVORY, 0.62)))


def _of_a_tartan(colour: Colour) -> Sequence[Colour]:
    ground = _light(colour)
    return colour, NAVY if ground > 35 else _between(colour, IVORY, 0.35), SEPIA if ground > PALE else IVORY


def _of_flowers(colour: Colour) -> Sequence[Colour]:
    yellow = colour[0] > 190 and colour[1] > 150 and colour[2] < 120
    return LEAF, colour, _between(colour, CHARCOAL, 0.28), SEPIA if yellow else POLLEN


def _light(colour: Colour) -> float:
    return float(lab_of_colour(colour)[0])


def _between(colour: Colour, other: Colour, share: float) -> Colour:
    """Return the colour that far on the way to another, in Oklab."""
    one, two = (oklab_of(linear(np.array(c) / 255)) for c in (colour, other))
    mixed = encoded(np.clip(light_of(one + share * (two - one)), 0, 1))
    red, green, blue = (round(float(channel) * 255) for channel in mixed)
    return red, green, blue


MOTIFS: dict[str, Motif] = {
    "stripes": Motif(_stripes, _alone, 1 / 13),
    "hoops": Motif(lambda: _stripes().T, _alone, 1 / 11),
    "checks": Motif(lambda: _woven([(1, 24), (0, 24)]), _alone, 1 / 13),
    "dots": Motif(_dots, _alone, 1 / 8),
    "gingham": Motif(lambda: _woven([(1, 24), (2, 24)]), _and_partner, 1 / 15),
    "tartan": Motif(_sett, _of_a_tartan, 1 / 4),
    "herringbone": Motif(_herringbone, _tone_in_tone, 1 / 10),
    "houndstooth": Motif(lambda: _woven([(1, 4), (2, 4)]), _and_partner, 1 / 15),
    "floral": Motif(floral, _of_flowers, 1 / 2.6),
}
"""By name. Stripes, hoops, checks, dots and flowers lie on the product's own colour; the others are its whole cloth."""
