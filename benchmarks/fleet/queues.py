"""The queue's own rules, without Redis: who is next, what is left to others, which jobs share a run.

They are those of the scripts ACCEPT, TAKE and MATES; benchmarks/fleet/rehearsal.py checks them against the real thing.
"""

from bisect import insort
from collections.abc import Callable, Sequence

from likeness.queue.keys import BATCH_TURN_SECONDS, POOL_TURN_SECONDS, PREFER_SECONDS
from worker.queue.scripts import LOOK_AHEAD

INTERACTIVE, BATCH = 0, 1
"""The two priorities, in the order in which they are served."""


class Job:
    """One job: when it came, what it needs, and what became of it. Times are seconds after midnight."""

    __slots__ = ("arrived", "began", "caller", "engine", "passed", "place", "setting", "tier", "waiting")

    def __init__(self, arrived: float, engine: int, setting: int, caller: int, tier: int) -> None:
        self.arrived, self.engine, self.setting, self.caller, self.tier = arrived, engine, setting, caller, tier
        self.place = (0, 0)
        self.passed: float | None = None
        """When a worker first left it to others."""
        self.began: float | None = None
        self.waiting = False

    def __lt__(self, other: "Job") -> bool:
        return self.place < other.place


class Queue:
    """The waiting jobs of one priority of a pool, in turns between callers."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self._waiting: dict[int, int] = {}
        self._rounds: dict[int, int] = {}
        """The last round of each caller with jobs that wait."""
        self._count = 0

    def add(self, job: Job) -> None:
        """Put a job in its place: a round after its caller's last one that waits, and not before the head's round."""
        job_round = self.jobs[0].place[0] if self.jobs else 0
        if self._waiting.get(job.caller):
            job_round = max(job_round, self._rounds[job.caller] + 1)
        self._rounds[job.caller] = job_round
        self._waiting[job.caller] = self._waiting.get(job.caller, 0) + 1
        self._count += 1
        job.place, job.waiting = (job_round, self._count), True
        if not self.jobs or self.jobs[-1] < job:
            self.jobs.append(job)
        else:
            insort(self.jobs, job)

    def take(self, left: Callable[[Job], bool]) -> Job | None:
        """Take the first job that is not left to others."""
        for number, job in enumerate(self.jobs[:LOOK_AHEAD]):
            if not left(job):
                return self._pop(number)
        return None

    def mates(self, job: Job, most: int) -> list[Job]:
        """Take the jobs that may share the run of `job`, `most` of them."""
        numbers = [
            number
            for number, other in enumerate(self.jobs[:LOOK_AHEAD])
            if other.engine == job.engine and other.setting == job.setting
        ]
        return [self._pop(number) for number in reversed(numbers[:most])]

    def _pop(self, number: int) -> Job:
        job = self.jobs.pop(number)
        job.waiting = False
        self._waiting[job.caller] -= 1
        return job


class Scheduler:
    """Whose turn it is among the queues of one worker, as worker/queue/scheduling.py says. Pools are numbers."""

    __slots__ = ("_batch_at", "_pool", "_since")

    def __init__(self, now: float) -> None:
        self._pool, self._since, self._batch_at = 0, now, now

    def order(self, pools: int, now: float) -> list[int]:
        """Return the pools: this worker's first, and once its turn is over last."""
        first = self._pool + (now - self._since >= POOL_TURN_SECONDS)
        return [(first + number) % pools for number in range(pools)]

    def batch_due(self, now: float) -> bool:
        """Whether a batch job that waited as long goes before interactive ones."""
        return now - self._batch_at >= BATCH_TURN_SECONDS

    def took(self, pool: int, tier: int, now: float) -> None:
        """Remember that a job was taken."""
        if pool != self._pool:
            self._pool, self._since = pool, now
        if tier == BATCH:
            self._batch_at = now


def take(
    tiers: Sequence[Sequence[Queue]], left: Callable[[Job], bool], now: float, batch_due: bool = False
) -> Job | None:
    """Take the next job; `tiers` are the queues of interactive and of batch jobs, each in the order of pools.

    What is left to others is left for PREFER_SECONDS, and never overtaken from a queue of another priority.
    """

    def passed_over(job: Job) -> bool:
        if not left(job):
            return False
        if job.passed is None:
            job.passed = now
        return now - job.passed < PREFER_SECONDS

    for queue in tiers[BATCH] if batch_due else ():
        overdue = queue.jobs and now - queue.jobs[0].arrived > BATCH_TURN_SECONDS
        if overdue and (job := queue.take(passed_over)):
            return job
    for tier in tiers:
        for queue in tier:
            if job := queue.take(passed_over):
                return job
        if any(queue.jobs for queue in tier):
            return None
    return None
