"""One job of a run, as it is worked on, and where the time of a run goes."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from likeness.contract.errors import JobError
from likeness.contract.jobs import JobOrder
from likeness.contract.parameters import MAX_SEED
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import DrawnTask
from likeness.imaging.formats.decode import Picture
from likeness.imaging.frame import Frame
from worker.editing.plan import EditPlan
from worker.engine import EngineTask, Stage
from worker.runs.scoring import Candidate


class Stopwatch:
    """Seconds spent in each stage of a run."""

    def __init__(self) -> None:
        self.seconds: dict[Stage, float] = defaultdict(float)
        self.waited = 0.0
        """Seconds that were no stage of the run: it waited for the device."""
        self._mark = time.monotonic()

    def lap(self, stage: Stage) -> float:
        """Count the time since the last lap towards `stage`, and return it."""
        now = time.monotonic()
        took = now - self._mark
        self.seconds[stage] += took
        self._mark = now
        return took

    def skip(self) -> None:
        """Count the time since the last lap as waiting."""
        now = time.monotonic()
        self.waited += now - self._mark
        self._mark = now


@dataclass
class Work:
    """One job of a run, as it is worked on."""

    order: JobOrder
    planned: PlannedRun
    given: Picture
    """The image that is edited and measured against: laid on a colour where its alpha is to go."""
    frame: Frame
    plan: EditPlan
    first_seed: int
    candidates: list[Candidate] = field(default_factory=list)
    attempts: int = 0
    degradations: list[str] = field(default_factory=list)
    original: Picture | None = None
    """The image as it was sent, where `given` is that without its alpha."""
    withheld: int = 0
    """Candidates that the safety checker flagged; nothing else is kept of them."""
    error: JobError | None = None
    wanted: bool = True

    @property
    def task(self) -> DrawnTask:
        """What is asked: a comparison comes as one run for each of its tasks."""
        return cast(DrawnTask, self.order.task)

    @property
    def open(self) -> bool:
        """Whether another attempt should be made."""
        done = any(not candidate.rejected for candidate in self.candidates)
        return self.wanted and self.error is None and not done and self.attempts < self._most(self.task.attempts)

    def seeds(self) -> list[int]:
        """Return the seeds of the next attempt."""
        count = self._most(self.task.candidates)
        first = self.first_seed + self.attempts * count
        return [(first + number) % (MAX_SEED + 1) for number in range(count)]

    def _most(self, asked: int) -> int:
        """Return how often to make an image: once where another seed gives the same."""
        return asked if asked == 1 or self.planned.spec.varies(dict(self.planned.parameters)) else 1


def guidance_of(task: EngineTask) -> float | None:
    """Return the guidance scale that a picture is made with; None where its engine has none."""
    scale = task.parameters.get("guidance_scale")
    return None if scale is None else float(scale)


def kind_of_turn(engine: str, works: Sequence[Work]) -> str:
    """Return what tells how long the device will take for jobs of one run: equal for equally much work."""
    if not works:
        return engine
    first = works[0]
    numbers = {name: one for name, one in first.planned.parameters.items() if isinstance(one, int | float)}
    return f"{engine} {len(works)} {first.plan.canvas.shape} {numbers | {'seed': 0}}"
