"""What a job of a run returns: its best images, stored, with the recipe that makes them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from likeness.contract.engines import STILL_AT_0, EngineSpec
from likeness.contract.jobs import EngineUsed, MadeImage, Recipe, Result, Timings
from likeness.contract.scheduling import Keep
from worker.editing.planner import is_captioned
from worker.engine import Stage
from worker.runs.context import Context
from worker.runs.findings import matte_file
from worker.runs.scoring import Candidate, ranked, with_withheld
from worker.runs.state import Work


@dataclass(frozen=True)
class Results:
    """Makes the results of one run's jobs. `models` are the commits of what the engine ran on."""

    spec: EngineSpec
    context: Context
    models: Mapping[str, str]

    def kept(self, work: Work) -> list[Candidate]:
        """Return the candidates to keep, the best first."""
        best = ranked(work.candidates)
        return best if work.task.keep is Keep.ALL else best[:1]

    def stored(self, work: Work, candidate: Candidate) -> MadeImage:
        """Store a candidate and describe it. Raises StoreUnavailable."""
        order = work.order
        picture = self.context.store.put(order.id, candidate.data, f"image/{candidate.format}", order.labels.reference)
        width, height = candidate.image.size
        matte = matte_file(work)
        return MadeImage(
            picture=picture,
            width=width,
            height=height,
            mode=candidate.image.mode,
            format=candidate.format,
            seed=candidate.seed,
            guidance_scale=candidate.guidance_scale,
            report=with_withheld(candidate.report, work.withheld),
            matte=None
            if matte is None
            else self.context.store.put(order.id, matte, "image/png", order.labels.reference),
            left_alone=candidate.left_alone,
        )

    def of(
        self,
        work: Work,
        kept: list[Candidate],
        images: list[MadeImage],
        started: datetime,
        batch: int,
        seconds: Mapping[Stage, float],
    ) -> Result:
        """Return the result of a job that shared its run with `batch` jobs in all."""
        queued = max(0.0, (started - work.order.created_at).total_seconds())
        return Result(
            images=images,
            engine=self._used(work),
            recipe=self._recipe(work, kept),
            timings=Timings(queued=queued, **dict(seconds)),
            attempts=work.attempts,
            batch=batch,
            degradations=work.degradations + self._once(work),
            caption=work.plan.caption,
            caption_reason=self._caption_reason(work),
        )

    def _once(self, work: Work) -> list[str]:
        """Return why one image was made though more were asked for, if so."""
        if max(work.task.candidates, work.task.attempts) == 1 or self.spec.varies(dict(work.planned.parameters)):
            return []
        at = next((f" at {name} 0" for name in STILL_AT_0 if work.planned.parameters.get(name) == 0), "")
        return [f"one image: {self.spec.name} makes the same every time{at}"]

    def _used(self, work: Work) -> EngineUsed:
        return EngineUsed(
            name=self.spec.name,
            family=self.spec.family,
            revision=self.spec.revision,
            parameters=dict(work.planned.parameters),
            why=work.order.why(),
        )

    def _recipe(self, work: Work, kept: list[Candidate]) -> Recipe:
        return Recipe(
            engine=self.spec.name,
            revision=self.spec.revision,
            models=dict(self.models),
            parameters=dict(work.planned.parameters),
            seeds=[candidate.seed for candidate in kept if candidate.seed is not None],
            input_sha256=work.order.input and work.order.input.sha256,
            files_sha256={name: file.sha256 for name, file in work.order.files.items()},
            task=work.task,
            caption=work.plan.caption,
            device=self.context.residents.device_name,
        )

    def _caption_reason(self, work: Work) -> str | None:
        missing = is_captioned(work.task, self.spec) and work.plan.caption is None
        return self.context.residents.no_captioner if missing else None
