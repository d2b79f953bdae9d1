"""How a made image lies against the one it was made from, and putting it back where it was.

Editors that redraw the whole image are known to shift it by some px and to zoom it by a percent or two. Whole px are
found by phase correlation at several scales, the rest by Gauss-Newton steps towards the highest correlation of the
edges: edges, because a recoloured product has none of its old colours but nearly all of its old edges.

Kuglin, Hines: "The phase correlation image alignment method", IEEE Conference on Cybernetics and Society, 1975.
Evangelidis, Psarakis: "Parametric image alignment using enhanced correlation coefficient maximization", PAMI 30, 2008.
OpenCV's findTransformECC follows the second, but knows no motion of shift and zoom alone; its affine one has three more
ways to be wrong.
"""

from dataclasses import dataclass, replace
from math import hypot, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.contract.report import Registration
from likeness.imaging.colour import Floats, luma

LEAST_SIDE = 32
"""Px; in less a zoom cannot be told from a shift."""
LEAST_TEXTURE = 1 / 255
"""Standard deviation of luma; what has less is flat."""
COARSE, FINE = 512, 1024
"""Longest side in px at which a move is searched, and at which it is measured."""
SCALES = np.linspace(0.96, 1.04, 9)
STEPS = 6
LONGEST_STEP, LARGEST_ZOOM = 1.5, 0.01
"""Px and share in one step; a slope says little about what lies further away."""
SMALL_STEP = 0.01
"""Px; after a step as small as this there is no need of another."""
MOST_SHIFT, MOST_ZOOM = 0.02, 0.03
"""Shares of a side; what lies further off was meant, or was not found."""
LEAST_MOVE = 0.4
"""Px; blur and light from one side look like up to 0.3 px, and resampling has a price."""
WHOLE = 0.15
"""Px; what lies less far beside a shift by whole px is taken for it."""
BLOCKS = 4
"""A side has so many blocks, each of which is asked on its own whether its edges are in place."""
IN_PLACE = 0.5
"""Px; a block whose edges lie further off is not in place."""
ALIKE = 0.3
"""Correlation of the edges in a block below which they are not the same edges."""
LEAST_CONFIDENCE = 0.5


@dataclass(frozen=True)
class _Move:
    """A point at (x, y) px from the centre went to scale * (x, y) + (right, down)."""

    scale: float = 1.0
    right: float = 0.0
    down: float = 0.0

    def sized(self, factor: float) -> "_Move":
        """Return the same move of images whose sides are `factor` times as long."""
        return replace(self, right=self.right * factor, down=self.down * factor)

    def after(self, zoom: float, right: float, down: float) -> "_Move":
        """Return the move that this one is after a small one."""
        return _Move(self.scale * (1 + zoom), self.right + self.scale * right, self.down + self.scale * down)

    def undone(self, array: Floats, flags: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_REFLECT_101) -> Floats:
        """Return an array H x W (x channels) moved back."""
        height, width = array.shape[:2]
        x, y = (width - 1) / 2 * (1 - self.scale) + self.right, (height - 1) / 2 * (1 - self.scale) + self.down
        matrix = np.array([[self.scale, 0, x], [0, self.scale, y]])
        moved = cv2.warpAffine(array, matrix, (width, height), flags=flags | cv2.WARP_INVERSE_MAP, borderMode=border)
        return np.asarray(moved, dtype=np.float32)

    def length(self, height: int, width: int) -> float:
        """Return how far the pixels of an image moved, in px, as the root of the mean square."""
        return hypot(self.right, self.down, (self.scale - 1) * hypot(height, width) / sqrt(12))


def undone(canvas: Floats, source: Floats) -> tuple[Floats, Registration | None]:
    """Return a made canvas, moved back onto `source` if its drift is small and sure, and how it lay.

    Both are H x W x 3 in 0..1 and finite. Small is a shift of at most 2 % of a side and a zoom of at most 3 %; sure is
    that once moved back at least half of the edges lie where they were. The canvas is resampled once (Lanczos), unless
    it moved by whole px. What it does not show of the source's border is its own reflection: to copy the source there
    would show old colours beside new ones, and pass as made what was not. None when there is nothing to go by: a side
    under 32 px, or a flat image.
    """
    move = _found(source, canvas)
    if move is None:
        return canvas, None
    confidence, better = _confidence(source, canvas, move)
    sure = better and confidence >= LEAST_CONFIDENCE and _small(move, *canvas.shape[:2])
    found = Registration(right=move.right, down=move.down, scale=move.scale, confidence=confidence, undone=sure)
    if not sure:
        return canvas, found
    return np.clip(_whole(move, *canvas.shape[:2]).undone(canvas, cv2.INTER_LANCZOS4), 0, 1), found


def _small(move: _Move, height: int, width: int) -> bool:
    """Whether a move is one to undo: not so large that it was meant, nor so small that undoing it would cost more."""
    near = abs(move.right) <= MOST_SHIFT * width and abs(move.down) <= MOST_SHIFT * height
    return near and abs(move.scale - 1) <= MOST_ZOOM and move.length(height, width) >= LEAST_MOVE


def _whole(move: _Move, height: int, width: int) -> _Move:
    """Return a shift by whole px where the move is one but for what cannot be measured: then no px is resampled."""
    whole = _Move(1.0, round(move.right), round(move.down))
    left_over = replace(move, right=move.right - whole.right, down=move.down - whole.down)
    return whole if left_over.length(height, width) < WHOLE else move


