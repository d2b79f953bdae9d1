"""Whether an outline wavers where the photo's edge does not: laces, fringes and fur go in and out with the photo."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.outline import reduced, scale_of

COURSE: Final = 7.5
"""Sigma along an outline, in px at short side 400 as all widths here, that leaves its course: waves up to 40 px go."""
REACH, STEP = 5.0, 0.5
"""How far from its course an edge of the photo is looked for, and in which steps."""
ACROSS: Final = 1.5
"""Half the distance over which colours differ across an edge."""
FAINT: Final = 6.0
"""CIELAB units over that distance under which there is no edge."""
BEND: Final = 0.1
"""What a step aside costs an edge that is followed, for its square, as a share of the edge's usual strength."""
STEPS: Final = 3
"""Most steps aside from one place to the next."""
OVERLAP: Final = 40
"""Px by which a path goes on beyond where it began."""
NEAR: Final = 10.0
"""Sigma of the stretch over which an outline wavers or does not."""
BORDER: Final = 8.0
LEAST: Final = 60
"""Px of the shortest outline that is looked at; and in how many places all must be told."""
MOST, LINES = 8000, 8
"""Px of the longest outline that is looked at, and how many are, so that no input takes long."""
WORST: Final = 90
"""Percentile over the outline: the tenth that wavers most."""

Places = NDArray[np.float32]


def wavering(share: Floats, lab: Floats, scale: float) -> float | None:
    """Return how far the outline at a half of `share` goes in and out beyond the photo's edge, in px at short side 400.

    `share` is H x W in 0..1, `lab` the photo in CIELAB, H x W x 3; `scale` is their short side / 400. It is the root
    mean square over stretches of 10 px or so, of the outline about its smooth course or about the photo's edge there,
    whichever is less, where that is most; 0.., lower is better. The edge is the strongest smooth path near the course,
    found by dynamic programming (Kass et al. 1988, "Snakes", by Amini et al. 1990). None without an outline.
    """
    found, _ = cv2.findContours((share > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), max(0.6, 0.8 * scale)), np.float32)
    looked_at = [one for one in found if LEAST * scale < len(one) < MOST]
    told = [
        _told(np.asarray(one[:, 0], np.float32), share, smooth, scale) for one in sorted(looked_at, key=len)[-LINES:]
    ]
    every = np.concatenate(told) if told else np.zeros(0)
    return float(np.percentile(every, WORST)) / scale if len(every) > LEAST * scale else None


def wavering_of(rgb: Bytes, alpha: Bytes) -> float | None:
    """Return how far the outline of `alpha` (H x W, 0..255) of a product in `rgb` (H x W x 3, 0..255) wavers."""
    share = np.multiply(reduced(alpha), np.float32(1 / 255), dtype=np.float32)
    lab = lab_of(np.multiply(reduced(rgb), np.float32(1 / 255), dtype=np.float32))
    return wavering(share, lab, scale_of(share.shape))


def _told(pixels: Places, share: Floats, lab: Floats, scale: float) -> Floats:
    """Return how far one outline strays from the photo's edge along it, away from the image's border."""
    line = _even(_along(pixels, 1.0))
    once = _along(line, COURSE * scale)
    course = 2 * once - _along(once, COURSE * scale)
    across = _across(course)
    own = ((line - course) * across).sum(axis=1)
    edge = _edge(course, across, lab, scale)
    strayed = np.minimum(_local(own, scale), _local(own - edge, scale))
    height, width = share.shape
    x, y = course.T
    inner = (x > BORDER) & (y > BORDER) & (x < width - 1 - BORDER) & (y < height - 1 - BORDER)
    return np.asarray(strayed[inner], np.float32)


def _edge(course: Places, across: Places, lab: Floats, scale: float) -> Floats:
    """Return how far the photo's edge is from the course, in px, N."""
    far = np.arange(-REACH, REACH + STEP / 2, STEP, dtype=np.float32) * scale
    one, other = (_read(lab, course, across, far + side * ACROSS * scale) for side in (-1, 1))
    strength = np.linalg.norm(one - other, axis=2)
    usual = _along(np.asarray(strength.max(axis=1), np.float32)[:, None], NEAR * scale)
    path = _followed(np.asarray(strength / np.maximum(usual, FAINT), np.float32))
    return _along(far[path][:, None], 1.0)[:, 0]


def _followed(reward: Floats) -> NDArray[np.intp]:
    """Return which of K offsets the best path takes in each of N x K rewards, which go round and overlap a little."""
    length, offsets = reward.shape
    laps = np.arange(-OVERLAP, length + OVERLAP) % length
    aside = np.abs(np.subtract.outer(np.arange(offsets), np.arange(offsets)))
    cost = np.where(aside > STEPS, np.float32(1e3), np.float32(BEND) * aside**2)
    score, came = reward[laps[0]], np.zeros((len(laps), offsets), np.intp)
    for at in range(1, len(laps)):
        total = score[None] - cost
        came[at] = total.argmax(axis=1)
        score = total.max(axis=1) + reward[laps[at]]
    path = np.empty(len(laps), np.intp)
    path[-1] = score.argmax()
    for at in range(len(laps) - 1, 0, -1):
        path[at - 1] = came[at, path[at]]
    return path[OVERLAP:-OVERLAP]


def _local(offsets: Floats, scale: float) -> Floats:
    """Return the root mean square of N offsets about their course nearby."""
    about = np.asarray(offsets, np.float32)[:, None]
    about = about - _along(about, COURSE * scale)
    return np.sqrt(_along(about**2, NEAR * scale))[:, 0]


def _read(plane: Floats, course: Places, across: Places, far: Floats) -> Floats:
    """Return N x K x 3 colours at so many px across a course."""
    at = course[:, None] + far[None, :, None] * across[:, None]
    x, y = (np.ascontiguousarray(at[..., axis], np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _across(course: Places) -> Places:
    along = np.roll(course, -2, axis=0) - np.roll(course, 2, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    return np.asarray(np.stack([-along[:, 1], along[:, 0]], axis=1), np.float32)


def _even(ring: Places) -> Places:
    """Return a closed line read every px of its length."""
    closed = np.vstack([ring, ring[:1]])
    gone = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    count = max(16, int(gone[-1]))
    places = np.arange(count) * gone[-1] / count
    return np.stack([np.interp(places, gone, closed[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def _along(ring: Places, sigma: float) -> Places:
    """Return N x K values of a closed line blurred along it."""
    radius = min(int(3 * sigma) + 1, len(ring) - 1)
    around = np.ascontiguousarray(np.concatenate([ring[-radius:], ring, ring[:radius]]), np.float32)
    blurred = cv2.GaussianBlur(around, (1, 2 * radius + 1), 0, sigmaY=sigma)
    return np.asarray(blurred.reshape(around.shape)[radius : radius + len(ring)], np.float32)
