"""The spans of the jobs that a worker holds: how long each waited, and its run with what was done in it.

Batch mates share a run, but each has the spans of it in its own trace; they link to those of the batch's first job.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from likeness.contract.jobs import JobOrder
from likeness.observability.tracing import Span, Tracing, valid


@dataclass
class Open:
    """A job's run that has not ended, and the stage it is in."""

    run: Span
    stage: Span | None = None
    name: str = ""
    until: float = 0.0
    """When the last that is known of the stage was over: Unix seconds."""

    def enter(self, stage: str, engine: str, began: float) -> Span:
        """Return the span of a stage; one that goes on is one span."""
        if self.stage is None or self.name != stage:
            self.leave()
            self.stage = self.run.child(stage, at=began, attributes={"likeness.engine": engine})
            self.name = stage
        return self.stage

    def leave(self) -> None:
        """End the stage, where there is one."""
        if self.stage is not None:
            self.stage.end(self.until)
            self.stage = None


class Traces:
    """The open spans of one worker, by job."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._open: dict[str, Open] = {}
        self._lock = threading.Lock()
        """A run makes pictures in one thread and measures them in another."""

    def began(self, order: JobOrder, queue: str, queued: float, began: float, mate: str | None) -> None:
        """Begin a job's run, after it waited in a queue since `queued`. Times are Unix seconds.

        `mate` is the first job of its run, where it shares one.
        """
        parent = valid(order.traceparent)
        about = {"likeness.job": order.id, "likeness.queue": queue}
        self._tracing.span("queued", parent, at=queued, attributes=about).end(began)
        about |= {"likeness.engine": order.engine, "likeness.kind": order.task.kind}
        first = self._open.get(mate or "")
        links = [first.run.traceparent] if first and first.run.traceparent else []
        run = self._tracing.span("run", parent, at=began, kind="consumer", links=links, attributes=about)
        self._open[order.id] = Open(run)

    def together(self, job_ids: Iterable[str], count: int) -> None:
        """Say how many jobs share the run."""
        for one in self._of(job_ids):
            one.run.set({"likeness.batch.size": count})

    def stage(self, job_ids: Iterable[str], stage: str, engine: str, began: float, until: float, step: int) -> None:
        """Say what jobs did from `began` to `until`, Unix seconds; a step after another of its stage is an event."""
        with self._lock:
            for one in self._of(job_ids):
                span = one.enter(stage, engine, began)
                one.until = until
                if step:
                    span.event("step", until, {"likeness.step": step})

    def ended(self, job_id: str, status: str, error: str | None = None) -> None:
        """End a job's run."""
        one = self._open.pop(job_id, None)
        if one is not None:
            with self._lock:
                one.leave()
            one.run.set({"likeness.status": status})
            one.run.end(error=error)

    def abandon(self) -> None:
        """End the runs that are still open: this worker ends, and others run their jobs again."""
        for job_id in list(self._open):
            self.ended(job_id, "abandoned", "worker_ended")

    def _of(self, job_ids: Iterable[str]) -> list[Open]:
        return [self._open[job_id] for job_id in job_ids if job_id in self._open]
