"""What a request would do and cost, without storing or queueing anything."""

from typing import Final, Literal

from pydantic import BaseModel, Field

from likeness.contract.comparison import JobKind
from likeness.contract.engines import REFINING
from likeness.contract.jobs import Scalar
from likeness.contract.runs import Plan, PlannedRun
from likeness.contract.tasks import Customise, EditType, Generate
from likeness.imaging.tiles import boxes
from service.jobs.accept import check
from service.jobs.capacity import queued_for
from service.jobs.submission import Submission
from service.queue.admission import Outlook
from service.state import Services

MEAN_SERVICE_TIME: Final = "the running mean of the queue's runs, across engines and image sizes"
NO_MEAN_SERVICE_TIME: Final = "no job of this queue has ended lately"
NO_WORKER: Final = "no worker serves this queue now"
DECLARED: Final = "the catalogue's value for one image, including weights"
NOT_DECLARED: Final = "the catalogue does not declare it for this engine"


class Estimate(BaseModel):
    """A metric that is not certain."""

    value: float | None = Field(description="null if unknown; `reason` explains why")
    reason: str = Field(description="what the estimate is based on")


class CanvasView(BaseModel):
    """What the engine would work on."""

    width: int = Field(description="px, padding included")
    height: int = Field(description="px, padding included")
    tiles: int = Field(description="1 if the whole image is processed at once")


class RunView(BaseModel):
    """One run of an engine."""

    engine: str
    why: str = Field(description="why this engine was chosen")
    revision: str
    licence: str = Field(description="of the engine's weights")
    commercial: Literal["yes", "no", "conditions"] = Field(description="whether that allows commercial use")
    parameters: dict[str, Scalar] = Field(description="resolved; `seed` only if one was given")
    canvas: CanvasView
    timeout: int = Field(description="time limit in seconds")
    memory: Estimate = Field(description="bytes")


class DryRun(BaseModel):
    """What a request would do: it is valid and would be accepted now; nothing was stored or queued."""

    dry_run: Literal[True] = True
    kind: JobKind
    engine: str = Field(description="for a comparison or several edits, the one in whose queue it waits")
    runs: list[RunView] = Field(
        description="one; for a comparison or several edits all of them, in the requested order"
    )
    timeout: int = Field(description="time limit of the job in seconds")
    seconds: Estimate = Field(description="expected run time in seconds")
    position: int = Field(description="number of jobs that would be ahead of it")
    wait: Estimate = Field(description="expected seconds until a worker starts it")


async def rehearse(services: Services, submission: Submission, owner: str) -> DryRun:
    """Check a request as `accept` does, and return what it would do. Raises what `accept` raises."""
    wanted = await check(services, submission, owner)
    size = wanted.size
    plan = await queued_for(services, wanted.plan, wanted.plan.task.priority, owner)
    outlook = await services.queue.outlook(plan.spec.pool, plan.task.priority, owner)
    timeout = plan.bound(*size)
    return DryRun(
        kind=plan.task.kind,
        engine=plan.spec.name,
        runs=[_run(run, *size) for run in plan.runs],
        timeout=timeout,
        seconds=_seconds(outlook, plan, timeout),
        position=outlook.position,
        wait=_wait(outlook),
    )


def _run(run: PlannedRun, width: int, height: int) -> RunView:
    seed = {} if run.task.seed is None else {"seed": run.task.seed}
    return RunView(
        engine=run.spec.name,
        why=run.why,
        revision=run.spec.revision,
        licence=run.spec.licence,
        commercial=run.spec.commercial,
        parameters={**run.parameters, **seed},
        canvas=canvas_of(run, width, height),
        timeout=run.bound(width, height),
        memory=Estimate(value=run.spec.memory, reason=DECLARED if run.spec.memory else NOT_DECLARED),
    )


def canvas_of(run: PlannedRun, width: int, height: int) -> CanvasView:
    """Return what an upright image of this size in px is worked on as, and the tiles that it is cut into."""
    steered = isinstance(run.task, Customise) and run.task.controls
    whole = steered or isinstance(run.task, Generate)  # neither maps nor what begins from noise is cut into tiles
    canvas = run.spec.canvas.shrunk if whole or _in_one_piece(run) else run.spec.canvas
    across, down = canvas.fitted(*canvas.padded(width, height))
    cut = canvas.larger == "tiles"
    tiles = len(boxes(down, across, canvas.tile, canvas.overlap, canvas.multiple)) if cut else 1
    return CanvasView(width=across, height=down, tiles=tiles)


def _in_one_piece(run: PlannedRun) -> bool:
    """Return whether an engine of a trained area invents so much that tiles would not agree."""
    filled = isinstance(run.task, Customise) and run.task.mask and EditType.FILL in run.spec.ways
    strength = run.parameters.get("strength")
    return run.spec.canvas.area is not None and bool(filled or (isinstance(strength, float) and strength > REFINING))


def _seconds(outlook: Outlook, plan: Plan, timeout: int) -> Estimate:
    if outlook.pace is None:
        return Estimate(value=None, reason=NO_MEAN_SERVICE_TIME)
    runs = len(plan.runs)
    said = MEAN_SERVICE_TIME if runs == 1 else f"{runs} times {MEAN_SERVICE_TIME}"
    return Estimate(value=round(min(outlook.pace * runs, timeout), 3), reason=said)


def _wait(outlook: Outlook) -> Estimate:
    if not outlook.workers:
        return Estimate(value=None, reason=NO_WORKER)
    if not outlook.position:
        return Estimate(value=0, reason="no jobs are ahead of it")
    if outlook.pace is None:
        return Estimate(value=None, reason=NO_MEAN_SERVICE_TIME)
    said = f"jobs ahead of it: {outlook.position}; workers: {outlook.workers}; {MEAN_SERVICE_TIME}"
    return Estimate(value=round(outlook.position * outlook.pace / outlook.workers, 3), reason=said)
