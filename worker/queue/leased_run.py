"""A run of leased jobs: its line to the queue, its time bound, and how it ends when the worker is told to stop."""

import math
import time
from collections.abc import Sequence
from typing import Final

import structlog
from redis.exceptions import RedisError

from likeness.contract.jobs import JobOrder, Progress
from worker.engine import Draining, GivesWay, OutOfTime
from worker.queue.job import hung
from worker.queue.leases import Lease, report_progress
from worker.queue.recording import RecordingWorker
from worker.runs.context import Outcome
from worker.runs.deadline import Deadline
from worker.runs.dispatch import outcomes_of

STOP_SECONDS: Final = 5.0
"""How long a stopping worker waits for Redis to take its jobs back."""

BEFORE_IT_IS_MADE: Final = ("preparing", "loading", "denoising")
"""Stages in which a run may give way; after those it has little left to do, and needs no device."""

log = structlog.get_logger()


class Drain:
    """Whether the worker was told to stop, and until when its runs may go on."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._until = seconds, math.inf

    def begin(self) -> None:
        """Let runs go on for so many seconds from now, those that wait for the device not at all."""
        self._until = time.monotonic() + self._seconds

    def left(self) -> float:
        """Return how many seconds runs may still go on."""
        return max(0.0, self._until - time.monotonic())

    def check(self, *, waiting: bool) -> None:
        """Raise Draining where a run must end now."""
        if time.monotonic() > self._until or (waiting and self._until < math.inf):
            raise Draining


class LeasedRun:
    """Jobs that share a run, from their leases to how each ended. A thread of the worker's runs it."""

    def __init__(
        self, worker: RecordingWorker, leases: list[Lease], drain: Drain, *, alone: bool, may_give_way: bool = False
    ) -> None:
        self._worker, self.leases, self._drain = worker, leases, drain
        self.alone = alone
        """Whether nothing may run beside it: it may be what killed its last worker."""
        self.may_give_way = may_give_way
        """Whether interactive jobs that wait may stop it."""
        self.gives_way = False
        """Whether it was told to, at its next step; what it has made by then ends as ever."""
        self.begun = False
        """Whether it has had the device."""
        self.deadline = Deadline()

    def execute(self) -> None:
        """Run the jobs and record how each ended. Raises Stopped."""
        with structlog.contextvars.bound_contextvars(jobs=[lease.job.id for lease in self.leases]):
            outcomes = self._outcomes([lease.order for lease in self.leases])
        self.begun = True
        for lease in self._held():
            self._worker.record(lease, outcomes.get(lease.order.id))

    def _held(self) -> list[Lease]:
        """Return those of its leases that this worker still holds."""
        return [lease for lease in self.leases if self._worker.leases.get(lease.job.id) is lease]

    def _outcomes(self, orders: Sequence[JobOrder]) -> dict[str, Outcome]:
        """Run jobs together, for as long as each may work; those of a run that is out of time again, in two halves."""
        self.deadline.set(sum(order.timeout for order in orders))
        try:
            return outcomes_of(orders, self._worker.context, self)
        except OutOfTime:
            if len(orders) == 1:
                return {orders[0].id: hung(orders[0])}
        finally:  # to record may take as long as Redis is away
            self.deadline.clear()
        half = len(orders) // 2
        log.warning("a batch ran out of time", size=len(orders))
        held = {lease.job.id for lease in self._held()}
        halves = [[order for order in part if order.id in held] for part in (orders[:half], orders[half:])]
        return {id_: outcome for part in halves if part for id_, outcome in self._outcomes(part).items()}

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Report how far jobs are; return the ids nobody wants any more. Raises Stopped."""
        self._report(job_ids, progress)
        self.deadline.heed(progress.stage)
        self._check_stop(waiting=False)
        last = progress.stage == "denoising" and progress.step == progress.steps
        if progress.stage in BEFORE_IT_IS_MADE and not last:
            self._check_way()
        return self._unwanted(job_ids)

    def waits(self, job_ids: Sequence[str]) -> set[str]:
        """Say that jobs wait for the device; return the ids nobody wants any more. Raises Stopped."""
        self.deadline.heed("waiting")
        self._report(job_ids, None)
        self._check_stop(waiting=not self.begun)
        self._check_way()
        return self._unwanted(job_ids)

    def begins(self) -> None:
        """Say that the run has the device now. Raises Stopped."""
        self._check_way()
        self.begun = True
        self.deadline.heed("preparing")

    def _report(self, job_ids: Sequence[str], progress: Progress | None) -> None:
        """Report progress, or only learn which jobs nobody wants; end those."""
        leases = [lease for lease in self._held() if lease.job.id in job_ids]
        try:
            report_progress(leases, progress, self._worker.brief)
        except RedisError as error:
            log.warning("progress could not be reported", error=str(error))
        for lease in leases:
            if not lease.wanted:  # the others of the run go on, but it ends now
                with self.deadline.paused():
                    self._worker.record(lease, None)

    def _unwanted(self, job_ids: Sequence[str]) -> set[str]:
        return set(job_ids) - {lease.job.id for lease in self._held()}

    def _check_way(self) -> None:
        if self.gives_way:
            raise GivesWay

    def _check_stop(self, *, waiting: bool) -> None:
        if self.deadline.passed():
            raise OutOfTime
        self._drain.check(waiting=waiting)
