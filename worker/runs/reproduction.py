"""A job run again from its recipes: each image of it made anew, alone, and held against the original."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from likeness.contract.errors import LikenessError
from likeness.contract.jobs import JobOrder, Original, Reproduced, Reproduces, Reproduction, Result
from likeness.contract.runs import plan_of
from likeness.contract.tasks import Generate, Task
from likeness.imaging.assessment.reproduction import differences, sameness_of
from likeness.imaging.formats.decode import peek
from likeness.imaging.masks import upright_size
from likeness.storage.pictures import PictureStore
from worker.failures import input_error
from worker.runs.context import Context, Outcome, Watch
from worker.runs.scoring import UNBOUNDED
from worker.runs.subruns import Parts, failure_of, joined


def reproduce(order: JobOrder, context: Context, watch: Watch) -> Outcome | None:
    """Make the images of an earlier job again; None when cancelled. It fails when all of them do. Raises Stopped."""
    started = datetime.now(UTC)
    earlier = cast(Reproduces, order.reproduces)
    parts = Parts(order, context, watch, len(earlier.originals))
    try:
        outcomes = _every(earlier.originals, parts)
        return None if outcomes is None else _found(order, started, outcomes, context.store)
    except LikenessError as error:
        return input_error(error)


def _every(originals: Sequence[Original], parts: Parts) -> list[Outcome] | None:
    """Make all of them again; None as soon as nobody wants the job any more."""
    given = parts.order.input
    size = None if given is None else upright_size(peek(parts.context.store.get(given), UNBOUNDED))
    outcomes = []
    for number, original in enumerate(originals):
        run = plan_of(cast(Task, original.recipe.task), parts.context.catalogue).runs[0]
        width, height = size or run.spec.size_of(cast(Generate, run.task))
        outcome = parts.run(number, run, run.bound(width, height))
        if outcome is None:
            return None
        outcomes.append(outcome)
    return outcomes


def _found(order: JobOrder, started: datetime, outcomes: Sequence[Outcome], store: PictureStore) -> Outcome:
    """Return the new images with what is said of each original, or the error when none could be made."""
    earlier = cast(Reproduces, order.reproduces)
    made = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    if not made:
        return outcomes[0]
    rows: list[Reproduced] = []
    for number, (original, outcome) in enumerate(zip(earlier.originals, outcomes, strict=True)):
        row = Reproduced(original=number, original_sha256=original.picture.sha256)
        image = sum(other.error is None for other in rows)
        rows.append(_told(row, image, original, outcome, store))
    reproduction = Reproduction(job=earlier.job, images=rows)
    return joined(order, started, made).model_copy(update={"reproduction": reproduction})


def _told(row: Reproduced, image: int, original: Original, outcome: Outcome, store: PictureStore) -> Reproduced:
    """Return the row with what became of its image, which is number `image` of the new job."""
    if isinstance(outcome, LikenessError):
        return row.model_copy(update={"error": failure_of(outcome)})
    sameness, figures, said = sameness_of(store.get(original.picture), store.get(outcome.images[0].picture))
    reasons = said + differences(original.recipe, outcome.recipe)
    return row.model_copy(update={"image": image, "sameness": sameness, "figures": figures, "reasons": reasons})
