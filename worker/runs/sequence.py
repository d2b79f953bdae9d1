"""Several edits in one job: each is a run of its own, of what the one before made; together they are measured too.

A cut-out or a packshot may come last. It has a frame of its own, so the edits before it are measured without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import cast

import numpy as np
from numpy.typing import NDArray

from likeness.contract.editing import OneEdit
from likeness.contract.errors import LikenessError
from likeness.contract.gates import GateKind
from likeness.contract.jobs import EngineUsed, JobOrder, MadeImage, Recipe, Result, StoredPicture
from likeness.contract.packshots import Exact
from likeness.contract.parameters import PARAMETER_NAMES
from likeness.contract.report import MadeEdit, Report, Verdict
from likeness.contract.runs import Plan, PlannedRun, plan_of
from likeness.contract.tasks import Customise, EditType, OutputFormat, Task
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.formats.decode import Picture, decode
from likeness.imaging.formats.encode import wanted_format
from likeness.imaging.frame import Frame
from worker.editing.planner import changeable_region
from worker.engine import Canvas, Plane
from worker.failures import Failure, input_error
from worker.runs.context import Context, Outcome, Watch
from worker.runs.finishing import finished, worst_of
from worker.runs.preparation import analysed_canvas, files_of, laid, mask_of
from worker.runs.safeguards import Source
from worker.runs.scoring import UNBOUNDED, score
from worker.runs.subruns import Parts, joined


@dataclass(frozen=True)
class Done:
    """One edit that was made."""

    run: PlannedRun
    result: Result

    @property
    def image(self) -> MadeImage:
        """The best of its candidates."""
        return self.result.images[0]

    @property
    def finishes(self) -> bool:
        """Whether it is a cut-out or a packshot."""
        return isinstance(self.run.task, Exact)

    @property
    def asked(self) -> str:
        """The edit as understood."""
        edit = self.image.report.edit
        return edit.asked if edit else str(self.run.task.kind) if self.finishes else "the same picture"


class ProductFound:
    """The product of the image that was sent, found once, so that every edit and lock is of the same pixels."""

    def __init__(self, segment: Callable[[Canvas], Plane]) -> None:
        self._segment = segment
        self._found: Plane | None = None

    def __call__(self, picture: Canvas) -> Plane:
        """Return where the product is, H x W in 0..1."""
        if self._found is None:
            self._found = self._segment(picture)
        return self._found

    def forget(self) -> None:
        """Look again: the product has another size now."""
        self._found = None


def edited(order: JobOrder, context: Context, watch: Watch) -> Outcome | None:
    """Make every edit of a job; None when it was cancelled. It fails as soon as one of them does. Raises Stopped."""
    started = datetime.now(UTC)
    try:
        plan = plan_of(order.task, context.catalogue)
        sent = cast(StoredPicture, order.input)
        original = decode(context.store.get(sent), UNBOUNDED)
        given = laid(original, cast(Customise, plan.task))
        product = ProductFound(context.residents.product)
        source = Source(sent.sha256, any(not run.spec.edits for run in plan.runs))
        own = replace(context, product=product, source=source)
        kept = _kept(order, plan, original, given, own)
        parts = Parts(order, replace(own, kept=kept), watch, len(plan.runs))
        done = _every(plan, given, product, parts)
        if done is None or isinstance(done, LikenessError):
            return done
        return _result(order, started, plan, given, done, kept, own)
    except LikenessError as error:
        return input_error(error)


def _every(plan: Plan, given: Picture, product: ProductFound, parts: Parts) -> list[Done] | Failure | None:
    """Make all edits in order; None as soon as nobody wants the job any more, the error of the first that failed."""
    size = Frame.of(given).upright_size
    picture, done = parts.order.input, []
    for number, run in enumerate(plan.runs):
        last = number == len(plan.runs) - 1
        task = _with_format(run.task, cast(Customise, plan.task), given, last)
        part = replace(parts, order=parts.order.model_copy(update={"input": picture}))
        outcome = part.run(number, replace(run, task=task), run.bound(*size))
        if outcome is None:
            return None
        if isinstance(outcome, LikenessError):
            return type(outcome)(f"edit {number + 1} of {len(plan.runs)}: {outcome.detail}")
        done.append(Done(run, outcome))
        picture = outcome.images[0].picture
        if run.intent.purpose is EditType.RESIZE:
            product.forget()
    return done


def _with_format(task: Task, whole: Customise, given: Picture, last: bool) -> Task:
    """Return the task with its file format: what lies between two edits is exact, but for CMYK, which only JPEG has.

    A cut-out and a packshot say themselves which they are.
    """
    if not isinstance(task, Customise):
        return task
    if last:
        wanted = wanted_format(whole, given.format, given.lossless)
        format = OutputFormat(given.format if wanted == "same" else wanted)
        return task.model_copy(update={"format": format, "quality": whole.quality})
    exact = OutputFormat.SAME if given.pixels.mode == "CMYK" else OutputFormat.PNG
    return task.model_copy(update={"format": exact})


def _kept(order: JobOrder, plan: Plan, original: Picture, given: Picture, context: Context) -> NDArray[np.bool_] | None:
    """Return what no edit may change, H x W of the upright original; None where one of them may change everything."""
    runs = [run for run in plan.runs if isinstance(run.task, Customise)]
    tasks = [cast(Customise, run.task) for run in runs]
    if not tasks or not all(task.mask or task.preserve for task in tasks):
        return None
    mask, _ = mask_of(original, files_of(order, context))
    shown = analysed_canvas(runs[0].spec.canvas, context, original, given, mask)
    found = [changeable_region(task, run.spec, shown) for task, run in zip(tasks, runs, strict=True)]
    regions = [region for region in found if region is not None]
    return np.asarray(shown.cut(~reduce(np.logical_or, regions)), dtype=np.bool_)


def _result(
    order: JobOrder,
    started: datetime,
    plan: Plan,
    given: Picture,
    done: Sequence[Done],
    kept: NDArray[np.bool_] | None,
    context: Context,
) -> Result:
    """Return the last image, measured against the original, with what became of each edit."""
    last = done[-1].image
    made = [one for one in done if not one.finishes]
    report = _whole(order, given, made, kept, context) if made else None
    if report is None or done[-1].finishes:
        report = finished(last, report, given)
    image = last.model_copy(update={"report": report, "recipe": None})
    heaviest = next(one for one in done if one.run.spec == plan.spec)
    recipe = _recipe(order, plan, done)
    joint = joined(order, started, [one.result for one in done])
    used: EngineUsed = heaviest.result.engine
    update = {"images": [image], "engine": used, "recipe": recipe, "edits": [_told(one) for one in done]}
    attempts = sum(one.result.attempts for one in done)
    return joint.model_copy(update={**update, "attempts": attempts})


def _whole(
    order: JobOrder, given: Picture, made: Sequence[Done], kept: NDArray[np.bool_] | None, context: Context
) -> Report:
    """Return what the edits made together, measured against the original."""
    lossy = cast(Customise, order.task).lossy_lock
    check = EditCheck("; ".join(one.asked for one in made), kept=kept, kind=GateKind.SEVERAL, lossy=lossy)
    data = context.store.get(made[-1].image.picture)
    return _judged(score(given, data, _as_whole(order), check, context.metrics).report, made)


def _as_whole(order: JobOrder) -> Customise:
    """Return the task as the whole is measured by: whether each edit happened, its own report says."""
    task = cast(Customise, order.task)
    return task.model_copy(update={"thresholds": task.thresholds.model_copy(update={"change_inside": None})})


def _judged(report: Report, done: Sequence[Done]) -> Report:
    """Return the report of the whole, whose verdict is no better than the worst of its edits."""
    worst = worst_of(report.verdict, *(one.image.report.verdict for one in done))
    if worst is Verdict.ACCEPTED:
        return report
    said = [
        f"edit {number}, {one.asked}: {reason}"
        for number, one in enumerate(done, start=1)
        if one.image.report.verdict is worst
        for reason in one.image.report.reasons
    ]
    rejected = [one.image.report for one in done if one.image.report.verdict is Verdict.REJECTED]
    mendable = report.verdict is not Verdict.REJECTED and all(one.retouchable for one in rejected)
    retouchable = worst is Verdict.REJECTED and mendable
    own = report.reasons if report.verdict is worst else []
    return report.model_copy(update={"verdict": worst, "retouchable": retouchable, "reasons": [*said, *own]})


def _told(one: Done) -> MadeEdit:
    timings = one.result.timings.model_dump(exclude={"loading", "queued"})
    return MadeEdit(
        asked=one.asked,
        engine=one.run.spec.name,
        why=one.result.engine.why,
        revision=one.run.spec.revision,
        parameters=dict(one.result.recipe.parameters),
        seed=one.image.seed,
        report=one.image.report,
        seconds=sum(timings.values()),
    )


def _recipe(order: JobOrder, plan: Plan, done: Sequence[Done]) -> Recipe:
    """Return how to make the image again: every edit with the engine, seed and parameters that it had."""
    task = cast(Customise, plan.task)
    pinned = [_pinned(edit, one) for edit, one in zip(task.edits, done, strict=True)]
    first = done[0].result.recipe
    return first.model_copy(
        update={
            "engine": plan.spec.name,
            "revision": plan.spec.revision,
            "models": {name: commit for one in done for name, commit in one.result.recipe.models.items()},
            "parameters": {},
            "seeds": [one.image.seed for one in done if one.image.seed is not None],
            "input_sha256": order.input and order.input.sha256,
            "files_sha256": {name: file.sha256 for name, file in order.files.items()},
            "task": task.model_copy(update={"edits": pinned}),
        }
    )


def _pinned(edit: OneEdit, one: Done) -> OneEdit:
    if one.finishes:
        return edit
    was = {
        name: value
        for name, value in one.result.recipe.parameters.items()
        if name in PARAMETER_NAMES and value is not None
    }
    own = {name: value for name in ("seed", "guidance_scale") if (value := getattr(one.image, name)) is not None}
    return edit.model_copy(update={**was, **own})
