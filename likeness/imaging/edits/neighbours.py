"""Which colours of a product are one cloth's although they are far apart: those that pass into each other in light."""

from itertools import combinations

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.outline import Where, disc

GENTLE, LEAST_LINE = 0.65, 150
"""Share of two colours' difference within 5 px, up to which they pass into each other; px of the line on which they do.
"""


def with_neighbours(cloth: Where, alike: Where, meeting: Where) -> Where:
    """Return which of K colours are the cloth's: those known, and what they pass into one after another, as in a light.

    `alike` and `meeting` are K x K: which colours differ little, and which meet without an edge.
    """
    joined = cloth
    for _ in cloth:
        joined = joined | (alike & meeting & joined[:, None]).any(axis=0)
    return joined


def gentle(lab: Floats, nearest: Floats, core: Where, centres: Floats, scale: float) -> Where:
    """Return K x K: which colours meet along a line on which they pass into each other."""
    soft = np.asarray(cv2.GaussianBlur(lab, (0, 0), 2 * scale), dtype=np.float32)
    slopes = [cv2.Sobel(soft, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    step = 5 * scale * np.sqrt(sum((slope**2).sum(axis=2) for slope in slopes))
    areas = [(nearest == at) & core for at in range(len(centres))]
    wide = [cv2.dilate(area.astype(np.uint8), disc(1)) > 0 for area in areas]
    made = np.zeros((len(centres), len(centres)), dtype=bool)
    for one, other in combinations(range(len(centres)), 2):
        line = wide[one] & areas[other]
        if line.sum() >= LEAST_LINE * scale:
            apart = float(np.linalg.norm(centres[one] - centres[other]))
            made[one, other] = made[other, one] = float(np.median(step[line])) < GENTLE * apart
    return made
