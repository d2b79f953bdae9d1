"""From a job's stored order to what its run works on: the original, its frame, and the plan of what is asked."""

import secrets
from collections.abc import Mapping
from typing import cast

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.contract.jobs import JobOrder, SentFile
from likeness.contract.parameters import MAX_SEED
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Customise, Generate, Task
from likeness.imaging.assessment.generated import asked
from likeness.imaging.formats.decode import Picture, decode
from likeness.imaging.frame import Frame
from likeness.imaging.masks import upright_mask
from worker.editing.canvas import AnalysedCanvas, cut_out_of
from worker.editing.plan import EditPlan
from worker.editing.planner import beside, edit_plan_of
from worker.runs.context import Context
from worker.runs.scoring import UNBOUNDED
from worker.runs.state import Work


def prepared(order: JobOrder, spec: EngineSpec, context: Context) -> Work:
    """Decode the input onto its canvas and plan the edit. Raises LikenessError for what is wrong with either."""
    planned = PlannedRun.of(spec, cast(Task, order.task))
    original = _original(order, spec, context)
    frame = Frame.of(original)
    plan = _plan(order, planned, context, original, frame)
    seed = planned.task.seed
    return Work(order, planned, original, frame, plan, secrets.randbelow(MAX_SEED + 1) if seed is None else seed)


def _original(order: JobOrder, spec: EngineSpec, context: Context) -> Picture:
    """Return the image that was sent, or a grey one of the frame that is to be generated."""
    if order.input is None:
        return asked(*spec.size_of(cast(Generate, order.task)))
    return decode(context.store.get(order.input), UNBOUNDED)


def _plan(order: JobOrder, planned: PlannedRun, context: Context, original: Picture, frame: Frame) -> EditPlan:
    """Return what is asked of the image, from the files that were sent with it."""
    files = files_of(order, context)
    analysed = analysed_canvas(planned.spec.canvas, context, original, frame, files)
    return edit_plan_of(planned, analysed, beside(original, files))


def files_of(order: JobOrder, context: Context) -> dict[SentFile, Picture]:
    """Return the files that the job's task needs, decoded."""
    needed = order.task.files if isinstance(order.task, Customise) else ()
    return {name: decode(context.store.get(file), UNBOUNDED) for name, file in order.files.items() if name in needed}


def analysed_canvas(
    spec: CanvasSpec, context: Context, original: Picture, frame: Frame, files: Mapping[SentFile, Picture]
) -> AnalysedCanvas:
    """Return an image on its canvas, with the mask that was sent."""
    width, height = frame.upright_size
    return AnalysedCanvas(
        frame.canvas(original, spec.multiple, spec.minimum),
        (height, width),
        context.product or context.residents.product,
        context.residents.caption,
        mask=upright_mask(original, files["mask"]) if "mask" in files else None,
        cut_out=cut_out_of(original),
    )
