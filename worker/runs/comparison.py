"""A comparison: one picture through several engines and settings, one after another, ranked, with a contact sheet."""

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from PIL import Image

from likeness.contract.comparison import Compare
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import ComparedRun, Comparison, JobOrder, Result, Scalar, StoredPicture
from likeness.contract.merit import MERIT, main_figures, merit_of, ranked, recommended, varied
from likeness.contract.parameters import MAX_SEED
from likeness.contract.runs import PlannedRun, plan_of
from likeness.imaging.assessment.contact_sheet import CELL, Cell, comparison_sheet
from likeness.imaging.formats.decode import Picture, decode
from likeness.imaging.frame import Frame
from likeness.imaging.upright import upright_image
from likeness.storage.pictures import PictureStore
from worker.failures import Failure, input_error
from worker.runs.context import Context, Outcome, Watch
from worker.runs.scoring import UNBOUNDED
from worker.runs.subruns import Parts, failure_of, joined

SHOWN = ("ssim", "delta_e", "colour_delta_e")
"""The figures below a picture of the sheet."""


@dataclass(frozen=True)
class Tried:
    """One run and what came of it."""

    planned: PlannedRun
    outcome: Outcome
    row: ComparedRun
    shown: Image.Image | None = None
    """Its picture, upright and no larger than a cell of the sheet."""


def compare(order: JobOrder, context: Context, watch: Watch) -> Outcome | None:
    """Run every run of a comparison; None when it was cancelled. It fails when all of them do. Raises Stopped."""
    started = datetime.now(UTC)
    try:
        runs = seeded(plan_of(order.task, context.catalogue).runs)
        given = decode(context.store.get(cast(StoredPicture, order.input)), UNBOUNDED)
        tried = _every(runs, given, Parts(order, context, watch, len(runs)))
        return None if tried is None else _found(order, started, given, tried, context.store)
    except LikenessError as error:
        return input_error(error)


def seeded(runs: Sequence[PlannedRun]) -> list[PlannedRun]:
    """Return the runs with one seed for all that take one and were given none, so that chance does not decide."""
    seed = secrets.randbelow(MAX_SEED + 1)
    return [
        replace(run, task=run.task.model_copy(update={"seed": seed}))
        if run.task.seed is None and "seed" in run.spec.parameters
        else run
        for run in runs
    ]


def _every(runs: Sequence[PlannedRun], given: Picture, parts: Parts) -> list[Tried] | None:
    """Run all of them; None as soon as nobody wants the job any more."""
    size = Frame.of(given).upright_size
    tried = []
    for number, run in enumerate(runs):
        outcome = parts.run(number, run, run.bound(*size))
        if outcome is None:
            return None
        tried.append(Tried(run, outcome, _row(number, run, outcome), _shown(outcome, parts.context.store)))
    return tried


def _row(number: int, run: PlannedRun, outcome: Outcome) -> ComparedRun:
    row = ComparedRun(run=number, engine=run.spec.name, parameters=_parameters(run))
    if isinstance(outcome, LikenessError):
        return row.model_copy(update={"error": failure_of(outcome)})
    image, timings = outcome.images[0], outcome.timings.model_copy(update={"queued": 0.0})
    return row.model_copy(
        update={
            "verdict": image.report.verdict,
            "retouchable": image.report.retouchable,
            "merit": merit_of(image.report),
            "figures": main_figures(image.report),
            "seconds": sum(timings.model_dump(exclude={"loading"}).values()),
            "timings": timings,
            "degradations": outcome.degradations,
        }
    )


def _parameters(run: PlannedRun) -> dict[str, Scalar]:
    seed = {"seed": run.task.seed} if run.task.seed is not None else {}
    return {**run.parameters, **seed}


def _shown(outcome: Outcome, store: PictureStore) -> Image.Image | None:
    if isinstance(outcome, LikenessError):
        return None
    return small(decode(store.get(outcome.images[0].picture), UNBOUNDED))


def small(picture: Picture) -> Image.Image:
    """Return a picture upright, made smaller where it is larger than a cell of the sheet; the given one stays."""
    shown = upright_image(picture).copy()
    shown.thumbnail((CELL, CELL))
    return shown


def _found(order: JobOrder, started: datetime, given: Picture, tried: Sequence[Tried], store: PictureStore) -> Outcome:
    """Return the comparison as a result, best image first, or the error when every run failed."""
    rows = ranked([one.row for one in tried])
    best = [tried[row.run] for row in rows if row.rank is not None]
    if not best:
        first = cast(Failure, tried[0].outcome)
        return type(first)(f"every run failed; the first: {first.detail}")
    rows = [row.model_copy(update={"image": place}) if row.rank else row for place, row in enumerate(rows)]
    cells = [_cell(row, tried[row.run], varied(rows)) for row in rows]
    sheet = comparison_sheet([("given", small(given), [_size(given)]), *cells])
    comparison = Comparison(
        runs=rows,
        merit=MERIT[cast(Compare, order.task).task.kind],
        recommendation=recommended(rows),
        sheet=store.put(order.id, _png(sheet), "image/png", order.labels.reference),
    )
    result = joined(order, started, [cast(Result, one.outcome) for one in best])
    return result.model_copy(update={"comparison": comparison})


def _size(given: Picture) -> str:
    width, height = Frame.of(given).upright_size
    return f"{width} x {height}"


def _cell(row: ComparedRun, one: Tried, names: Sequence[str]) -> Cell:
    """Return what the sheet shows of a run: rank and engine, the values that differ, its figures and verdict."""
    values = ", ".join(f"{name} {row.parameters[name]}" for name in names if name in row.parameters)
    if row.error:
        return f"failed: {row.engine}", None, [values, row.error.detail]
    figures = [f"{score.name} {score.value:.3g}" for score in row.figures if score.name in SHOWN]
    return f"{row.rank}. {row.engine}", one.shown, [values, ", ".join(figures), f"{row.verdict}, {row.seconds:.2f} s"]


def _png(sheet: Image.Image) -> bytes:
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
