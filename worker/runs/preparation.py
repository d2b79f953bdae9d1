"""From a job's stored order to what its run works on: the original, its frame, and the plan of what is asked."""

import secrets
from collections.abc import Mapping
from typing import cast

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.contract.jobs import JobOrder, SentFile
from likeness.contract.options import rgb_of_hex
from likeness.contract.parameters import MAX_SEED
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Customise, Generate, Task
from likeness.imaging.assessment.generated import asked
from likeness.imaging.flatten import flattened
from likeness.imaging.formats.decode import Picture, decode
from likeness.imaging.frame import Frame
from likeness.imaging.masks import levelled, upright_mask
from worker.editing.canvas import AnalysedCanvas, cut_out_of
from worker.editing.plan import EditPlan
from worker.editing.planner import beside, edit_plan_of
from worker.engine import Plane
from worker.runs.context import Context
from worker.runs.scoring import UNBOUNDED
from worker.runs.state import Work


def prepared(order: JobOrder, spec: EngineSpec, context: Context) -> Work:
    """Decode the input onto its canvas and plan the edit. Raises LikenessError for what is wrong with either."""
    planned = PlannedRun.of(spec, cast(Task, order.task))
    original = _original(order, spec, context)
    shown = _shown(original, order)
    frame = Frame.of(shown)
    plan = _plan(order, planned, context, original, shown)
    seed = planned.task.seed
    first = secrets.randbelow(MAX_SEED + 1) if seed is None else seed
    return Work(order, planned, shown, frame, plan, first, original=None if shown is original else original)


def _original(order: JobOrder, spec: EngineSpec, context: Context) -> Picture:
    """Return the image that was sent, or a grey one of the frame that is to be generated."""
    if order.input is None:
        return asked(*spec.size_of(cast(Generate, order.task)))
    return decode(context.store.get(order.input), UNBOUNDED)


def _shown(original: Picture, order: JobOrder) -> Picture:
    """Return the image that is edited: a cut-out on a colour where its alpha is to go."""
    task = order.task
    return original if not isinstance(task, Customise) else laid(original, task)


def laid(original: Picture, task: Customise) -> Picture:
    """Return an image as a customisation edits it: flattened, where that is asked."""
    return original if task.flatten is None else flattened(original, rgb_of_hex(task.flatten))


def _plan(order: JobOrder, planned: PlannedRun, context: Context, original: Picture, given: Picture) -> EditPlan:
    """Return what is asked of the image that is `given`, from the files that were sent with it."""
    files = files_of(order, context)
    mask, said = mask_of(original, files)
    analysed = analysed_canvas(planned.spec.canvas, context, original, given, mask)
    plan = edit_plan_of(planned, analysed, beside(original, files))
    return plan if said is None else plan.noted(said)


def files_of(order: JobOrder, context: Context) -> dict[SentFile, Picture]:
    """Return the files that the job's task needs, decoded."""
    needed = order.task.files if isinstance(order.task, Customise) else ()
    return {name: decode(context.store.get(file), UNBOUNDED) for name, file in order.files.items() if name in needed}


def mask_of(original: Picture, files: Mapping[SentFile, Picture]) -> tuple[Plane | None, str | None]:
    """Return the mask that was sent, upright, H x W in 0..1, and how it was read where that needs to be said."""
    return levelled(upright_mask(original, files["mask"])) if "mask" in files else (None, None)


def analysed_canvas(
    spec: CanvasSpec, context: Context, original: Picture, given: Picture, mask: Plane | None
) -> AnalysedCanvas:
    """Return what is edited of an image, flattened where that was asked, on its canvas with the mask that was sent."""
    frame = Frame.of(given)
    width, height = frame.upright_size
    return AnalysedCanvas(
        frame.canvas(given, spec.multiple, spec.minimum),
        (height, width),
        context.product or context.residents.product,
        context.residents.caption,
        mask=mask,
        cut_out=cut_out_of(original),
        uncovered=None if given is original else Frame.of(original).canvas(original, spec.multiple, spec.minimum),
        kept=context.kept,
        find_hanger=context.residents.hanger,
    )
