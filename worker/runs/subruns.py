"""A job that takes several runs, one after another in this worker: its parts, each an ordinary run of one engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from likeness.contract.comparison import JobTask
from likeness.contract.errors import JobTimeout
from likeness.contract.jobs import JobFailure, JobOrder, MadeImage, Progress, Result, Timings
from likeness.contract.runs import PlannedRun
from worker.engine import Stopped
from worker.failures import Failure
from worker.runs.context import Context, Outcome, Watch
from worker.runs.deadline import Deadline
from worker.runs.kinds import run_of


class PartOutOfTime(Stopped):
    """A part passed its own time bound; the job goes on with the next."""


class PartWatch:
    """A part's line to the queue: tells which of how many parts it is, and stops it at its own bound."""

    def __init__(self, watch: Watch, run: int, runs: int, seconds: float) -> None:
        self._watch, self._place = watch, {"run": run, "runs": runs}
        self._deadline = Deadline()
        self._deadline.set(seconds)
        self.wanted = True
        """False once nobody wants the job any more."""

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Tell how far this part is; return the job when nobody wants it any more. Raises Stopped."""
        return self._heard(progress.stage, self._watch.progress(job_ids, progress.model_copy(update=self._place)))

    def waits(self, job_ids: Sequence[str]) -> set[str]:
        """Say that this part waits for the device; return the job when nobody wants it any more. Raises Stopped."""
        return self._heard("waiting", self._watch.waits(job_ids))

    def begins(self) -> None:
        """Say that this part has the device now. Raises Stopped."""
        self._watch.begins()
        self._deadline.heed("preparing")

    def _heard(self, stage: str, unwanted: set[str]) -> set[str]:
        self.wanted = self.wanted and not unwanted
        self._deadline.heed(stage)
        if self._deadline.passed():
            raise PartOutOfTime
        return unwanted


@dataclass(frozen=True)
class Parts:
    """The parts of one job."""

    order: JobOrder
    context: Context
    watch: Watch
    count: int

    def run(self, number: int, planned: PlannedRun, seconds: int) -> Outcome | None:
        """Run part `number`, counted from 0, for at most `seconds`; None when nobody wants the job any more."""
        watch = PartWatch(self.watch, number + 1, self.count, seconds)
        own = {"engine": planned.spec.name, "timeout": seconds, "whys": [self.order.why(number)]}
        order = alone(self.order, planned.task).model_copy(update=own)
        try:
            outcome = run_of(planned.spec, order, self.context, watch).execute([order]).get(order.id)
        except PartOutOfTime:
            return JobTimeout(f"the run took longer than its bound of {seconds} s")
        return outcome if watch.wanted else None


def alone(order: JobOrder, task: JobTask) -> JobOrder:
    """Return the job with this task and no other."""
    return order.model_copy(update={"task": task, "reproduces": None})


def joined(order: JobOrder, started: datetime, results: Sequence[Result]) -> Result:
    """Return the results of a job's parts as one, the best first: every image has its recipe, times are summed."""
    first = results[0]
    sums = {name: sum(getattr(result.timings, name) for result in results) for name in Timings.model_fields}
    queued = max(0.0, (started - order.created_at).total_seconds())
    images = [_with_recipe(image, result) for result in results for image in result.images]
    timings = Timings(**{**sums, "queued": queued})
    taken = list(dict.fromkeys(name for result in results for name in result.degradations))
    return first.model_copy(update={"images": images, "timings": timings, "batch": 1, "degradations": taken})


def failure_of(error: Failure) -> JobFailure:
    """Return the error of a part as its row tells it."""
    return JobFailure(code=error.code, detail=error.detail, fault=error.fault)


def _with_recipe(image: MadeImage, result: Result) -> MadeImage:
    return image.model_copy(update={"recipe": result.recipe})
