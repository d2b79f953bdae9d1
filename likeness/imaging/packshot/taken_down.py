"""A garment without the hanger above it: what rises out of its neck or waist in colours that its cloth has not.

Rother et al. 2004, "GrabCut": colours of the cloth are learned where there surely is cloth, those of the wall and the
hook outside; what lies above and at the opening goes to the side that it resembles.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.outline import Where, disc, reduced, scale_of

THICK: Final = 14.0
"""Half the width in px of a picture whose short side is 400, as all widths here, from which on a thing is broad."""
SURELY: Final = 10.0
"""Px inside an outline from which on there surely is cloth."""
CRUMB: Final = 2.5
"""Half the width up to which what is left is a crumb."""
SHOULDERS: Final = 0.6
"""Share of a garment's width from which on a row is across its shoulders or its waist."""
OPENING, DEEP, SHALLOW = 0.27, 0.22, 0.06
"""Half the width of the opening, over the garment's; depth below the shoulders to which it may reach, and beside it,
over the garment's height."""
REACH: Final = 0.3
"""Share of that height within which something goes."""
WITHIN: Final = 0.24
"""How far from the middle something goes, over the garment's width: beyond are shoulders."""
ABREAST: Final = 6.0
"""Px of that border up to which something may reach it; more, and it would be cut off there."""
EVEN, SLACK = 0.6, 8.0
"""Share of what goes that has its like on the other side of the middle, within so many px: a hanger's does."""
ROUNDS: Final = 4
HOLE: Final = 60.0
"""Least area in px of a hole that a hanger and an opening enclose."""
MIDDLE: Final = 0.12
"""How far from the middle such a hole may be, over the garment's width."""
ASIDE: Final = 6.0
"""Px beside it that are the hanger's too."""
MOST: Final = 0.15
"""Share of the product up to which something goes: more is no hanger."""


class Garment(NamedTuple):
    """Where a garment is: its broad part, the row of its shoulders, middle column, width and height below them, px."""

    body: Where
    shoulders: int
    middle: float
    width: int
    height: int


def taken_down(rgb: Bytes, alpha: Bytes) -> Bytes:
    """Return alpha (H x W, 0..255) of a garment in `rgb` (H x W x 3, 0..255) without the hanger above its cloth.

    What lies before the cloth stays. The very array that was given is returned where nothing goes.
    """
    cut, seen = reduced(alpha) > 127, np.rint(reduced(rgb)).astype(np.uint8)
    scale = scale_of(cut.shape)
    garment = _garment(cut, scale)
    if garment is None:
        return alpha
    gone = _above(seen, cut, garment, scale)
    if not gone.any() or gone.sum() > MOST * cut.sum() or _lopsided(gone, garment.middle, scale):
        return alpha
    rim = cv2.dilate(gone.astype(np.uint8), disc(2 * scale)) & (gone | ~cut).astype(np.uint8)
    left = cv2.resize((1 - rim).astype(np.float32), alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(alpha * left), np.uint8)


def _lopsided(gone: Where, middle: float, scale: float) -> bool:
    """Return whether what goes is of one side of the middle, as a bite out of a shoulder is."""
    rows, columns = np.nonzero(gone)
    other = np.rint(2 * middle - columns).astype(np.intp)
    near = cv2.dilate(gone.astype(np.uint8), disc(SLACK * scale)) > 0
    within = (other >= 0) & (other < gone.shape[1])
    return bool(near[rows[within], other[within]].sum() < EVEN * len(rows))


def _garment(cut: Where, scale: float) -> Garment | None:
    padded = np.pad(cut.astype(np.uint8), 32)
    broad = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc(THICK * scale))[32:-32, 32:-32]
    count, parts, stats, _ = cv2.connectedComponentsWithStats(broad, connectivity=8)
    if count < 2:
        return None
    body = parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    left, top, width, height = cv2.boundingRect(body.astype(np.uint8))
    across = body.sum(axis=1)
    shoulders = int(np.argmax(across >= SHOULDERS * np.percentile(across[across > 0], 90)))
    return Garment(np.asarray(body), shoulders, left + width / 2, width, top + height - shoulders)


def _above(rgb: Bytes, cut: Where, garment: Garment, scale: float) -> Where:
    """Return what goes: it reaches the outside, and no crumbs are left of it."""
    rows, columns = np.indices(cut.shape)
    near: Where = np.asarray(rows < garment.shoulders + REACH * garment.height)
    off = np.asarray(np.abs(columns - garment.middle) / max(1, garment.width), np.float32)
    side = _sides(rgb, cut, garment, near, off, scale)
    gone = cut & near & (off < WITHIN) & side
    gone = cv2.morphologyEx(gone.astype(np.uint8), cv2.MORPH_OPEN, disc(1)) > 0
    _, parts = cv2.connectedComponents((gone | ~cut).astype(np.uint8), connectivity=4)
    gone &= np.isin(parts, np.unique(parts[~cut]))
    if (gone & (off > WITHIN - 1.5 / garment.width)).sum() > ABREAST * scale:
        return np.zeros_like(cut)
    rest = cv2.morphologyEx((cut & ~gone).astype(np.uint8), cv2.MORPH_OPEN, disc(CRUMB * scale))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    if count < 2 or not gone.any():
        return np.zeros_like(cut)
    main = parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    beside = cv2.dilate(gone.astype(np.uint8), disc(3 * CRUMB * scale)) > 0
    return np.asarray(cut & near & ~main & (gone | beside))


def _over_holes(cut: Where, off: Floats, scale: float) -> Where:
    """Return what lies above and close beside the holes in the middle of a product's top, such as a hanger's neck."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats((~cut).astype(np.uint8), connectivity=4)
    outer = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    over = np.zeros_like(cut)
    for hole in set(range(1, len(stats))) - set(outer.tolist()):
        left, top, width, height, area = (int(number) for number in stats[hole])
        if area < HOLE * scale**2 or off[0, left + width // 2] > MIDDLE or cut[:top].sum() > MOST * cut.sum():
            continue
        aside = round(ASIDE * scale)
        over[: top + height // 2, max(0, left - aside) : left + width + aside] = True
    return over


def _sides(rgb: Bytes, cut: Where, garment: Garment, near: Where, off: Floats, scale: float) -> Where:
    """Return what resembles the outside more than the cloth."""
    rows = np.arange(len(cut))[:, None] - garment.shoulders
    core = cv2.erode(garment.body.astype(np.uint8), disc(SURELY * scale)) > 0
    known = core & ((rows > DEEP * garment.height) | ((rows > SHALLOW * garment.height) & (off > OPENING)))
    labels = np.where(cut, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    labels[cut & near] = cv2.GC_PR_FGD
    labels[known] = cv2.GC_FGD
    labels[cut & (rows < 0) & (off < OPENING + 0.03)] = cv2.GC_PR_BGD
    labels[cut & _over_holes(cut, off, scale)] = cv2.GC_BGD
    top = max(0, int(np.argmax(cut.any(axis=1))) - round(0.1 * garment.height))
    part = slice(top, min(len(cut), garment.shoulders + round(1.6 * REACH * garment.height) + 1))
    piece = np.ascontiguousarray(labels[part])
    found = np.zeros_like(cut)
    if (piece == cv2.GC_FGD).any() and (piece == cv2.GC_BGD).any():
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(np.ascontiguousarray(rgb[part]), piece, (0, 0, 1, 1), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
        found[part] = (piece == cv2.GC_BGD) | (piece == cv2.GC_PR_BGD)
    return found
