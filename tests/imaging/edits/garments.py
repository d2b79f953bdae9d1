"""Garments to dye, made by formula: cloth with folds, and what lies on it."""

import numpy as np

from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.matting import Matte

HEIGHT, WIDTH = 400, 400
WALL = (0.82, 0.8, 0.78)


def cloth(colour, height=HEIGHT, width=WIDTH, depth=0.35):
    """Return H x W x 3 cloth in folds: `colour` (0..1) under more and less light."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 1 - depth * (0.5 + 0.5 * np.sin(x / width * 25 + 2 * np.sin(y / height * 5)))
    noise = 0.004 * np.random.default_rng(0).standard_normal((height, width, 1))
    return np.clip(light[..., None] * np.array(colour) + noise, 0, 1).astype(np.float32)


def garment(colour, **more):
    """Return a picture of a square of cloth on a wall, and its matte."""
    rgb = np.broadcast_to(np.array(WALL, dtype=np.float32), (HEIGHT, WIDTH, 3)).copy()
    alpha = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    alpha[50:350, 50:350] = 1
    rgb[alpha == 1] = cloth(colour, **more)[alpha == 1]
    return rgb, Matte(alpha, rgb.copy())


def with_thing(garment, box, colour):
    """Return a garment with a flat thing in `box` (y, x, height, width)."""
    rgb, matte = garment
    y, x, height, width = box
    rgb = rgb.copy()
    rgb[y : y + height, x : x + width] = colour
    return rgb, Matte(matte.alpha, rgb.copy())


def with_highlight(garment, centre, radius, strength=0.5):
    """Return a garment that gleams: white light added, strongest at `centre` and fading out."""
    rgb, matte = garment
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    gleam = strength * np.exp(-(((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / radius**2))
    lit = np.where(matte.alpha[..., None] > 0, np.clip(rgb + gleam[..., None], 0, 1), rgb).astype(np.float32)
    return lit, Matte(matte.alpha, lit.copy())


def with_stripes(garment, colour, period=16):
    """Return a garment with stripes all over."""
    rgb, matte = garment
    stripe = (np.arange(WIDTH) % period < period // 2)[None, :, None] & (matte.alpha > 0)[..., None]
    striped = np.where(stripe, cloth(colour), rgb).astype(np.float32)
    return striped, Matte(matte.alpha, striped.copy())


def hue_of(rgb):
    lab = lab_of(np.ascontiguousarray(rgb))
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
