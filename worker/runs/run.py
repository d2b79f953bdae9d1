"""The life of a run: jobs that share a batch key, from stored input to stored, measured images.

Nothing here knows RQ. `Watch` is how a run reports its progress and learns that it must stop.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import structlog

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed, JobError, LikenessError, StoreFailed, StoreUnavailable, UnsafeResult
from likeness.contract.jobs import JobOrder, Progress
from likeness.contract.tasks import Task
from likeness.imaging.assessment.tripwires import made_finite
from likeness.imaging.formats.encode import encode, wanted_format
from likeness.imaging.registration import undone
from worker.editing.working_size import made_at_working_size
from worker.engine import AllCancelled, Canvas, Engine, EngineTask, Preview, Stage, Stopped
from worker.failures import input_error, job_error, out_of_memory
from worker.runs.behind import Behind
from worker.runs.context import Context, Outcome, Watch
from worker.runs.fallback import Fallback
from worker.runs.findings import left_alone, remarks, told, without_details
from worker.runs.preparation import prepared
from worker.runs.previews import Previews, RunItem
from worker.runs.results import Results
from worker.runs.safeguards import provenance_of
from worker.runs.scoring import Candidate, score
from worker.runs.state import Stopwatch, Work, guidance_of, kind_of_turn

log = structlog.get_logger()

Made = tuple[Work, EngineTask, Canvas]
"""A picture as an engine made it, for which job and of which task."""


class Run:
    """One run of an engine over jobs with an equal batch key."""

    def __init__(self, spec: EngineSpec, context: Context, watch: Watch) -> None:
        self.spec, self.context, self.watch = spec, context, watch
        self.safeguards, self.telemetry = context.safeguards, context.telemetry
        self.previews = Previews(spec, context.store, self.safeguards)
        self.watched, self.measured = Stopwatch(), Stopwatch()
        """Of the run's own thread, and of the one that measures."""
        self.models: dict[str, str] = {}
        self.works: list[Work] = []
        self.outcomes: dict[str, Outcome] = {}

    def execute(self, orders: Sequence[JobOrder]) -> dict[str, Outcome]:
        """Run all jobs and return how each ended; cancelled ones are missing. Raises Stopped, with nothing stored."""
        started = datetime.now(UTC)
        self.telemetry.run_of(self.spec.name, [order.id for order in orders])
        self._prepare_all(orders)
        with self.context.turns.carrying(sum(work.plan.canvas[..., 0].size for work in self.works)):
            self._make_all()
            for work in self.works:
                if work.wanted:
                    began = started + timedelta(seconds=self.watched.waited)
                    self.outcomes[work.order.id] = work.error or self._finish(work, began, len(orders))
        return self.outcomes

    def _prepare_all(self, orders: Sequence[JobOrder]) -> None:
        began = time.monotonic()
        self._report([order.id for order in orders], Progress(step=0, steps=0, stage="preparing"))
        self.works = [work for order in orders if (work := self._prepare(order))]
        self.context.turns.prepared_in(time.monotonic() - began - self.watched.waited)

    def _make_all(self) -> None:
        try:
            while pending := [work for work in self.works if work.open]:
                self._attempt(pending)
        except AllCancelled:
            log.info("nobody wants the jobs of a run any more")
        finally:
            self.previews.erase()

    def _fallback(self, engine: Engine) -> Fallback[RunItem]:
        """Return what makes the images: those of a job that is to be exact one by one."""
        pixels = max((work.plan.canvas[..., 0].size for work in self.works), default=0)
        together = 1 if any(work.task.exact for work in self.works) else self.spec.batch
        return Fallback(self.spec, self.context.residents, partial(self._generate, engine), pixels, together)

    @contextmanager
    def _device(self, job_ids: Sequence[str]) -> Iterator[None]:
        """Have the device, once it is this run's turn. Raises Stopped while it waits."""
        with self.context.turns.turn(kind_of_turn(self.spec.name, self.works), partial(self._wait, job_ids)):
            self.watched.skip()
            self.watch.begins()
            yield

    def _wait(self, job_ids: Sequence[str]) -> None:
        self._forget(self.watch.waits(job_ids))
        if self.works and not any(work.wanted for work in self.works):
            raise AllCancelled

    def _load(self, job_ids: list[str]) -> Engine:
        """Return the engine, loaded. Raises JobError."""
        resident = self.spec.name in self.context.residents.names()
        if not resident:
            self._report(job_ids, Progress(step=0, steps=0, stage="loading"))
        engine = self.context.residents.engine(self.spec)
        loras = [lora.name for lora in cast(Task, self.works[0].task).loras]
        self.models = self.context.residents.commits(self.spec, loras)
        self._lap("loading", job_ids)
        if not resident:
            self._report(job_ids, Progress(step=0, steps=0, stage="preparing"))
        return engine

    def _lap(self, stage: Stage, job_ids: Sequence[str], step: int = 0) -> None:
        self.telemetry.stage(self.spec.name, stage, job_ids, self.watched.lap(stage), step)

    def _prepare(self, order: JobOrder) -> Work | None:
        """Decode the input onto its canvas; a job whose input is bad fails alone."""
        try:
            work = self._prepared(order)
        except Stopped:
            raise
        except LikenessError as error:
            self.outcomes[order.id] = input_error(error)
        except Exception as error:  # a segmenter out of memory, say: this job's end, not the run's
            self.outcomes[order.id] = job_error(error)
            log.warning("the input could not be prepared", job=order.id, exc_info=error)
        else:
            self._lap("preparing", [order.id])
            return work
        return None

    def _prepared(self, order: JobOrder) -> Work:
        """Prepare a job, while another may have the device; where both do not fit into its memory, in its own turn."""
        try:
            return prepared(order, self.spec, self.context)
        except Exception as error:
            if not out_of_memory(error):
                raise
            log.warning("out of memory beside the device's work; this waits for its turn", job=order.id)
        with self._device([order.id]):
            self.context.residents.components.free_cache()
            return prepared(order, self.spec, self.context)

    def _attempt(self, pending: list[Work]) -> None:
        """Make and measure one attempt's candidates of every pending job: each is measured while the next is made."""
        again: list[Made] = []
        job_ids = [work.order.id for work in pending]
        with Behind(self.spec.batch, partial(self._measuring, pending)) as behind, self._device(job_ids):
            try:
                for made in self._made(pending, job_ids):
                    behind.do(partial(self._take, made, again))
            except JobError as error:
                for work in pending:
                    work.error = error
        if again:
            with self._device(job_ids):
                self.context.residents.components.free_cache()
                for made in again:
                    self._take(made, None)
        for work in pending:
            work.attempts += 1

    def _measuring(self, pending: Sequence[Work]) -> None:
        """Say that this run waits for the thread that measures. Raises Stopped."""
        said = Progress(step=0, steps=0, stage="assessing", attempt=pending[0].attempts + 1)
        self._report([work.order.id for work in pending], said)
        if not any(work.wanted for work in pending):
            raise AllCancelled

    def _made(self, pending: Sequence[Work], job_ids: list[str]) -> Iterator["Made"]:
        """Yield the canvases of one attempt as they are made, in this run's turn. Raises JobError, or Stopped."""
        fallback = self._fallback(self._load(job_ids))
        items = [
            (work, work.plan.task(seed, work.planned.attempt(work.attempts)))
            for work in pending
            for seed in work.seeds()
        ]
        try:
            for (work, task), made in fallback.run(items):
                work.degradations = list(dict.fromkeys([*work.degradations, *fallback.taken]))
                if isinstance(made, JobError):
                    work.error = made
                else:
                    yield work, task, made
        finally:
            fallback.step_down()

    def _take(self, made: "Made", again: list["Made"] | None) -> None:
        """Measure a canvas; one that does not fit into memory beside the device's work goes to `again`."""
        work = made[0]
        self.measured.skip()
        try:
            self._measure(*made)
        except Exception as error:
            if again is not None and out_of_memory(error):
                again.append(made)
                return
            work.error = job_error(error)  # what is not checked and measured is not given out
            log.warning("a picture could not be finished", job=work.order.id, exc_info=error)

    def _generate(self, engine: Engine, items: Sequence[RunItem]) -> list[Canvas]:
        self.telemetry.call_of(self.spec.name, len(items))
        hook = partial(self._step, items, items[0][0].attempts + 1)
        with self.context.residents.arithmetic(exact=items[0][0].task.exact), self.context.turns.busy():
            return made_at_working_size(engine, self.spec, [task for _, task in items], hook)

    def _step(
        self,
        items: Sequence[RunItem],
        attempt: int,
        step: int,
        steps: int,
        stage: Stage,
        preview: Preview | None = None,
    ) -> None:
        job_ids = list(dict.fromkeys(work.order.id for work, _ in items))
        self._lap(stage, job_ids, step)
        self.context.turns.stepped(step, steps)
        if preview is not None:
            self.previews.offer(items, preview)
        self._report(job_ids, Progress(step=step, steps=steps, stage=stage, attempt=attempt))
        if not any(work.wanted for work, _ in items):
            raise AllCancelled

    def _report(self, job_ids: list[str], progress: Progress) -> None:
        unwanted: set[str] = set()
        for shown, ids in self.previews.counted(job_ids).items():
            unwanted |= self.watch.progress(ids, progress.model_copy(update={"preview": shown}))
        self._forget(unwanted)

    def _forget(self, unwanted: set[str]) -> None:
        for work in self.works:
            if work.order.id in unwanted:
                work.wanted = False

    def _measure(self, work: Work, task: EngineTask, canvas: Canvas) -> None:
        if not work.wanted:
            return
        if canvas.shape != work.plan.canvas.shape:
            work.error = EngineFailed("the engine made no picture: wrong size")
            return
        canvas, faults = made_finite(canvas)
        seed = task.seed if work.task.seed is not None or self.spec.varies(task.parameters) else None
        canvas, lay = undone(canvas, work.plan.canvas) if self.spec.drifts else (canvas, None)
        data = self._file(work, task, seed, work.plan.finish(canvas))
        self._lap_measuring("decoding", work)
        if data is None:
            work.withheld += 1
            self.telemetry.candidate(self.spec.name, None)
            return
        one = self._scored(work, task, data, faults)
        report = one.report.model_copy(update={"registration": lay})
        work.candidates.append(replace(one, seed=seed, guidance_scale=guidance_of(task), report=report))
        self.telemetry.candidate(self.spec.name, report)
        self._lap_measuring("assessing", work)

    def _lap_measuring(self, stage: Stage, work: Work) -> None:
        self.telemetry.stage(self.spec.name, stage, [work.order.id], self.measured.lap(stage))

    def _scored(self, work: Work, task: EngineTask, data: bytes, faults: Sequence[str]) -> Candidate:
        """Return a file with its report, and with what the engine found."""
        left = left_alone(task.findings.kept, work.plan.product)
        check = without_details(work.plan.check, task.findings, left)
        context = self.context
        candidate = score(work.given, data, work.task, check, context.metrics, faults, context.gates)
        said = remarks(work.task, work.plan.notes, task.findings, left)
        return replace(candidate, report=told(candidate.report, work, said), left_alone=left)

    def _file(self, work: Work, task: EngineTask, seed: int | None, canvas: Canvas) -> bytes | None:
        """Return the file of a finished canvas as the caller will get it; None when it is to be withheld."""
        width, height = work.frame.upright_size
        if self.safeguards.refuse(canvas[:height, :width]):
            return None
        made = provenance_of(self.spec, work.order, task, seed, self.context.source)
        image = work.plan.locked(work.given, work.frame.restore(canvas))
        wanted = wanted_format(work.task, work.frame.format, work.frame.lossless)
        data = encode(image, work.frame, wanted, self.safeguards.xmp(made), work.task.quality)
        return self.safeguards.signed(data, made)

    def _finish(self, work: Work, started: datetime, batch: int) -> Outcome:
        """Store the images to keep and describe them."""
        if not work.candidates:
            return UnsafeResult("the safety checker withheld all that was made; try another prompt, seed or picture")
        results = Results(self.spec, self.context, self.models)
        kept = results.kept(work)
        try:
            began = time.monotonic()
            images = [results.stored(work, candidate) for candidate in kept]
            self.telemetry.stage(self.spec.name, "storing", [work.order.id], time.monotonic() - began)
        except StoreUnavailable as error:
            return StoreFailed(error.detail)
        seconds = Counter(self.watched.seconds)
        seconds.update(self.measured.seconds)
        return results.of(work, kept, images, started, batch, seconds)
