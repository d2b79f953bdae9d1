"""What a worker tells of its work: figures for Prometheus, spans for OpenTelemetry.

Labels are names of the catalogue, of queues, stages and codes: never a job, a key, or anything that a caller wrote.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, start_http_server

from likeness.contract.errors import JobError, LikenessError, RequestError
from likeness.contract.jobs import JobOrder, JobStatus, Result
from likeness.contract.report import Report
from likeness.observability.tracing import Tracing
from worker.observability.memory_metrics import MemoryFigures
from worker.observability.spans import Traces
from worker.residency.engines import Residents

WAITS: Final = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
"""Bounds of the histogram of waits, in seconds."""
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Bounds of the histograms of steps and stages, in seconds."""
TOGETHER: Final = (1, 2, 4, 8, 16, 32, 64)
"""Bounds of the histograms of runs, in jobs or pictures."""
SSIM: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 1.0)

log = structlog.get_logger()

Ending = Result | JobError | RequestError | None
"""How a job ended: None is cancelled."""


def ending_of(outcome: Ending) -> tuple[JobStatus, str]:
    """Return a job's last status and the code that goes with it: of an error its own, of a success the verdict."""
    if outcome is None:
        return JobStatus.CANCELLED, ""
    if isinstance(outcome, LikenessError):
        return JobStatus.FAILED, outcome.code
    return JobStatus.SUCCEEDED, outcome.images[0].report.verdict.value


class Telemetry:
    """Counts and traces the work of one worker. Nothing of it is told to anyone unless the settings say where."""

    def __init__(self, tracing: Tracing | None = None) -> None:
        self.registry = CollectorRegistry()
        self._tracing = tracing or Tracing()
        self._traces = Traces(self._tracing)
        self._wait = self._histogram("job_wait_seconds", "Seconds from queued to running", WAITS, "queue")
        self._jobs = self._histogram("run_jobs", "Jobs that shared a run", TOGETHER, "engine")
        self._pictures = self._histogram("batch_pictures", "Pictures made by one call of an engine", TOGETHER, "engine")
        self._steps = self._histogram("step_seconds", "Seconds of a denoising step", SECONDS, "engine")
        self._stages = self._histogram("stage_seconds", "Seconds of a stage of a run", SECONDS, "engine", "stage")
        self._ssim = self._histogram("candidate_ssim_ratio", "ssim of candidates to the given picture", SSIM, "engine")
        self._candidates = self._counter("candidates", "Candidates measured or withheld", "engine", "verdict")
        self._ended = self._counter("worker_jobs", "Jobs this worker ended", "engine", "status", "code")
        self._degraded = self._counter("degradations", "Jobs made with less memory", "engine", "measure")
        self._recovered = self._counter("jobs_recovered", "Jobs taken from silent workers", "queue", "outcome")
        self._gave_way = self._counter("runs_gave_way", "Runs of batch jobs stopped for interactive ones")
        self._lost = self._counter("claims_lost", "Jobs this worker lost to another one")
        ProcessCollector(registry=self.registry)

    def serve(self, host: str, port: int, residents: Residents, engines: Sequence[str], queues: Sequence[str]) -> None:
        """Answer Prometheus on this address, from a thread. Raises OSError when nothing can listen there.

        What the `engines` and `queues` may count stands at 0 from the start: a counter that begins at 1 has not risen.
        """
        for queue in queues:
            self._recovered.labels(queue, "again")
            self._recovered.labels(queue, "failed")
        self.registry.register(MemoryFigures(residents, engines))
        start_http_server(port, host, self.registry)
        log.info("metrics are served", host=host, port=port)

    def close(self) -> None:
        """Export the last spans, those of runs that this worker leaves among them, for a few seconds at most."""
        self._traces.abandon()
        self._tracing.close()

    def taken(self, order: JobOrder, queue: str, queued: datetime, mate: str | None = None) -> None:
        """A job was started that waited in `queue` since `queued`; `mate` is the first job of its run."""
        now = time.time()
        since = min(queued.timestamp(), now)
        self._wait.labels(queue).observe(now - since)
        self._traces.began(order, queue, since, now, mate)

    def run_of(self, engine: str, job_ids: Sequence[str]) -> None:
        """An engine begins a run of jobs."""
        self._jobs.labels(engine).observe(len(job_ids))
        self._traces.together(job_ids, len(job_ids))

    def call_of(self, engine: str, pictures: int) -> None:
        """An engine is called to make pictures together."""
        self._pictures.labels(engine).observe(pictures)

    def stage(self, engine: str, stage: str, job_ids: Sequence[str], seconds: float, step: int = 0) -> None:
        """A stage of jobs, or that `step` of it (from 1), took the `seconds` until now."""
        now = time.time()
        self._stages.labels(engine, stage).observe(seconds)
        if step and stage == "denoising":
            self._steps.labels(engine).observe(seconds)
        self._traces.stage(job_ids, stage, engine, now - seconds, now, step)

    def candidate(self, engine: str, report: Report | None) -> None:
        """A candidate was measured, or withheld (None)."""
        self._candidates.labels(engine, "withheld" if report is None else report.verdict.value).inc()
        ssim = report.score("ssim") if report else None
        if ssim is not None:
            self._ssim.labels(engine).observe(ssim)

    def ended(self, job_id: str, engine: str, outcome: Ending) -> None:
        """A job was recorded as ended."""
        status, code = ending_of(outcome)
        self._ended.labels(engine, status.value, code).inc()
        for measure in outcome.degradations if isinstance(outcome, Result) else ():
            self._degraded.labels(engine, measure).inc()
        self._traces.ended(job_id, status.value, code if status is JobStatus.FAILED else None)
        said = {"error": outcome.detail} if isinstance(outcome, LikenessError) else {}
        log.info("job ended", job=job_id, engine=engine, status=status.value, code=code, **said)

    def lost(self, job_id: str) -> None:
        """Another worker has the job now, or it was deleted."""
        self._lost.inc()
        self._traces.ended(job_id, "lost")

    def gave_way(self) -> None:
        """A run of batch jobs was stopped for an interactive job."""
        self._gave_way.inc()

    def handed_back(self, job_id: str) -> None:
        """A job goes back to its queue, because this worker stops or its run gave way."""
        self._traces.ended(job_id, "handed back")
        log.info("job handed back", job=job_id)

    def recovered(self, queue: str, *, again: bool) -> None:
        """A job of a worker that fell silent was queued again, or failed for want of another try."""
        self._recovered.labels(queue, "again" if again else "failed").inc()

    def _histogram(self, name: str, said: str, bounds: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"likeness_{name}", said, labels, buckets=bounds, registry=self.registry)

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"likeness_{name}", said, labels, registry=self.registry)
