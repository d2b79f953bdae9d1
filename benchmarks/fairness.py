"""What fair queueing costs and gives: `python -m benchmarks.fairness [--jobs 10000]`.

On a Valkey of its own, with nothing else beside: a flood of one key, jobs of another, and many keys at once. Times are
round trips of one script, in ms: median and 99th percentile.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from redis import Redis
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rq.serializers import JSONSerializer

from likeness.contract.catalogue import load_catalogue
from likeness.contract.jobs import JobOrder, StoredPicture, new_job_id
from likeness.contract.scheduling import Priority
from likeness.contract.tasks import Recreate
from likeness.local.valkey import Valkey
from likeness.queue import keys
from service.auth.keys import UNLIMITED, KeyLimits
from service.queue.jobs import JobQueue
from worker.queue.job import LikenessQueue

SPEC = load_catalogue().choose(Recreate())
NAME = keys.queue_name(SPEC.pool, Priority.INTERACTIVE)
TIMES = 200
"""How often each script is timed."""


@dataclass
class Bench:
    """A queue of its own, and how long its scripts took."""

    url: str
    connection: Redis
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rq = LikenessQueue(NAME, connection=self.connection, serializer=JSONSerializer)

    def run(self, use: Callable[[JobQueue], Awaitable[None]]) -> None:
        """Run a coroutine on the service's queue."""

        async def inner() -> None:
            queue = JobQueue.connect(self.url, max_queued=10**6, lifetime=600, share=10**6)
            try:
                await use(queue)
            finally:
                await queue.close()

        asyncio.run(inner())

    def timed(self, what: str, seconds: float) -> None:
        """Note how long a script took."""
        self.milliseconds.setdefault(what, []).append(1000 * seconds)

    def accept(self, what: str, owners: list[str], limits: KeyLimits = UNLIMITED) -> None:
        """Accept one job of each of the owners in turn."""

        async def use(queue: JobQueue) -> None:
            for owner in track(owners, what, transient=True):
                waiting = order(owner)
                began = time.perf_counter()
                await queue.accept(waiting, SPEC, None, limits)
                self.timed(what, time.perf_counter() - began)

        self.run(use)

    def take(self, what: str, count: int) -> list[str]:
        """Take so many jobs; return whose they are."""
        owners = []
        for _ in range(count):
            began = time.perf_counter()
            taken = LikenessQueue.dequeue_any([self.rq], None, self.connection)
            self.timed(what, time.perf_counter() - began)
            owners += [taken[0].owner] if taken else []
        return owners


@contextmanager
def running(home: Path) -> Iterator[Valkey]:
    """Run a Valkey in a folder."""
    server = Valkey.start(home, home / "valkey.log")
    try:
        yield server
    finally:
        server.stop()


def order(owner: str) -> JobOrder:
    """Return a job that is never run."""
    return JobOrder(
        id=new_job_id(),
        owner=owner,
        engine=SPEC.name,
        task=Recreate(),
        input=StoredPicture(key="picture", sha256="0" * 64, media_type="image/png", size=1),
        created_at=datetime.now(UTC),
        batch_key=f"{SPEC.name}:",
        timeout=60,
    )


def measure(jobs: int) -> Table:
    """Measure everything and return one table."""
    notes: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="lk-") as folder, running(Path(folder)) as server:
        connection = Redis.from_url(server.url)
        bench = Bench(server.url, connection)
        bench.accept("accept, an empty queue", ["flood"] * TIMES)
        bench.accept(f"accept, up to {jobs} of one key", ["flood"] * (jobs - TIMES))
        bench.accept(f"accept, another key behind {jobs}", ["other"] * TIMES)
        taken = bench.take(f"take, {jobs} waiting", TIMES)
        notes["the other key's first job was taken as number"] = str(1 + taken.index("other"))
        notes[f"of {TIMES} taken, the other key's"] = str(taken.count("other"))
        connection.flushdb()
        bench.accept(f"accept, {jobs} of 100 keys", [f"key-{number % 100}" for number in range(jobs)])
        bench.accept("accept, a 101st key", ["new"])
        bench.take(f"take, {jobs} of 100 keys waiting", TIMES)
        connection.flushdb()
        bench.accept(f"accept, {jobs} of a key bounded to 4", ["bounded"] * jobs, KeyLimits(concurrency=4))
        bench.accept("accept, another key beside", ["other"] * TIMES)
        bench.take(f"take, {jobs - 4} held back", TIMES)
        connection.close()
    return _table(bench.milliseconds, notes)


def _table(milliseconds: dict[str, list[float]], notes: dict[str, str]) -> Table:
    table = Table("what", "median", "p99")
    for what, times in milliseconds.items():
        slowest = statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]
        table.add_row(what, f"{statistics.median(times):.2f} ms", f"{slowest:.2f} ms")
    for what, figure in notes.items():
        table.add_row(what, figure, "")
    return table


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    Console().print(measure(parser.parse_args().jobs))


if __name__ == "__main__":
    main()
