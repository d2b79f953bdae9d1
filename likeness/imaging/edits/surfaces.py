"""Surfaces to lay a product on, drawn by formula: boards of wood, marble, concrete, and a studio's gradient.

All are seen from straight above and as large beside a product as they would be. They are noise on many scales (Perlin,
"An Image Synthesizer", SIGGRAPH 1985), its coordinates bent by other noise, from fixed seeds: one size, one picture.
"""

from collections.abc import Callable

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.oklab import encoded, light_of, linear, oklab_of

Colour = tuple[int, int, int]

LARGEST = 1600
"""Px of the short side above which a surface is drawn smaller and enlarged, and its grain added at full size."""


def gradient(height: int, width: int, colour: Colour) -> Floats:
    """Return a studio's wall: the colour, lit from above the middle and a little darker to the corners, unbanded."""
    own = oklab_of(linear(np.array(colour) / 255))
    y, x = np.ogrid[:height, :width]
    away = np.hypot((y + 0.5) / height - 0.4, ((x + 0.5) / width - 0.5) * 0.8).astype(np.float32)
    steps = np.linspace(0, 1, 256)[:, None]
    shades = own * (1.05 - 0.22 * steps)
    shades[:, 0] = np.minimum(shades[:, 0], 0.995)
    table = np.clip(encoded(np.clip(light_of(shades), 0, 1)), 0, 1).astype(np.float32)
    at = np.clip(away / 0.75, 0, 1) * 255
    low = np.minimum(at.astype(np.int32), 254)
    made = table[low] + (table[low + 1] - table[low]) * (at - low)[..., None]
    return _grained(made, 0.5 / 255, 1)


def concrete(height: int, width: int) -> Floats:
    """Return a cast floor: cloudy, with a fine grain, a few pores and faint traces of the trowel."""
    return _enlarged(_concrete, height, width, 0.014, 2)


def marble(height: int, width: int) -> Floats:
    """Return a polished white slab with grey clouds and veins that branch and fade."""
    return _enlarged(_marble, height, width, 0.004, 3)


def wood(height: int, width: int) -> Floats:
    """Return oiled boards that lie side by side, each with a grain, a tone and pores of its own."""
    return _enlarged(_wood, height, width, 0.006, 4)


SURFACES: dict[str, Callable[[int, int], Floats]] = {"wood": wood, "marble": marble, "concrete": concrete}


def _concrete(height: int, width: int) -> Floats:
    cloud = _noise(height, width, 2.2, 6, 0.55, 11)
    trowel = _noise(height, width, (1.5, 9.0), 4, 0.6, 12)
    fine = _noise(height, width, 90, 2, 0.8, 13)
    pores = _pores(height, width)
    light = 0.66 + 0.13 * (cloud - 0.5) + 0.05 * (trowel - 0.5) + 0.035 * (fine - 0.5) - pores
    return _painted(light, 0.004 + 0.012 * (_noise(height, width, 3, 2, 0.5, 15) - 0.5))


