"""From a job's stored order to what its run works on: the original, its frame, and the plan of what is asked."""

import secrets
from typing import cast

from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import JobOrder
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
    if not isinstance(task, Customise) or task.flatten is None:
        return original
    return flattened(original, rgb_of_hex(task.flatten))


def _plan(order: JobOrder, planned: PlannedRun, context: Context, original: Picture, given: Picture) -> EditPlan:
    """Return what is asked of the image that is `given`, from the files that were sent with it."""
    frame, least = Frame.of(given), (planned.spec.canvas.multiple, planned.spec.canvas.minimum)
    canvas = frame.canvas(given, *least)
    sent = {name: decode(context.store.get(file), UNBOUNDED) for name, file in order.files.items()}
    mask, said = levelled(upright_mask(original, sent["mask"])) if "mask" in sent else (None, None)
    width, height = frame.upright_size
    analysed = AnalysedCanvas(
        canvas,
        (height, width),
        context.residents.product,
        context.residents.caption,
        mask=mask,
        cut_out=cut_out_of(original),
        uncovered=None if given is original else Frame.of(original).canvas(original, *least),
    )
    plan = edit_plan_of(planned, analysed, beside(original, sent))
    return plan if said is None else plan.noted(said)
