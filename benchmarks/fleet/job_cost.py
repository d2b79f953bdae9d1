"""What a whole job costs Valkey's core: `python -m benchmarks.fleet.job_cost [--commands]`.

A real worker does jobs of 1 and of 31 steps, from acceptance to their end. The cost is the processor time of Valkey's
main thread, with all that it reads, writes and sends, less what an idle worker takes. Beside it stand the questions
that it is asked, and with `--commands` what it does for them (`INFO commandstats`), scripts with all that they call.

`--jobs` and `--rounds` say how much is measured. What else a machine does changes such figures by half: hot_jobs.py
compares versions, in turn.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fleet.redis_rates import Server, order, valkey
from benchmarks.fleet.rehearsal import catalogue
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.scheduling import Priority
from likeness.local.process import Child, Program
from likeness.queue import keys
from service.queue.jobs import JobQueue

JOBS, STEPS = 80, (1, 31)
ROUNDS = 2
IDLE_SECONDS, LOOK_SECONDS = 10.0, 0.5


@dataclass(frozen=True)
class Spent:
    """What Valkey spent, since it began or on one job."""

    processor: float
    """Microseconds of its main thread."""
    reads: float
    """Questions that it read; several that came together are one."""
    memory: float
    """Bytes of its data."""
    calls: Mapping[str, float]
    microseconds: Mapping[str, float]
    """Of each command, those of scripts too; a script has what it calls in its own."""

    @classmethod
    def so_far(cls, server: Server) -> "Spent":
        """Return what a server spent since it began."""
        stats = {name.removeprefix("cmdstat_"): one for name, one in server.redis.info("commandstats").items()}
        return cls(
            processor=server.processor(),
            reads=float(server.redis.info("stats")["total_reads_processed"]),
            memory=server.memory(),
            calls={name: float(one["calls"]) for name, one in stats.items()},
            microseconds={name: float(one["usec"]) for name, one in stats.items()},
        )

    def since(self, before: "Spent", times: float) -> "Spent":
        """Return what was spent since then, each of so many times."""
        return Spent(
            processor=(self.processor - before.processor) / times,
            reads=(self.reads - before.reads) / times,
            memory=(self.memory - before.memory) / times,
            calls={name: (count - before.calls.get(name, 0)) / times for name, count in self.calls.items()},
            microseconds={
                name: (took - before.microseconds.get(name, 0)) / times for name, took in self.microseconds.items()
            },
        )


class Measured:
    """A Valkey with a worker, and what an idle worker takes of it."""

    def __init__(self, server: Server, spec: EngineSpec) -> None:
        self.server, self.spec = server, spec
        self._ended = f"rq:finished:{keys.queue_name(spec.pool, Priority.INTERACTIVE)}"
        self.found: dict[int, list[Spent]] = {steps: [] for steps in STEPS}
        self.idle = Spent(0, 0, 0, {}, {})
        """In a second."""

    def rest(self) -> None:
        """Measure the idle worker."""
        before = Spent.so_far(self.server)
        time.sleep(IDLE_SECONDS)
        self.idle = Spent.so_far(self.server).since(before, IDLE_SECONDS)

    async def whole(self, jobs: int, steps: int) -> Spent:
        """Return what a job of so many steps costs, less what an idle worker takes in that time."""
        queue = JobQueue.connect(self.server.url, max_queued=10**6, lifetime=3600)
        await asyncio.gather(*(queue.ping() for _ in range(jobs)))  # a service has its connections
        before, there, began = Spent.so_far(self.server), self._all_ended(), time.monotonic()
        orders = (order(self.spec, number % 8, steps) for number in range(jobs))
        await asyncio.gather(*(queue.accept(one, self.spec, None) for one in orders))
        while self._all_ended() < there + jobs:
            await asyncio.sleep(LOOK_SECONDS)
        spent = Spent.so_far(self.server).since(before, jobs)
        await queue.close()
        seconds = (time.monotonic() - began) / jobs
        processor, reads = self.idle.processor * seconds, (self.idle.reads + 1 / LOOK_SECONDS) * seconds
        return replace(spent, processor=spent.processor - processor, reads=spent.reads - reads)

    def _all_ended(self) -> int:
        return int(self.server.redis.zcard(self._ended))


@contextmanager
def working(folder: Path) -> Iterator[Measured]:
    """Have a worker with its files in a folder."""
    file = catalogue(folder)
    with valkey(folder) as server:
        environment = {"LIKENESS_REDIS_URL": server.url, "LIKENESS_CATALOGUE": str(file)}
        environment["LIKENESS_STORE_URL"] = f"file://{folder / 'store'}"
        program = Program("worker", [sys.executable, "-m", "worker"], folder / "worker.log", environment)
        child = Child.start(program)
        try:
            while not server.redis.keys("likeness:resident:*"):
                time.sleep(LOOK_SECONDS)
            yield Measured(server, load_catalogue(file).find("drill"))
        finally:
            child.end(30)


def measured(jobs: int, rounds: int) -> Measured:
    """Return what jobs cost, round by round."""
    with tempfile.TemporaryDirectory(prefix="lk-") as folder, working(Path(folder)) as found:
        asyncio.run(found.whole(jobs // 2, 1))  # what is allocated or sent once is no job's
        found.rest()
        for _, steps in product(range(rounds), STEPS):
            found.found[steps].append(asyncio.run(found.whole(jobs, steps)))
        return found


def commands(spent: Spent) -> Table:
    """Return what Valkey does for one job, the dearest first."""
    table = Table("command", "calls a job", "us a job")
    for name in sorted(spent.microseconds, key=lambda name: -spent.microseconds[name]):
        if spent.calls[name] >= 0.05:
            table.add_row(name, f"{spent.calls[name]:.1f}", f"{spent.microseconds[name]:.0f}")
    return table


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", action="store_true")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    table = Table("a job of", "ms of Valkey's core, each round", "jobs a core ends", "questions", "kB kept")
    console, one = Console(width=120), measured(args.jobs, args.rounds)
    for steps, rounds in one.found.items():
        costs = [spent.processor for spent in rounds]
        table.add_row(
            f"{steps} steps",
            ", ".join(f"{cost / 1000:.2f}" for cost in costs),
            f"{1e6 * len(costs) / sum(costs):,.0f}/s",
            f"{sum(spent.reads for spent in rounds) / len(rounds):.1f}",
            f"{rounds[-1].memory / 1000:.1f}",
        )
    console.print(table, f"an idle worker: {one.idle.processor:.0f} us a second")
    for rounds in one.found.values() if args.commands else ():
        console.print(commands(rounds[-1]))


if __name__ == "__main__":
    main()
