"""Canvases larger than an engine was trained at: what is worked on, and how the result comes back to full size.

- A hole is filled on a crop around it, with context, at the engine's own scale; the crop alone is enlarged.
- What an engine changes is brought to full size and laid over the original (likeness/imaging/change.py).
- Tiles are left to engines that only refine a picture: from more noise, each tile would invent its own.
- What is made from nothing has no original to keep, and is enlarged as it is.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from likeness.contract.engines import REFINING, CanvasSpec, EngineSpec
from likeness.contract.tasks import EditType
from likeness.imaging.change import laid_over
from likeness.imaging.enlarge import Enlarged
from likeness.imaging.grain import grain_of, grained
from likeness.imaging.registration import undone
from likeness.imaging.tiles import Box
from worker.engine import Canvas, Engine, EngineTask, Plane, StepHook, part_hook

CONTEXT = 0.5
"""How far a crop reaches beyond its hole to each side, as a share of the hole's longer side."""
HOLE = 0.5
"""A mask covers what is above it."""


@runtime_checkable
class Reconstructs(Protocol):
    """An engine that can say what of a picture gets lost though nothing is changed."""

    def reconstruct(self, canvas: Canvas) -> Canvas:
        """Return the canvas as the engine gives it back where it changes nothing."""


@dataclass(frozen=True)
class Whole:
    """A task that the engine takes as it is."""

    task: EngineTask

    def finished(self, made: Canvas, _: Engine) -> Canvas:
        """Return what was made."""
        return made


@dataclass(frozen=True)
class Part(Whole):
    """A task that is worked on as a part of the full one: `task`, as the engine takes it, of `full`."""

    full: EngineTask


@dataclass(frozen=True)
class Laid(Part):
    """A task that is worked on in a small copy; `drifts` says that the engine may shift or zoom it."""

    drifts: bool

    def finished(self, made: Canvas, engine: Engine) -> Canvas:
        """Return the full canvas with what changed in the copy."""
        small = self.task.canvas
        plain = engine.reconstruct(small) if isinstance(engine, Reconstructs) else small
        if self.drifts:
            made, _ = undone(made, small)
        return laid_over(self.full.canvas, small, made, plain)


@dataclass(frozen=True)
class Cropped(Part):
    """A task that is worked on in a crop around its hole, and that in a small copy where the hole is large."""

    box: Box

    def finished(self, made: Canvas, _: Engine) -> Canvas:
        """Return the full canvas with the crop in its place, as sharp and as grained as a copy allows."""
        finished = self.full.canvas.copy()
        place = self.box.cut(finished)
        if made.shape != place.shape:
            height, width = place.shape[:2]
            hole = np.zeros(finished.shape[:2], np.float32) if self.full.mask is None else self.full.mask
            grain = grain_of(finished, (hole <= HOLE).astype(np.float32))
            made = np.clip(grained(Enlarged(made, (height, width)).rows(0, height), 0, grain), 0, 1)
        place[:] = made
        return finished


def made_at_working_size(
    engine: Engine, spec: EngineSpec, tasks: Sequence[EngineTask], on_step: StepHook
) -> list[Canvas]:
    """Return one canvas per task, in order, each of its task's size, as the engine itself does for smaller ones."""
    parts = [_part(task, spec) for task in tasks]
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        groups[part.task.canvas.shape].append(number)
    finished: dict[int, Canvas] = {}
    for turn, numbers in enumerate(groups.values()):
        hook = on_step if len(groups) == 1 else part_hook(on_step, turn, len(groups))
        made = engine.generate([parts[number].task for number in numbers], hook)
        finished |= {number: parts[number].finished(one, engine) for number, one in zip(numbers, made, strict=True)}
    return [finished[number] for number in range(len(tasks))]


def _part(task: EngineTask, spec: EngineSpec) -> Whole:
    height, width = task.canvas.shape[:2]
    canvas = spec.canvas.shrunk
    if spec.canvas.area is None or task.from_scratch or not _smaller(canvas, width, height):
        return Whole(task)
    if task.mask is not None and EditType.FILL in spec.ways:
        box = crop_around(task.mask, spec.canvas) or Box(0, 0, width, height)
        return Cropped(_small(_cropped(task, box), canvas), task, box)
    if _from_nothing(task, spec) or (spec.canvas.larger == "tiles" and task.number("strength", 0.0) <= REFINING):
        return Whole(task)
    return Laid(_small(task, canvas), task, spec.drifts)


def _small(task: EngineTask, canvas: CanvasSpec) -> EngineTask:
    """Return a task with its canvas in the size to work in, where that is smaller; engines fit its planes to that."""
    height, width = task.canvas.shape[:2]
    size = canvas.fitted(width, height)
    if size[0] * size[1] >= width * height:
        return task
    return replace(task, canvas=np.asarray(cv2.resize(task.canvas, size, interpolation=cv2.INTER_AREA), np.float32))


def _smaller(canvas: CanvasSpec, width: int, height: int) -> bool:
    """Return whether an engine works on less than a whole canvas."""
    across, down = canvas.fitted(width, height)
    return across * down < width * height


def _from_nothing(task: EngineTask, spec: EngineSpec) -> bool:
    """Return whether nothing of the original is left."""
    return "strength" in spec.parameters and task.number("strength", 0.0) >= 1


def crop_around(mask: Plane, canvas: CanvasSpec) -> Box | None:
    """Return the part of a canvas around what a mask, H x W, covers, to work on; None where that is all or nothing.

    It is at least as large as the engine works at, so that what is filled has the surroundings' own scale.
    """
    rows, columns = (np.flatnonzero((mask > HOLE).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    hole = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    side = max(math.isqrt(canvas.area or 0), math.ceil(hole * (1 + 2 * CONTEXT)))
    (top, bottom), (left, right) = (
        _span(line[0], line[-1] + 1, side, length, canvas.multiple)
        for line, length in zip((rows, columns), mask.shape, strict=True)
    )
    box = Box(left, top, right, bottom)
    return None if (bottom - top, right - left) == mask.shape else box


def _span(first: int, last: int, side: int, length: int, multiple: int) -> tuple[int, int]:
    """Return where along a line of `length` a part of `side` px begins and ends that has `first` to `last` amid it."""
    side = min(length, -(-side // multiple) * multiple)
    start = (first + last - side) // 2 // multiple * multiple
    start = max(0, min(start, length - side))
    return start, start + side


def _cropped(task: EngineTask, box: Box) -> EngineTask:
    cut: Mapping[str, Canvas] = {kind: box.cut(drawn) for kind, drawn in task.maps.items()}
    canvas = np.ascontiguousarray(box.cut(task.canvas))
    return replace(task, canvas=canvas, mask=None if task.mask is None else box.cut(task.mask), maps=cut)
