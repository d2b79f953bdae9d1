"""The queue's own rules, without Redis: who is next, what is left to others, which jobs share a run.

They are those of the scripts ACCEPT, TAKE and MATES; benchmarks/fleet/rehearsal.py checks them against the real thing.
"""

from bisect import insort
from collections.abc import Callable, Iterator

from likeness.contract.names import PREFER_SECONDS
from worker.rq_scripts import LOOK_AHEAD

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
        self._rounds: dict[int, int] = {}
        self._count = 0

    def add(self, job: Job) -> None:
        """Put a job in its place: a round after its caller's last one, and not before the round of the head."""
        head = self.jobs[0].place[0] if self.jobs else 0
        job_round = max(head, self._rounds.get(job.caller, -1) + 1)
        self._rounds[job.caller] = job_round
        self._count += 1
        job.place = (job_round, self._count)
        job.waiting = True
        if not self.jobs or self.jobs[-1] < job:
            self.jobs.append(job)
        else:
            insort(self.jobs, job)
        if len(self.jobs) == 1:
            self._rounds = {job.caller: job_round}

    def take(self, left: Callable[[Job], bool]) -> tuple[Job | None, bool]:
        """Take the first job that is not left to others; say also whether any was left."""
        for number, job in enumerate(self.jobs[:LOOK_AHEAD]):
            if not left(job):
                del self.jobs[number]
                job.waiting = False
                return job, number > 0
        return None, bool(self.jobs)

    def mates(self, job: Job, most: int) -> Iterator[Job]:
        """Take the jobs that may share the run of `job`, `most` of them."""
        numbers = [
            number
            for number, other in enumerate(self.jobs[:LOOK_AHEAD])
            if other.engine == job.engine and other.setting == job.setting
        ][:most]
        for number in reversed(numbers):
            mate = self.jobs.pop(number)
            mate.waiting = False
            yield mate


def take(queues: list[Queue], left: Callable[[Job], bool], now: float) -> tuple[Job, Queue] | None:
    """Take the next job of the queues, those of interactive jobs first.

    What is left to others is left for PREFER_SECONDS, and never overtaken from a queue of another priority.
    """

    def passed_over(job: Job) -> bool:
        if not left(job):
            return False
        if job.passed is None:
            job.passed = now
        return now - job.passed < PREFER_SECONDS

    half = len(queues) // 2
    for tier in (queues[:half], queues[half:]):
        leaves = False
        for queue in tier:
            job, some = queue.take(passed_over)
            if job is not None:
                return job, queue
            leaves = leaves or some
        if leaves:
            return None
    return None
