"""What a whole job costs Valkey's core: `python -m benchmarks.fleet.job_cost [--jobs 80] [--rounds 2] [--commands]`.

A real worker does jobs of 1 and of 31 steps, from acceptance to their end. The cost is the processor time of Valkey's
main thread, with all that it reads, writes and sends, less what an idle worker takes. Beside it stand the questions
that it is asked, and with `--commands` what it does for them (`INFO commandstats`), scripts with all that they call.

To compare two versions on a machine with other load, run this file with either on PYTHONPATH, in turn.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fleet.redis_rates import Server, accept, valkey
from benchmarks.fleet.rehearsal import catalogue
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.scheduling import Priority
from likeness.local.process import Child, Program
from likeness.queue import keys

JOBS, STEPS = 80, (1, 31)
ROUNDS = 2
IDLE_SECONDS = 10.0


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

    def since(self, before: "Spent", times: int) -> "Spent":
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


@contextmanager
def working(server: Server, file: Path, folder: Path) -> Iterator[None]:
    """Have a worker that takes the jobs of a catalogue."""
    environment = {"LIKENESS_REDIS_URL": server.url, "LIKENESS_CATALOGUE": str(file)}
    environment["LIKENESS_STORE_URL"] = f"file://{folder / 'store'}"
    child = Child.start(Program("worker", [sys.executable, "-m", "worker"], folder / "worker.log", environment))
    try:
        _until(lambda: server.redis.keys("likeness:resident:*"))
        yield
    finally:
        child.end(30)


def resting(server: Server) -> float:
    """Return the microseconds of processor time a second while nothing is asked of Valkey but what is asked anyway."""
    before = server.processor()
    time.sleep(IDLE_SECONDS)
    return (server.processor() - before) / IDLE_SECONDS


def whole(server: Server, spec: EngineSpec, jobs: int, steps: int, idle: float) -> Spent:
    """Return what a job of so many steps costs in all, less `idle` us of processor time a second."""
    ended = f"rq:finished:{keys.queue_name(spec.pool, Priority.INTERACTIVE)}"
    before, there = Spent.so_far(server), server.redis.zcard(ended)
    began = time.monotonic()
    asyncio.run(accept(server, spec, jobs, steps))
    _until(lambda: server.redis.zcard(ended) >= there + jobs)
    spent = Spent.so_far(server).since(before, jobs)
    return Spent(
        spent.processor - idle * (time.monotonic() - began) / jobs,
        spent.reads,
        spent.memory,
        spent.calls,
        spent.microseconds,
    )


def _until(true: Callable[[], object], seconds: float = 120.0) -> None:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            raise TimeoutError
        time.sleep(0.5)


def measured(jobs: int, rounds: int) -> tuple[float, dict[int, list[Spent]]]:
    """Return what an idle worker costs, us a second, and what a job of each number of steps does, round by round."""
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        folder = Path(name)
        file = catalogue(folder)
        spec = load_catalogue(file).find("drill")
        with valkey(folder) as server:
            alone = resting(server)
            with working(server, file, folder):
                idle = resting(server)
                whole(server, spec, jobs // 2, 1, idle)  # what is allocated or sent once is no job's
                found: dict[int, list[Spent]] = {steps: [] for steps in STEPS}
                for _ in range(rounds):
                    for steps in STEPS:
                        found[steps].append(whole(server, spec, jobs, steps, idle))
    return idle - alone, found


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
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--commands", action="store_true")
    args = parser.parse_args()
    idle, found = measured(args.jobs, args.rounds)
    table = Table("a job of", "ms of Valkey's core, each round", "jobs that a core ends", "questions", "kB kept")
    for steps, rounds in found.items():
        costs = [spent.processor for spent in rounds]
        table.add_row(
            f"{steps} steps",
            ", ".join(f"{cost / 1000:.2f}" for cost in costs),
            f"{1e6 * len(costs) / sum(costs):,.0f}/s",
            f"{rounds[-1].reads:.1f}",
            f"{rounds[-1].memory / 1000:.1f}",
        )
    console = Console(width=120)
    console.print(table, f"an idle worker: {idle:.0f} us a second")
    if args.commands:
        for rounds in found.values():
            console.print(commands(rounds[-1]))


if __name__ == "__main__":
    main()