def _pores(height: int, width: int) -> Floats:
    """Return H x W: how deep small round holes are, thinly strewn, of several sizes."""
    rng, short = np.random.default_rng(17), min(height, width)
    made = np.zeros((height, width), dtype=np.float32)
    for per_side, size, depth in ((28, 700, 0.10), (12, 350, 0.14), (4, 200, 0.16)):
        count, sigma = max(1, round(per_side**2 * height * width / short**2)), max(0.4, short / size)
        holes = np.zeros_like(made)
        holes[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.uniform(0.3, 1, count)
        made += np.float32(depth * 2 * np.pi * sigma**2) * cv2.GaussianBlur(holes, (0, 0), sigma)
    return made


def _marble(height: int, width: int) -> Floats:
    bend = [_noise(height, width, 1.5, 4, 0.5, seed) - 0.5 for seed in (21, 22)]
    cloud = _noise(height, width, (2.2, 1.4), 5, 0.55, 23, bend, 0.5)
    light = 0.93 - 0.20 * np.clip(cloud - 0.42, 0, 1)
    for scale, wide, depth, seed in (
        ((1.6, 0.9), 0.010, 0.26, 24),
        ((3.0, 1.8), 0.009, 0.13, 25),
        ((6.0, 4.0), 0.012, 0.05, 26),
    ):
        ridge = np.abs(_noise(height, width, scale, 4, 0.45, seed, bend, 0.6) - 0.5)
        strength = np.clip(_noise(height, width, 1.8, 3, 0.5, seed + 10) * 2.2 - 0.7, 0, 1)
        light = light - depth * strength * (np.exp(-ridge / wide) + 0.3 * np.exp(-ridge / (7 * wide)))
    return _painted(light, 0.004 * (cloud - 0.5))


def _wood(height: int, width: int) -> Floats:
    short, boards = min(height, width), 5
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(short)
    board = np.floor(x * boards).astype(np.int32)
    rng = np.random.default_rng(31)
    shift = rng.uniform(0, 7, int(board.max()) + 1).astype(np.float32)[board]
    tone = rng.uniform(-0.035, 0.035, int(board.max()) + 1).astype(np.float32)[board]
    across = x * boards - board - np.float32(0.5) + 0.9 * (_noise(height, width, (4.0, 0.7), 4, 0.5, 32) - 0.5) + shift
    rings = _noise_at(across * 3, y * np.float32(0.35) + shift, 33)
    grain = np.sin(2 * np.pi * (across * 4.5 + 2.4 * rings)) * 0.5 + 0.5
    fibre = _noise(height, width, (160, 3.0), 3, 0.75, 34)
    pores = np.clip((_noise(height, width, (220, 9.0), 2, 0.6, 35) - 0.62) * 4, 0, 1)
    light = 0.60 + tone - 0.065 * grain * (0.5 + rings) + 0.07 * (fibre - 0.5) - 0.06 * pores
    seam = np.minimum(x * boards - board, board + 1 - x * boards) / boards * short
    light = light - 0.22 * np.exp(-seam / max(1.0, short / 500)) - 0.03 * np.exp(-seam / max(1.0, short / 90))
    return _painted(light, 0.055 + 0.02 * (grain - 0.5), 0.4)


def _enlarged(drawn: Callable[[int, int], Floats], height: int, width: int, grain: float, seed: int) -> Floats:
    """Return a surface of any size, drawn with a short side of at most LARGEST px, with a grain."""
    scale = min(1.0, LARGEST / min(height, width))
    made = drawn(max(1, round(height * scale)), max(1, round(width * scale)))
    if scale < 1:
        made = np.asarray(cv2.resize(made, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return _grained(made, grain, seed)


def _noise(
    height: int,
    width: int,
    scale: float | tuple[float, float],
    octaves: int,
    fade: float,
    seed: int,
    bend: list[Floats] | None = None,
    bent: float = 0.0,
) -> Floats:
    """Return H x W smooth noise around .5, about 0..1: `scale` waves over the short side (across, down), and finer."""
    across, down = scale if isinstance(scale, tuple) else (scale, scale)
    short = min(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(short)
    if bend is not None:
        x, y = x + np.float32(bent) * bend[0], y + np.float32(bent) * bend[1]
    made, total = np.zeros((height, width), dtype=np.float32), 0.0
    for octave in range(octaves):
        made += np.float32(fade**octave) * _noise_at(x * across * 2**octave, y * down * 2**octave, seed * 16 + octave)
        total += fade**octave
    return np.asarray(np.clip((made / np.float32(total) - 0.5) * 1.6 + 0.5, 0, 1), dtype=np.float32)


def _noise_at(x: Floats, y: Floats, seed: int) -> Floats:
    """Return smooth noise in 0..1 at any places, of period 256: random numbers on a grid, joined by cubics."""
    grid = np.random.default_rng(seed).random((256, 256), dtype=np.float32)
    wrapped = cv2.copyMakeBorder(grid, 2, 2, 2, 2, cv2.BORDER_WRAP)
    x, y = np.mod(x, 256).astype(np.float32) + 2, np.mod(y, 256).astype(np.float32) + 2
    return np.asarray(cv2.remap(wrapped, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP), dtype=np.float32)


def _painted(light: Floats, yellow: Floats | float, red: float = 0.15) -> Floats:
    """Return H x W x 3 sRGB of Oklab lightness and of how yellow it is; `red` is a share of that."""
    tint = np.broadcast_to(np.asarray(yellow, dtype=np.float32), light.shape)
    oklab = np.dstack([np.clip(light, 0.02, 0.99), tint * np.float32(red), tint])
    return np.clip(encoded(np.clip(light_of(oklab), 0, 1)), 0, 1).astype(np.float32)


def _grained(rgb: Floats, strength: float, seed: int) -> Floats:
    """Return `rgb` with a grain that is equal in all channels, of that standard deviation."""
    grain = np.random.default_rng(seed).standard_normal(rgb.shape[:2], dtype=np.float32)
    return np.clip(rgb + np.float32(strength) * grain[..., None], 0, 1).astype(np.float32)
