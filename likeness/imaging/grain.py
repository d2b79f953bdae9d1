"""A photo's own grain, for what is put into it: a part without any shows at once.

It is taken from the calmest part of the photo, with its phases drawn anew (Galerne, Gousseau, Morel, "Random phase
textures", IEEE Trans. Image Processing 20(1), 2011), so that nothing of that part itself is shown.
"""

import cv2
import numpy as np

from likeness.imaging.colour import Floats, luma

SIDE = 128
"""Px of the square that grain is taken from, and after which it repeats."""
FINE = 2.0
"""Standard deviation in px of the blur that grain is what is left of."""


def grain_of(image: Floats, usable: Floats) -> Floats:
    """Return SIDE x SIDE of grain, around 0, as in the calmest part of H x W x 3 where `usable`, h x w, is above 0.

    All of the image may serve where no part is usable; an image that is smaller than SIDE has no grain.
    """
    light = luma(image)
    height, width = light.shape
    if min(height, width) < SIDE:
        return np.zeros((SIDE, SIDE), np.float32)
    fine = light - cv2.GaussianBlur(light, (0, 0), FINE)
    mask = cv2.resize(usable, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.float32)
    corners = [(top, left) for top in range(0, height - SIDE + 1, SIDE) for left in range(0, width - SIDE + 1, SIDE)]
    calm = [at for at in corners if _part(mask, at).min() > 0 and 0 < _part(light, at).mean() < 1] or corners
    patch = _part(fine, min(calm, key=lambda at: float(_part(fine, at).std())))
    return _redrawn(patch)


def _part(plane: Floats, at: tuple[int, int]) -> Floats:
    return plane[at[0] : at[0] + SIDE, at[1] : at[1] + SIDE]


def _redrawn(patch: Floats) -> Floats:
    """Return a texture of the same spectrum that shows nothing of the patch; the same for the same patch."""
    noise = np.random.default_rng(0).normal(size=patch.shape)
    phases = np.exp(1j * np.angle(np.fft.fft2(noise)))
    drawn: Floats = np.real(np.fft.ifft2(np.abs(np.fft.fft2(patch - patch.mean())) * phases)).astype(np.float32)
    return drawn


def grained(rows: Floats, top: int, grain: Floats) -> Floats:
    """Return rows of an image, the first of them `top`, with the grain repeated over all of it."""
    down = (np.arange(len(rows)) + top) % SIDE
    return rows + grain[down][:, np.arange(rows.shape[1]) % SIDE][..., None]
