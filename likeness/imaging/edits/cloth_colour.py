"""The colour of a cloth under all the light that it stands in: how far others are from what light makes of it."""

import numpy as np

from likeness.imaging.colour import Floats

FLATTENED = np.array([0.5, 1.5, 1.5], dtype=np.float32)
"""Weights of L*, a*, b* among colours of one cloth: light varies, dye does not."""
OTHER = 14.0
"""Distance in a*, b* from what light makes of the cloth's colour, from which on a colour is another."""
LIGHTER, DARKER = 20.0, 16.0
"""Differences in L* that light does not make at a sharp edge."""
SHADED = 0.7
"""Share of the cloth's light below which no highlight lies."""


def nearest_of(lab: Floats, centres: Floats) -> Floats:
    """Return H x W: which of K x 3 centres is nearest."""
    return np.asarray(np.argmin(np.stack([np.linalg.norm((lab - c) * FLATTENED, axis=-1) for c in centres]), axis=0))


def off_in_shade(lab: Floats, cloth: Floats) -> Floats:
    """Return how far ... x 3 CIELAB colours are, in a* and b*, from what shadows make of a cloth's colour.

    L* counts where it is further off than light makes it. A gleam, which is paler, is far off here.
    """
    light = np.clip((lab[..., 0] + 8) / (cloth[0] + 8), 0.1, 1.6)[..., None]
    chroma = np.linalg.norm(lab[..., 1:] - cloth[1:] * light, axis=-1)
    above = np.maximum(lab[..., 0] - cloth[0] - LIGHTER, 0)
    below = np.maximum(cloth[0] - lab[..., 0] - DARKER, 0)
    return np.asarray(np.hypot(chroma, 2 * (above + below)), dtype=np.float32)


def off_in_any_light(lab: Floats, cloth: Floats) -> Floats:
    """Return how far ... x 3 CIELAB colours are, in a* and b*, from a cloth's colour in any light, gleams included.

    In shadows, where there is little colour, a distance counts for more.
    """
    light = np.clip((lab[..., 0] + 8) / (cloth[0] + 8), 0.1, 1.6)[..., None]
    own = cloth[1:] * light
    along = np.clip((lab[..., 1:] * own).sum(-1) / np.maximum((own**2).sum(-1), 1e-3), 0, 1)[..., None]
    along = np.where(light < SHADED, 1, along)
    off = np.linalg.norm(lab[..., 1:] - along * own, axis=-1)
    return np.asarray(off / np.sqrt(np.minimum(light[..., 0], 1)), dtype=np.float32)
