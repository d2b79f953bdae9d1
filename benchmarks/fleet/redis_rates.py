"""What one Valkey can bear: `python -m benchmarks.fleet.redis_rates`.

Valkey runs scripts one after the other on one core, so what it can bear is one second over what a script takes there.
That is read from its own clock (`INFO commandstats`), which leaves out the client, the network and other programs.
What a whole job costs, with all that Valkey reads, writes and sends: benchmarks/fleet/job_cost.py.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.fleet.rehearsal import catalogue
from benchmarks.orders import order_of
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import JobOrder, new_job_id
from likeness.contract.scheduling import Priority
from likeness.contract.tasks import Generate
from likeness.local.valkey import Valkey
from likeness.queue import keys
from service.queue.jobs import JobQueue
from worker.queue.scripts import LOOK_AHEAD, MATES, PROGRESS, RESIDENTS, TAKE

JOBS = 2000
AT_ONCE = 32
KNOWN, HELD = 20, 3
"""Engines that workers hold, and those that one of them does."""


class Server:
    """A Valkey, and what it spends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis: Any = Redis.from_url(url)

    def cost(self, act: Callable[[], object], times: int) -> float:
        """Return the microseconds that Valkey spends on each of `times` calls of `act`."""
        before = self.spent()
        for _ in range(times):
            act()
        return (self.spent() - before) / times

    def spent(self) -> float:
        """Return the microseconds spent so far on scripts."""
        stats = self.redis.info("commandstats")
        return sum(float(stats.get(f"cmdstat_{name}", {}).get("usec", 0)) for name in ("eval", "evalsha"))

    def processor(self) -> float:
        """Return the microseconds of its main thread so far."""
        used = self.redis.info("cpu")
        return 1e6 * (float(used["used_cpu_user_main_thread"]) + float(used["used_cpu_sys_main_thread"]))

    def memory(self) -> int:
        """Return the bytes that Valkey's data take."""
        return int(self.redis.info("memory")["used_memory"])


@contextmanager
def valkey(folder: Path) -> Iterator[Server]:
    """Run an empty Valkey."""
    running = Valkey.start(folder, folder / "valkey.log")
    try:
        yield Server(running.url)
    finally:
        running.stop()


def order(spec: EngineSpec, setting: int, steps: int = 1) -> JobOrder:
    """Return a job that generates a small image."""
    task = Generate(engine=spec.name, prompt=f"setting {setting}", width=64, height=64, steps=steps)
    return order_of(new_job_id(), spec, task, (64, 64))


async def accept(server: Server, spec: EngineSpec, count: int, steps: int = 1) -> float:
    """Accept so many jobs, some at once, and return how many a second one client managed."""
    queue, room = JobQueue.connect(server.url, max_queued=10**6, lifetime=3600), asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with room:
            await queue.accept(order(spec, number % 8, steps), spec, None)

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(count)))
    rate = count / (time.perf_counter() - began)
    await queue.close()
    return rate


def accepting(server: Server, spec: EngineSpec) -> list[tuple[str, str]]:
    """Measure ACCEPT, and the bytes of a job that waits."""
    memory, before = server.memory(), server.spent()
    rate = asyncio.run(accept(server, spec, JOBS))
    cost = (server.spent() - before) / JOBS
    size = (server.memory() - memory) / JOBS
    return [
        figure("ACCEPT", cost),
        (f"accepted by one Python client, {AT_ONCE} at once", f"{rate:,.0f}/s"),
        ("memory of a waiting job", f"{size:,.0f} bytes"),
    ]


def taking(server: Server, spec: EngineSpec) -> list[tuple[str, str]]:
    """Measure TAKE, TAKE that leaves all it sees to others, MATES and PROGRESS, on a full queue."""
    queues = [f"rq:queue:{name}" for name in keys.queue_names([spec.pool])]
    bells = [keys.WAKE_UP_KEY.format(queue=name) for name in keys.queue_names([spec.pool])]
    redis_keys, call = [*queues, *bells], server.redis.eval
    job = server.redis.lindex(queues[0], 0).decode()
    batch_key = server.redis.hget(f"rq:job:{job}", keys.FIELD_BATCH_KEY)
    server.redis.zadd(f"rq:wip:{keys.queue_name(spec.pool, Priority.INTERACTIVE)}", {f"{job}:x": time.time() + 600})
    registry = f"rq:wip:{keys.queue_name(spec.pool, Priority.INTERACTIVE)}"
    progress = [f"{job}:x", json.dumps({"stage": "denoising"}), "x" * 300, keys.EVENTS_LENGTH]
    run = [f"rq:job:{job}", keys.EVENTS_KEY.format(id=job), registry]
    left = server.cost(lambda: call(TAKE, len(redis_keys), *redis_keys, LOOK_AHEAD, 600_000, -1, spec.name), 200)
    return [
        figure("TAKE", server.cost(lambda: call(TAKE, len(redis_keys), *redis_keys, LOOK_AHEAD, 2000, -1), 500)),
        figure(f"TAKE that leaves {LOOK_AHEAD} jobs to others", left),
        figure("MATES", server.cost(lambda: call(MATES, 1, queues[0], batch_key, 3, LOOK_AHEAD, keys.RETRIES), 300)),
        figure("PROGRESS", server.cost(lambda: call(PROGRESS, 3, *run, *progress), 1000)),
    ]


def presence(server: Server) -> list[tuple[str, str]]:
    """Measure what a worker takes to say what it holds and to learn what others do, every HEARTBEAT_SECONDS."""
    known = [f"engine-{number}" for number in range(KNOWN)]
    said = [word for name in known[:HELD] for word in (name, "1.0")]
    redis_keys, words = [keys.HELD_KEY], [keys.HELD_SECONDS, *said, "held"]
    server.redis.eval(RESIDENTS, 1, *redis_keys, *words, *known)
    cost = server.cost(lambda: server.redis.eval(RESIDENTS, 1, *redis_keys, *words, *known[:HELD]), 1000)
    return [figure(f"learning which of {KNOWN} engines others hold, however many they are", cost)]


def figure(what: str, microseconds: float) -> tuple[str, str]:
    """Return a row: the time of a call, and how many a second fill one core."""
    return what, f"{microseconds:,.0f} us, {1e6 / microseconds:,.0f}/s"


def main() -> None:
    """Measure everything and print the table."""
    table = Table("what", "figure")
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        folder = Path(name)
        file = catalogue(folder)
        spec = load_catalogue(file).find("drill")
        with valkey(folder) as server:
            for measure in (accepting, taking):
                for row in measure(server, spec):
                    table.add_row(*row)
            server.redis.flushall()
            for row in presence(server):
                table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
