"""What a result tells beside its images: what was taken for the product, and what an edit left alone."""

import io
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from likeness.contract import vocabulary
from likeness.contract.left_alone import LeftAlone, LeftPart
from likeness.contract.report import Report
from likeness.contract.tasks import Customise, Task
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.flatten import flattened_rows
from likeness.imaging.frame import stored_orientation
from likeness.imaging.outline import reduced
from worker.engine import Findings, Plane
from worker.runs.state import Work

PNG_LEVEL = 1
MOST_PARTS = 32
LEAST_SAID = 1e-3
"""Share of the product from which on what was left alone is worth a sentence."""
LEAST_PART = 2e-4
"""Share of the product from which on a part that was left alone is told by itself."""
DETAIL = 0.12
"""Share of the product up to which what was left alone is a detail of it, and no other garment."""

ANYTHING = frozenset(
    {"article", "articles", "body", "cloth", "fabric", "goods", "item", "items", "merchandise", "object", "one", "ones"}
    | {"pair", "pair of", "piece", "product", "products"}
)
"""Words for a product that name no garment."""
NAMED = {name for names in vocabulary.WORDS[vocabulary.Role.PRODUCT].values() for name in names} - ANYTHING


def matte_file(work: Work) -> bytes | None:
    """Return what was taken for the product as a grey PNG over the stored image; None where nobody looked for it."""
    product = work.plan.product
    if product is None:
        return None
    samples = np.rint(np.clip(product, 0, 1) * 255).astype(np.uint8)
    file = io.BytesIO()
    stored = np.ascontiguousarray(stored_orientation(samples, work.given.orientation))
    Image.fromarray(stored).save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()


def left_alone(kept: Plane | None, product: Plane | None) -> LeftAlone | None:
    """Return what of the product was not dyed, both H x W in 0..1, its largest parts first; None if nothing was."""
    if kept is None or product is None:
        return None
    small, whole = reduced(kept), max(float(reduced(product).sum()), 1e-6)
    _, areas, stats, _ = cv2.connectedComponentsWithStats((small > 0.5).astype(np.uint8), connectivity=8)
    sizes = np.bincount(areas.ravel(), small.ravel(), len(stats))[1:] / whole
    chosen = [at for at in np.argsort(-sizes)[:MOST_PARTS] if sizes[at] >= LEAST_PART]
    if not chosen:
        return None
    height, width = small.shape
    sides = np.array([width, height, width, height])
    boxes = [stats[at + 1, :4] / sides for at in chosen]
    parts = [
        LeftPart(left=x, top=y, width=wide, height=high, area=round(float(sizes[at]), 5))
        for at, (x, y, wide, high) in zip(chosen, boxes, strict=True)
    ]
    return LeftAlone(area=round(float(small.sum()) / whole, 5), parts=parts)


def remarks(task: Task, notes: tuple[str, ...], found: Findings, left: LeftAlone | None) -> list[str]:
    """Return what to know about an image, for the reasons of its report."""
    said = list(notes)
    if found.garments > 1:
        named = _garment(task)
        what = f"more than the {named} stands out" if named else "more than one garment stands out"
        said.append(
            f"{what}: {found.garments} large parts of different colours; the one of the commonest colour was dyed. "
            "Send a mask to choose (the image's matte is a start)"
        )
    if left and left.area >= LEAST_SAID:
        count = f"{len(left.parts)} part{'s' if len(left.parts) > 1 else ''}"
        said.append(f"left alone as not cloth: {left.area:.1%} of the product, {count}; parts=all dyes everything")
    return said


def told(report: Report, work: Work, said: list[str]) -> Report:
    """Return a report with what there is to know, and with what the image was before it was flattened."""
    frame, task = report.frame, work.task
    if work.original is not None and isinstance(task, Customise) and task.flatten:
        frame = flattened_rows(frame, work.original, task.flatten)
    return report.model_copy(update={"frame": frame, "reasons": [*report.reasons, *said]})


def without_details(check: EditCheck | None, found: Findings, left: LeftAlone | None) -> EditCheck | None:
    """Return a check that asks for the colour on the cloth alone; what is more than a detail is asked for as well."""
    if check is None or check.inside is None or found.kept is None or left is None or left.area > DETAIL:
        return check
    return replace(check, inside=check.inside * (1 - found.kept))


def _garment(task: Task) -> str | None:
    """Return the garment that an instruction names."""
    if not isinstance(task, Customise) or task.instruction is None:
        return None
    words = task.instruction.lower().replace(",", " ").split()
    return next((word for word in words if word in NAMED), None)
