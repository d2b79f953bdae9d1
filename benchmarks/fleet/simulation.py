"""A fleet at work: jobs arrive, workers take them by the queue's rules, KEDA adds workers and takes them away."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.fleet.assumptions import POD_SECONDS
from benchmarks.fleet.queues import Job, Queue, take
from benchmarks.fleet.scaling import POLL_SECONDS, Autoscaler
from benchmarks.fleet.scenario import Engine, Fleet, Rules, popularity
from benchmarks.fleet.workers import Worker
from likeness.queue.keys import HEARTBEAT_SECONDS, PREFER_SECONDS


@dataclass
class GpuSeconds:
    """Seconds of all GPUs together: at work, loading weights, and from the wish for a worker until it is gone."""

    busy: float = 0.0
    loading: float = 0.0
    paid: float = 0.0


@dataclass
class Counts:
    """What happened."""

    runs: int = 0
    jobs: int = 0
    swaps: int = 0
    seconds: GpuSeconds = field(default_factory=GpuSeconds)


class Group:
    """Workers that serve the same queues."""

    def __init__(self, engines: list[Engine], served: list[int], size: int, rules: Rules) -> None:
        pools = list(dict.fromkeys(engines[number].pool for number in served))
        self.tiers = ([Queue() for _ in pools], [Queue() for _ in pools])
        self.pool_of = {number: pools.index(engines[number].pool) for number in served}
        self.workers: list[Worker] = []
        self.idle: dict[Worker, None] = {}
        self.idle_holders: dict[int, dict[Worker, None]] = {number: {} for number in served}
        self.announced = dict.fromkeys(served, 0)
        """How many workers hold an engine, as far as the others know."""
        self.running = 0
        self.scaler = Autoscaler(size, rules.target) if rules.target else None

    def queue(self, job: Job) -> Queue:
        """Return where a job waits."""
        return self.tiers[job.tier][self.pool_of[job.engine]]

    def waiting(self) -> int:
        """Return how many jobs wait."""
        return sum(len(queue.jobs) for tier in self.tiers for queue in tier)


class Simulation:
    """One run of `jobs`, in order of arrival, on a fleet."""

    def __init__(self, fleet: Fleet, rules: Rules, jobs: list[Job]) -> None:
        self._engines, self._rules, self._jobs = fleet.engines, rules, jobs
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self.counts = Counts()
        self._groups = _groups(fleet, rules)
        self._group_of = {number: group for group in set(self._groups) for number in group.pool_of}
        begin = jobs[0].arrived if jobs else 0.0
        for group, size in self._groups.items():
            for number in range(size):
                self._start_worker(group, begin, preload=number)
            if group.scaler is not None:
                self._poll_later(group, group.scaler, begin)

    def run(self) -> Counts:
        """Play the day and then what is left of it; return what was counted."""
        arriving = iter(self._jobs)
        job = next(arriving, None)
        last = 0.0
        while job is not None or self._work_left():
            if job is not None and (not self._events or job.arrived <= self._events[0][0]):
                last = job.arrived
                self._arrive(job, last)
                job = next(arriving, None)
            else:
                last, _, act = heapq.heappop(self._events)
                act(last)
        for group in self._groups:
            self.counts.seconds.paid += sum(last - worker.since for worker in group.workers)
        return self.counts

    def _at(self, moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), act))

    def _work_left(self) -> bool:
        return any(group.running or group.waiting() for group in self._groups)

    # A job comes in, and a worker takes one.

    def _arrive(self, job: Job, now: float) -> None:
        group = self._group_of[job.engine]
        group.queue(job).add(job)
        worker = next(iter(group.idle_holders[job.engine]), None) or next(iter(group.idle), None)
        if worker is not None:
            self._offer(group, worker, job, now)

    def _offer(self, group: Group, worker: Worker, job: Job, now: float) -> None:
        """Let an idle worker look; if it leaves the job to others, let any look again when that time is over."""
        if not self._take(group, worker, now) and job.waiting and job.passed is not None:
            self._at(job.passed + PREFER_SECONDS, lambda at: self._look_again(group, at))

    def _look_again(self, group: Group, now: float) -> None:
        for worker in list(itertools.islice(group.idle, 1)):
            self._take(group, worker, now)

    def _take(self, group: Group, worker: Worker, now: float) -> bool:
        """Let a free worker take a job and its mates; return whether it did."""

        def left(job: Job) -> bool:
            elsewhere = group.announced[job.engine] - (job.engine in worker.announced)
            return elsewhere > 0 and job.engine not in worker.resident

        order = worker.scheduler.order(len(group.tiers[0]), now)
        tiers = [[tier[pool] for pool in order if tier[pool].jobs] for tier in group.tiers]
        job = take(tiers, left if self._rules.prefer else _nothing_left, now, worker.scheduler.batch_due(now))
        if job is None:
            return False
        worker.scheduler.took(group.pool_of[job.engine], job.tier, now)
        most = self._engines[job.engine].batch - 1 if self._rules.batches else 0
        mates = group.queue(job).mates(job, most)
        self._run(group, worker, [job, *mates], now)
        return True

    def _run(self, group: Group, worker: Worker, jobs: list[Job], now: float) -> None:
        self._set_idle(group, worker, False)
        number = jobs[0].engine
        loading = worker.bring(number)
        if loading:
            self.counts.swaps += 1
            self._at(now + loading + HEARTBEAT_SECONDS, lambda at: self._announce(group, worker))
        working = self._engines[number].run_seconds(len(jobs))
        for job in jobs:
            job.began = now
        group.running += len(jobs)
        self.counts.runs += 1
        self.counts.jobs += len(jobs)
        self.counts.seconds.busy += working
        self.counts.seconds.loading += loading
        self._at(now + loading + working, lambda at: self._end(group, worker, len(jobs), at))

    def _end(self, group: Group, worker: Worker, jobs: int, now: float) -> None:
        group.running -= jobs
        worker.busy = False
        if worker.stopping:
            self._remove(group, worker, now)
        elif not self._take(group, worker, now):
            self._set_idle(group, worker, True)
            self._watch(group, now)

    def _watch(self, group: Group, now: float) -> None:
        """Have somebody look again when the first job that was left to others no longer is."""
        heads = [job for tier in group.tiers for queue in tier for job in queue.jobs[:1]]
        passed = [job.passed for job in heads if job.passed is not None]
        if passed:
            self._at(max(now, min(passed) + PREFER_SECONDS), lambda at: self._look_again(group, at))

    def _set_idle(self, group: Group, worker: Worker, idle: bool) -> None:
        worker.busy = not idle
        if idle:
            group.idle[worker] = None
        else:
            group.idle.pop(worker, None)
        for number in worker.resident:
            if idle:
                group.idle_holders[number][worker] = None
            else:
                group.idle_holders[number].pop(worker, None)

    def _announce(self, group: Group, worker: Worker) -> None:
        """Let the others know what a worker holds."""
        now_held = frozenset() if worker.since < 0 else frozenset(worker.resident)
        for number in worker.announced - now_held:
            group.announced[number] -= 1
        for number in now_held - worker.announced:
            group.announced[number] += 1
        worker.announced = now_held

    # Workers come and go.

    def _start_worker(self, group: Group, now: float, preload: int | None = None) -> None:
        worker = Worker(self._engines, now)
        group.workers.append(worker)
        if preload is None:
            self._at(now + POD_SECONDS, lambda at: self._ready(group, worker, at))
        else:
            served = list(group.pool_of)
            worker.bring(served[preload % len(served)])
            self._announce(group, worker)
            self._set_idle(group, worker, True)

    def _ready(self, group: Group, worker: Worker, now: float) -> None:
        if worker.stopping:
            self._remove(group, worker, now)
        elif not self._take(group, worker, now):
            self._set_idle(group, worker, True)
            self._watch(group, now)

    def _remove(self, group: Group, worker: Worker, now: float) -> None:
        self.counts.seconds.paid += now - worker.since
        self._set_idle(group, worker, False)
        group.workers.remove(worker)
        worker.since = -1.0
        self._announce(group, worker)

    def _poll_later(self, group: Group, scaler: Autoscaler, now: float) -> None:
        self._at(now + POLL_SECONDS, lambda at: self._poll(group, scaler, at))

    def _poll(self, group: Group, scaler: Autoscaler, now: float) -> None:
        """Ask KEDA, then start workers or stop the youngest ones; those that work finish their run first."""
        there = [worker for worker in group.workers if not worker.stopping]
        wished = scaler.desired(group.waiting() + group.running, len(there), now)
        for _ in range(wished - len(there)):
            self._start_worker(group, now)
        for worker in there[wished:]:
            worker.stopping = True
            if worker in group.idle:
                self._remove(group, worker, now)
        self._poll_later(group, scaler, now)


def _nothing_left(_job: Job) -> bool:
    return False


def _groups(fleet: Fleet, rules: Rules) -> dict[Group, int]:
    """Return the groups of workers, each with its size; with `split` one for each engine, by the work it gets."""
    every = list(range(len(fleet.engines)))
    if not rules.split:
        return {Group(fleet.engines, every, fleet.workers, rules): fleet.workers}
    shares = popularity(len(every))
    work = [share * one.run_seconds(1) for share, one in zip(shares, fleet.engines, strict=True)]
    spare = fleet.workers - len(every)
    sizes = [1 + int(spare * one / sum(work)) for one in work]
    sizes[work.index(max(work))] += fleet.workers - sum(sizes)
    return {Group(fleet.engines, [number], size, rules): size for number, size in zip(every, sizes, strict=True)}