def _found(source: Floats, made: Floats) -> _Move | None:
    """Return the move that brings the edges of both together best, in px of their own size."""
    if min(source.shape[:2]) < LEAST_SIDE or min(_texture(source), _texture(made)) < LEAST_TEXTURE:
        return None
    move, at = None, 1.0
    for longest in (COARSE, FINE):
        factor = min(1.0, longest / max(source.shape[:2]))
        one, two = _edges(source, factor), _edges(made, factor)
        move = _searched(one, two) if move is None else move.sized(factor / at)
        move, at = _closest(one, two, move), factor
    return None if move is None else move.sized(1 / at)


def _searched(one: Floats, two: Floats) -> _Move:
    """Return the move, to a px or so, at the scale of SCALES that brings the edges together best."""
    window = _window(one.shape)
    flat = (one - one.mean()) * window
    moves = []
    for scale in SCALES:
        zoomed = _Move(scale).undone(two)
        # Windowed here: given the window, phaseCorrelate multiplies its own arguments by it, for some sizes.
        (right, down), _ = cv2.phaseCorrelate(flat, (zoomed - zoomed.mean()) * window)
        moves.append(_Move(float(scale), right * scale, down * scale))
    return max(moves, key=lambda move: _correlation(one, move.undone(two), window))


def _closest(one: Floats, two: Floats, move: _Move) -> _Move:
    """Return the move after steps that each explain, by the slopes of the edges, what is left between them."""
    down, right = np.indices(one.shape, dtype=np.float32)
    right, down = right - (one.shape[1] - 1) / 2, down - (one.shape[0] - 1) / 2
    window, everywhere = np.sqrt(_window(one.shape)), np.ones_like(one)
    for _ in range(STEPS):
        weight = window * (move.undone(everywhere, border=cv2.BORDER_CONSTANT) > 0.999)
        here, there = _normal(one, weight), _normal(move.undone(two), weight)
        to_right, to_down = _slopes(here + there)
        step = _solved([to_right * right + to_down * down, to_right, to_down], here - there, weight)
        zoom = float(np.clip(step[0], -LARGEST_ZOOM, LARGEST_ZOOM))
        shift = np.clip(step[1:], -LONGEST_STEP, LONGEST_STEP)
        move = move.after(zoom, float(shift[0]), float(shift[1]))
        if _Move(1 + zoom, *shift).length(*one.shape) < SMALL_STEP:
            break
    return move


def _confidence(source: Floats, made: Floats, move: _Move) -> tuple[float, bool]:
    """Return which share of the edges lies in place once `move` is undone, and whether they correlate better then."""
    factor = min(1.0, FINE / max(source.shape[:2]))
    one, two = _edges(source, factor), _edges(made, factor)
    back, window = move.sized(factor).undone(two), _window(one.shape)
    edges = [(one[block], back[block]) for block in _blocks(*one.shape)]
    placed = sum(float(here.sum()) for here, there in edges if _in_place(here, there))
    share = placed / max(float(one.sum()), 1e-9)
    return min(1.0, share), _correlation(one, back, window) > _correlation(one, two, window)


def _in_place(here: Floats, there: Floats) -> bool:
    """Whether two blocks show the same edges in the same place."""
    everywhere = np.ones_like(here)
    if _correlation(here, there, everywhere) < ALIKE:
        return False
    one, two = _normal(here, everywhere), _normal(there, everywhere)
    return float(np.hypot(*_solved(_slopes(one + two), one - two, everywhere))) < IN_PLACE


def _blocks(height: int, width: int) -> list[tuple[slice, slice]]:
    rows, columns = (np.linspace(0, side, BLOCKS + 1).astype(int) for side in (height, width))
    return [
        (slice(rows[row], rows[row + 1]), slice(columns[column], columns[column + 1]))
        for row in range(BLOCKS)
        for column in range(BLOCKS)
    ]


def _edges(rgb: Floats, factor: float) -> Floats:
    """Return how steep luma is, H x W in 0..1 and 0.5 at the mean, so that faint edges count beside strong ones."""
    plane = luma(rgb)
    if factor < 1:
        plane = np.asarray(cv2.resize(plane, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.float32)
    slope = cv2.magnitude(*_slopes(np.asarray(2 * cv2.GaussianBlur(plane, (0, 0), 1), np.float32)))
    return np.asarray(slope / (slope + max(float(slope.mean()), 1e-3)), dtype=np.float32)


def _slopes(twice: Floats) -> list[Floats]:
    """Return the slopes to the right and down, per px, of half of `twice`."""
    return [np.asarray(cv2.Sobel(twice, cv2.CV_32F, *axis, scale=1 / 16), np.float32) for axis in ((1, 0), (0, 1))]


def _solved(columns: list[Floats], left_over: Floats, weight: Floats) -> NDArray[np.float64]:
    """Return the least-squares shares of `columns` in `left_over`."""
    weighted = [column * weight for column in columns]
    normal = [[np.vdot(row, column) for column in columns] for row in weighted]
    solution = np.linalg.lstsq(normal, [np.vdot(row, left_over) for row in weighted], rcond=1e-9)[0]
    return np.asarray(solution, dtype=np.float64)


def _normal(plane: Floats, weight: Floats) -> Floats:
    """Return the plane with a weighted mean of 0 and a weighted variance of 1."""
    centred = plane - np.average(plane, weights=weight)
    return np.asarray(centred / max(float(np.sqrt(np.average(centred**2, weights=weight))), 1e-6), dtype=np.float32)


def _correlation(one: Floats, two: Floats, weight: Floats) -> float:
    return float(np.average(_normal(one, weight) * _normal(two, weight), weights=weight))


def _window(shape: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.createHanningWindow(shape[::-1], cv2.CV_32F), dtype=np.float32)


def _texture(rgb: Floats) -> float:
    return float(luma(rgb).std())
