"""A worker's claim on a job: only who holds it may record how the job ends."""

from dataclasses import dataclass
from typing import cast

from rq.executions import Execution
from rq.queue import Queue
from rq.registry import StartedJobRegistry
from rq.utils import current_timestamp

from likeness.contract import names
from likeness.contract.jobs import JobOrder
from worker.rq_job import LikenessJob
from worker.rq_scripts import HOLD


@dataclass
class Held:
    """A job this worker holds."""

    job: LikenessJob
    queue: Queue
    order: JobOrder
    execution: Execution
    wanted: bool = True
    """False once it was cancelled, deleted, or lost to another worker."""
    steps_done: int = 0

    @property
    def registry(self) -> StartedJobRegistry:
        """RQ's registry of running jobs, in which the claim stands."""
        return cast(StartedJobRegistry, self.job.started_job_registry)

    def renew(self) -> int:
        """Renew the claim if it still stands: 0 it is lost, 1 it holds, 2 it holds and the job is to be cancelled."""
        deadline = current_timestamp() + names.CLAIM_SECONDS
        keys = [self.registry.key, self.job.key]
        return int(self.job.connection.eval(HOLD, len(keys), *keys, self.execution.composite_key, deadline))
