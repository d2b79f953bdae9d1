"""What the jobs of a run show so far: small pictures in the store, each in the place of the one before.

A preview is no result: it is not measured, not signed, and gone when the run is over. Where a safety checker is in use
there is none, since what it would withhold must not be seen.
"""

import io
import math
import time
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import structlog
from PIL import Image

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import StoreUnavailable
from likeness.imaging.assessment.tripwires import made_finite
from likeness.imaging.colour import as_rgb
from likeness.storage.pictures import PictureStore
from worker.engine import Canvas, EngineTask, Preview, Stopped
from worker.runs.safeguards import Safeguards, provenance_of
from worker.runs.state import Work

PAUSE = 2.0
"""Seconds from one preview of a run to the next, and from the run's start to its first, at least."""
LONGEST_SIDE = 256
"""Px; larger pictures are made smaller."""
JPEG_QUALITY = 80

log = structlog.get_logger()

RunItem = tuple[Work, EngineTask]
"""A picture that a run is to make, and for which job."""


class Previews:
    """The previews of one run. After one that fails there are no more; the jobs go on."""

    def __init__(self, spec: EngineSpec, store: PictureStore, safeguards: Safeguards) -> None:
        self._spec, self._store, self._safeguards = spec, store, safeguards
        self._counts: dict[str, int] = {}
        self._due = time.monotonic() + PAUSE if safeguards.checker is None else math.inf

    def offer(self, items: Sequence[RunItem], preview: Preview) -> None:
        """Show the first picture of each job among `wishes`, unless the last one is too young. Raises Stopped."""
        if time.monotonic() < self._due:
            return
        try:
            self._show(items, preview())
        except Stopped:
            raise
        except Exception as error:  # of the engine, of the picture or of the store: what is shown decides nothing
            log.warning("a preview failed; the run shows no more", engine=self._spec.name, exc_info=error)
            self._due = math.inf
        else:
            self._due = time.monotonic() + PAUSE

    def counted(self, job_ids: Iterable[str]) -> dict[int | None, list[str]]:
        """Return jobs by how many previews each has had in this run; None where there was none."""
        found: dict[int | None, list[str]] = {}
        for job_id in job_ids:
            found.setdefault(self._counts.get(job_id), []).append(job_id)
        return found

    def erase(self) -> None:
        """Erase what was shown; what cannot be erased now goes with the other pictures of its job."""
        for job_id in self._counts:
            try:
                self._store.erase_preview(job_id)
            except StoreUnavailable as error:
                log.warning("a preview could not be erased", job=job_id, error=str(error))

    def _show(self, items: Sequence[RunItem], canvases: Sequence[Canvas]) -> None:
        shown: set[str] = set()
        for (work, task), canvas in zip(items, canvases, strict=True):
            job_id = work.order.id
            if work.wanted and job_id not in shown:
                shown.add(job_id)
                self._store.put_preview(job_id, self._file(work, task, canvas))
                self._counts[job_id] = self._counts.get(job_id, 0) + 1

    def _file(self, work: Work, task: EngineTask, canvas: Canvas) -> bytes:
        """Return the picture as it would come out now, what must not change put back, as a small JPEG."""
        if canvas.shape != work.plan.canvas.shape:
            raise ValueError(f"a preview of {canvas.shape} for a canvas of {work.plan.canvas.shape}")
        width, height = work.frame.upright_size
        shown = small(work.plan.finish(made_finite(canvas)[0])[:height, :width])
        seed = task.seed if work.task.seed is not None or self._spec.varies(task.parameters) else None
        made = provenance_of(self._spec, work.order, task, seed)
        file = io.BytesIO()
        Image.fromarray(as_rgb(np.clip(shown, 0, 1))).save(
            file, "JPEG", quality=JPEG_QUALITY, xmp=self._safeguards.xmp(made)
        )
        return file.getvalue()


def small(rgb: Canvas) -> Canvas:
    """Return a picture, H x W x 3, whose longer side is at most LONGEST_SIDE, averaged where it is larger."""
    height, width = rgb.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
