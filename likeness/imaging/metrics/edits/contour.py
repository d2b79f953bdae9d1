"""How clean an outline is: how wide the transition across it is, and how far it frays from its smooth course."""

from typing import NamedTuple

import cv2
import numpy as np

from likeness.imaging.colour import Floats

REACH, STEP = 8.0, 0.5
"""Px to either side of an outline within which its transition lies, and between the places at which it is read."""
APART = 0.3
"""Share of the usual contrast along an outline below which a transition tells nothing of its width."""
SMOOTH, LEAST_SMOOTH = 0.01, 2.0
"""Sigma of an outline's smooth course, as a share of the shorter side of the image, and the least in px."""
GRID = 1.0
"""Sigma in px along an outline below which it strays because of the grid of pixels alone."""
LEAST_LENGTH = 0.15
"""Length of the shortest outline that is looked at, as a share of the same side."""


class Line(NamedTuple):
    """The smooth course of a closed outline: x and y of its places in px, and the direction across it, each N x 2."""

    places: Floats
    across: Floats


class Contour(NamedTuple):
    """What an outline is like: `width` of the transition across it and how far it is `ragged`, both in px."""

    width: float
    ragged: float


def contour_of(share: Floats) -> Contour | None:
    """Return what the outline at a half of H x W shares (0..1) is like; None where there is none.

    `width` is the contrast of both sides over the steepest slope between them, as blur is told by edges (Marziliano et
    al., "A no-reference perceptual blur metric", ICIP 2002): about 1.3 for one drawn without blur. `ragged` is the area
    between the transition and what it is when smoothed along the outline, per px of it. Both are medians over the
    outline, so that some corners and shadows do not count, and lower is better. What lies at the border is left out.
    """
    side = min(share.shape)
    sigma = max(LEAST_SMOOTH, SMOOTH * side)
    level = np.asarray(share > 0.5, dtype=np.uint8)
    found, _ = cv2.findContours(level, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    courses = [_course(one[:, 0].astype(np.float32), sigma) for one in found if len(one) > LEAST_LENGTH * side]
    told = [part for line in courses if len((part := _told(share, line, sigma))[0])]
    if not told:
        return None
    widths, strayed = (np.concatenate(part) for part in zip(*told, strict=True))
    return Contour(float(np.median(widths)), float(np.median(strayed)))


def _course(pixels: Floats, sigma: float) -> Line:
    once = _smoothed(pixels, sigma)
    course = 2 * once - _smoothed(once, sigma)  # twice, so that a round outline does not shrink (Tukey's twicing)
    along = np.roll(course, -2, axis=0) - np.roll(course, 2, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    return Line(course, np.stack([-along[:, 1], along[:, 0]], axis=1))


def _smoothed(ring: Floats, sigma: float) -> Floats:
    """Return N x K values of a closed line blurred along it."""
    radius = min(int(3 * sigma) + 1, len(ring) - 1)
    around = np.concatenate([ring[-radius:], ring, ring[:radius]])
    blurred = cv2.GaussianBlur(around, (1, 2 * radius + 1), 0, sigmaY=sigma)
    return np.asarray(blurred[radius : radius + len(ring)], dtype=np.float32)


def _told(share: Floats, line: Line, sigma: float) -> tuple[Floats, Floats]:
    """Return the widths of the transition and how far it strays, at the places of a line that tell it."""
    read = _read(share, line)
    contrast = read[:, -2:].mean(axis=1) - read[:, :2].mean(axis=1)
    usual = np.median(np.abs(contrast))
    height, width = share.shape
    x, y = line.places.T
    inner = (x > REACH) & (y > REACH) & (x < width - 1 - REACH) & (y < height - 1 - REACH)
    told = inner & (np.abs(contrast) > max(APART * usual, 0.1))
    slope = np.abs(np.diff(_smoothed(read, GRID), axis=1)).max(axis=1) / STEP
    strayed = np.abs(_smoothed(read, GRID) - _smoothed(read, sigma)).sum(axis=1) * STEP
    return (np.abs(contrast) / np.maximum(slope, 1e-6))[told], strayed[told]


def _read(share: Floats, line: Line) -> Floats:
    """Return N x K: the shares across a line, from one side to the other."""
    far = np.arange(-REACH, REACH + STEP / 2, STEP, dtype=np.float32)
    at = line.places[:, None] + far[None, :, None] * line.across[:, None]
    x, y = (np.ascontiguousarray(at[..., axis], dtype=np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(share, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)
