"""A repeat of strewn flowers with leaves, drawn once from a fixed seed; its edges join."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]

SIDE = 1024
LEAF, PETAL, SHADE, HEART = 1, 2, 3, 4
"""The labels: what each is drawn in is told by `motifs`."""
LARGE = ((0.24, 0.25, 0.125), (0.75, 0.73, 0.115), (0.72, 0.24, 0.085), (0.22, 0.76, 0.09))
SMALL = ((0.49, 0.09, 0.045), (0.48, 0.50, 0.055), (0.03, 0.52, 0.045), (0.97, 0.03, 0.04), (0.50, 0.90, 0.04))
"""Centre (x, y) and length of a petal of the flowers, in sides of the repeat."""


@cache
def floral() -> Labels:
    """Return SIDE x SIDE labels, 0 where there is nothing."""
    drawn, rng = np.zeros((SIDE, SIDE), np.uint8), np.random.default_rng(7)
    turns = rng.uniform(0, 360, len(LARGE) + len(SMALL))
    for (x, y, size), turn in zip((*LARGE, *SMALL), turns, strict=True):
        for angle in (turn, turn + 68, turn + 190) if size > 0.07 else (turn, turn + 160):
            _leaf(drawn, (x, y), size, angle)
    for (x, y, size), turn in zip((*LARGE, *SMALL), turns, strict=True):
        _flower(drawn, (x, y), size, turn)
    return drawn


def _flower(drawn: Labels, at: tuple[float, float], size: float, turn: float) -> None:
    """Draw five petals, one over the next, each with a notch, an outline and veins, and a heart of dots."""
    for petal in range(5):
        angle = turn + 72 * petal
        outline = _moved(_petal(), size, angle, at)
        _filled(drawn, outline, SHADE)
        _filled(drawn, _moved(_petal() * np.array([0.95, 0.91]) + np.array([0.015, 0]), size, angle, at), PETAL)
        for aside in (-0.16, 0.0, 0.16):
            vein = np.array([[0.2, aside * 0.4], [0.42, aside * 1.0], [0.62, aside * 1.25]])
            _line(drawn, _moved(vein, size, angle, at), SHADE, size)
    ring = np.linspace(0, 2 * np.pi, 40)[:-1]
    _filled(drawn, _moved(0.24 * np.stack([np.cos(ring), np.sin(ring)], axis=1), size, 0, at), SHADE)
    _filled(drawn, _moved(0.19 * np.stack([np.cos(ring), np.sin(ring)], axis=1), size, 0, at), HEART)


def _petal() -> NDArray[np.float64]:
    """Return the outline of a petal that points along x, its foot at 0 and its tip, with a shallow notch, at 1."""
    along = np.linspace(0, 1, 30)
    half = 0.42 * np.sin(np.pi * along**1.5) ** 0.75
    tip = np.array([[0.95, 0.0]])
    side = np.stack([along, half], axis=1)[:-2]
    return np.vstack([side, tip, side[::-1] * np.array([1, -1])])


def _leaf(drawn: Labels, at: tuple[float, float], size: float, angle: float) -> None:
    """Draw a stem that bends away from a flower, with a pointed leaf on its end and one beside it."""
    way = np.linspace(0, 1, 16)
    stem = np.stack([0.6 + 1.1 * way, 0.25 * way**2], axis=1)
    _line(drawn, _moved(stem, size, angle, at), LEAF, 2.2 * size)
    for foot, aim, length in ((stem[-2], 14.0, 0.85), (stem[8], 55.0, 0.6)):
        blade = np.linspace(0, 1, 24)
        half = 0.2 * np.sin(np.pi * blade**0.85)
        outline = np.vstack([np.stack([blade, half], 1), np.stack([blade, -half], 1)[::-1]]) * length
        _filled(drawn, _moved(_turned(outline, aim) + foot, size, angle, at), LEAF)
        midrib = _turned(np.array([[0.12, 0.0], [0.8, 0.0]]) * length, aim) + foot
        _line(drawn, _moved(midrib, size, angle, at), 0, size)


def _turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    turn = np.deg2rad(angle)
    return np.asarray(points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]))


def _moved(points: NDArray[np.float64], size: float, angle: float, at: tuple[float, float]) -> NDArray[np.float64]:
    """Return points of a flower's own plane as px of the repeat."""
    return np.asarray((_turned(points, angle) * size + np.array(at)) * SIDE)


def _filled(drawn: Labels, outline: NDArray[np.float64], label: int) -> None:
    for shift in _shifts():
        cv2.fillPoly(drawn, [np.rint(outline + shift).astype(np.int32)], label)


def _line(drawn: Labels, points: NDArray[np.float64], label: int, size: float) -> None:
    for shift in _shifts():
        wide = max(1, round(0.035 * size * SIDE))
        cv2.polylines(drawn, [np.rint(points + shift).astype(np.int32)], False, label, wide)


def _shifts() -> list[NDArray[np.int64]]:
    """Return how far the neighbouring repeats lie off, so that what crosses an edge comes in at the other."""
    return [np.array([right, down]) * SIDE for right in (-1, 0, 1) for down in (-1, 0, 1)]
