"""The run of a cut-out, a packshot or a check: no canvas and no engine, one pass of arithmetic over one picture."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import structlog

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed, JobError, LikenessError, StoreFailed, StoreUnavailable
from likeness.contract.gates import Gates
from likeness.contract.jobs import EngineUsed, JobOrder, MadeImage, Progress, Recipe, Result, Scalar, Timings
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.presets import Preset, look_of
from likeness.imaging.compliance.rules import AI
from likeness.imaging.formats.decode import Picture, decode
from likeness.imaging.formats.xmp import DigitalSource, Provenance, source_type
from likeness.imaging.masks import upright_mask
from likeness.imaging.packshot.source import source_of
from worker.editing.packshot import Drawn, Given, drawn
from worker.engine import AllCancelled, Stage
from worker.failures import job_error
from worker.runs.context import Context, Outcome, Watch
from worker.runs.scoring import UNBOUNDED
from worker.runs.state import Stopwatch

log = structlog.get_logger()

STEPS = 3
"""Cut out, composed, written."""
Exact = Cutout | Packshot | Check


class PackshotRun:
    """One run over jobs that arithmetic does."""

    def __init__(self, spec: EngineSpec, context: Context, watch: Watch) -> None:
        self.spec, self.context, self.watch = spec, context, watch
        self.watched = Stopwatch()

    def execute(self, orders: Sequence[JobOrder]) -> dict[str, Outcome]:
        """Run all jobs and return how each ended; cancelled ones are missing. Raises Stopped, with nothing stored."""
        self.context.telemetry.run_of(self.spec.name, [order.id for order in orders])
        outcomes = {order.id: self._outcome(order) for order in orders}
        return {job: outcome for job, outcome in outcomes.items() if outcome is not None}

    def _outcome(self, order: JobOrder) -> Outcome | None:
        started, self.watched = datetime.now(UTC), Stopwatch()
        try:
            return self._made(order, started)
        except AllCancelled:
            return None
        except JobError as error:
            return error
        except StoreUnavailable as error:
            return StoreFailed(error.detail)
        except LikenessError as error:
            return EngineFailed(f"the input could not be prepared: {error.detail}")
        except (MemoryError, OSError, ValueError, RuntimeError) as error:
            log.warning("a packshot failed", job=order.id, exc_info=error)
            return job_error(error)

    def _made(self, order: JobOrder, started: datetime) -> Result | None:
        """Return the result of a job; None when nobody wants it any more."""
        task = cast(Exact, order.task)
        if not self._wanted(order, 0, "preparing"):
            return None
        preset = None if task.preset_name is None else self.context.presets.find(task.preset_name)
        began = time.monotonic()
        given = self._given(order)
        self.context.turns.prepared_in(time.monotonic() - began)
        provenance = self._provenance(order, given, preset)
        with self.context.turns.turn(f"{self.spec.name} {given.original.pixels.size}", partial(self._wait, order)):
            self.watched.skip()
            self.watch.begins()
            with self.context.turns.busy():
                work = drawn(task, given, preset, self.context.safeguards.xmp(provenance))
        self._lap("denoising", order)
        if not self._wanted(order, 1, "decoding"):
            return None
        data = self.context.safeguards.signed(work.export.of(work.pixels).data, provenance)
        self._lap("decoding", order)
        image = self._assessed(order, work, data)
        return self._result(order, image, preset, started) if self._wanted(order, STEPS, "assessing") else None

    def _given(self, order: JobOrder) -> Given:
        """Return what a job works on, decoded; the product is found when it is first asked for."""
        stored = self.context.store.get(order.input) if order.input else b""
        original = decode(stored, UNBOUNDED)
        used = cast(Exact, order.task).files
        files = {name: file for name, file in order.files.items() if name in used}
        sent = {name: decode(self.context.store.get(file), UNBOUNDED) for name, file in files.items()}
        mask = upright_mask(original, sent["mask"]) if "mask" in sent else None
        behind = source_of(sent["background"]).rgb if "background" in sent else None
        self._lap("preparing", order)
        held, gates = self.context.residents, Gates().with_overrides(self.context.gates)
        segment = self.context.product or held.product
        said, size = self._said(stored), len(stored)
        return Given(original, said, size, segment, held.texts, held.enlarged, mask, behind, gates, held.hanger)

    def _said(self, stored: bytes) -> str | None:
        """Return what an image says of its making, or what is known of edits that it comes from."""
        drawn = self.context.source is not None and self.context.source.drawn
        said = source_type(stored)
        return str(DigitalSource.COMPOSITE) if drawn and said not in AI else said

    def _assessed(self, order: JobOrder, work: Drawn, data: bytes) -> MadeImage:
        """Measure a file as it will be delivered, store it and describe it."""
        made: Picture = decode(data, UNBOUNDED)
        report = work.judge(data, made)
        self.context.telemetry.candidate(self.spec.name, report)
        self._lap("assessing", order)
        began = time.monotonic()
        picture = self.context.store.put(order.id, data, f"image/{made.format}", order.labels.reference)
        self.context.telemetry.stage(self.spec.name, "storing", [order.id], time.monotonic() - began)
        width, height = made.pixels.size
        mode, format = made.pixels.mode, made.format
        return MadeImage(
            picture=picture, width=width, height=height, mode=mode, format=format, seed=None, report=report
        )

    def _result(self, order: JobOrder, image: MadeImage, preset: Preset | None, started: datetime) -> Result:
        parameters = _settled(cast(Exact, order.task), preset)
        name, family, revision = self.spec.name, self.spec.family, self.spec.revision
        recipe = Recipe(
            engine=name,
            revision=revision,
            parameters=parameters,
            seeds=[],
            input_sha256=order.input and order.input.sha256,
            files_sha256={file: stored.sha256 for file, stored in order.files.items()},
            task=cast(Exact, order.task),
            device=self.context.residents.device_name,
        )
        began = started + timedelta(seconds=self.watched.waited)
        queued = max(0.0, (began - order.created_at).total_seconds())
        return Result(
            images=[image],
            engine=EngineUsed(name=name, family=family, revision=revision, parameters=parameters, why=order.why()),
            recipe=recipe,
            timings=Timings(queued=queued, **dict(self.watched.seconds)),
            attempts=1,
            batch=1,
        )

    def _provenance(self, order: JobOrder, given: Given, preset: Preset | None) -> Provenance:
        """Return what the file says of its making: what the original says, where a model made that."""
        return Provenance(
            source=DigitalSource(given.said) if given.said in AI else DigitalSource.ENHANCED,
            engine=self.spec.name,
            revision=self.spec.revision,
            parameters=_settled(cast(Exact, order.task), preset),
            input_sha256=self.context.source.sha256 if self.context.source else order.input and order.input.sha256,
            drawn=False,
        )

    def _wait(self, order: JobOrder) -> None:
        """Say that the job waits for its turn. Raises Stopped, also when nobody wants it any more."""
        if order.id in self.watch.waits([order.id]):
            raise AllCancelled

    def _wanted(self, order: JobOrder, step: int, stage: Stage) -> bool:
        return order.id not in self.watch.progress([order.id], Progress(step=step, steps=STEPS, stage=stage))

    def _lap(self, stage: Stage, order: JobOrder) -> None:
        self.context.telemetry.stage(self.spec.name, stage, [order.id], self.watched.lap(stage), 0)


def _settled(task: Exact, preset: Preset | None) -> dict[str, Scalar]:
    """Return how a job was set, as plain values."""
    if isinstance(task, Packshot):
        told = look_of(task, preset).model_dump(mode="json", exclude_none=True)
        return {name: value if isinstance(value, Scalar) else str(value) for name, value in told.items()}
    return dict(task.model_dump(include={"format", "matte", "preset"}))
