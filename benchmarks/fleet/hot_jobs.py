"""What a job costs a Valkey that is kept busy: `python -m benchmarks.fleet.hot_jobs [--against CHECKOUT] [--rounds 3]`.

The real worker takes, runs and records jobs as fast as it can, with an engine that takes no time; of a job of 31 steps
it writes as much progress as of one that takes 1.7 s. Between a job's questions others come, as with many workers, so
that Valkey finds what it needs in the processor's caches: job_cost.py measures a Valkey that mostly waits.

With `--against` another version does the same in turn.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.fleet.redis_rates import Server, order, valkey
from benchmarks.fleet.rehearsal import catalogue
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.observability.logs import log_as_json
from likeness.storage.pictures import PictureStore
from service.queue.jobs import JobQueue
from worker.components import Components, Weights
from worker.config import Settings
from worker.engines import drill
from worker.queue import leases
from worker.queue.worker import BatchWorker
from worker.residency.engines import Residents
from worker.runs.context import Context

JOBS, WARMING, ROUNDS = 120, 24, 3
WRITTEN: Final = {1: 1, 31: 8}
"""Of jobs of so many steps: how many of them are written, four a second at 55 ms a step."""
HERE: Final = Path(__file__).parents[2]


async def accept(server: Server, spec: EngineSpec, jobs: int, steps: int) -> None:
    """Accept jobs, one after the other."""
    queue = JobQueue.connect(server.url, max_queued=10**6, lifetime=3600)
    for number in range(jobs):
        await queue.accept(order(spec, number % 8, steps), spec, None)
    await queue.close()


def work(server: Server, folder: Path) -> None:
    """Do every job that waits."""
    file = catalogue(folder)
    nothing = Residents(Components(Weights(folder, folder), "cpu"))
    context = Context(nothing, PictureStore.open("memory://"), load_catalogue(file))
    BatchWorker(f"hot-{os.urandom(4).hex()}", Settings(redis_url=server.url), context, ["drill"]).work(True, "WARNING")


def one(steps: int, measured: int) -> dict[str, float]:
    """Return microseconds of Valkey's main thread, and questions, for a job of so many steps."""
    log_as_json("error")
    drill.STEP_SECONDS = leases.PROGRESS_SECONDS = 0  # type: ignore[misc]
    with tempfile.TemporaryDirectory(prefix="lk-") as name, valkey(Path(name)) as server:
        spec = load_catalogue(catalogue(Path(name))).find("drill")
        for jobs in (WARMING, measured):
            asked, spent = server.redis.info("stats")["total_reads_processed"], server.processor()
            asyncio.run(accept(server, spec, jobs, WRITTEN[steps]))
            work(server, Path(name))
        done = server.redis.zcard("rq:finished:drill-interactive")
        if done != WARMING + measured:
            raise RuntimeError(f"{done} of {WARMING + measured} jobs succeeded")
        asked = server.redis.info("stats")["total_reads_processed"] - asked
        return {"processor": (server.processor() - spent) / measured, "questions": asked / measured}


def of_version(version: str, steps: int, jobs: int) -> dict[str, float]:
    """Return the same of the version in this folder."""
    command = [sys.executable, "-P", str(Path(__file__)), "--one", str(steps), "--jobs", str(jobs)]
    run = subprocess.run(command, env={**os.environ, "PYTHONPATH": version}, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def main() -> None:
    """Measure every version in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--against", help="a folder with another version")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        sys.stdout.write(json.dumps(one(args.one, args.jobs)))
        return
    versions = [str(HERE), *([args.against] if args.against else [])]
    kinds = [(version, steps) for steps in WRITTEN for version in versions]
    rounds = [{kind: of_version(*kind, args.jobs) for kind in kinds} for _ in range(args.rounds)]
    table = Table("version", "a job of", "ms of Valkey's core, each round", "jobs a core ends", "questions")
    for version, steps in kinds:
        costs = [found[version, steps]["processor"] for found in rounds]
        shown = ", ".join(f"{cost / 1000:.2f}" for cost in costs)
        questions = f"{rounds[-1][version, steps]['questions']:.1f}"
        table.add_row(version, f"{steps} steps", shown, f"{1e6 / median(costs):,.0f}/s", questions)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
