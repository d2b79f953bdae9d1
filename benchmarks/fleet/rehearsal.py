"""The simulation against the real thing: `python -m benchmarks.fleet.rehearsal [--jobs 60] [--seeds 3]`.

A real Valkey, a real service and two real workers, with an engine that takes a set time and no GPU, get jobs at set
times; the simulation gets the same jobs. What the service itself takes for a job is measured first, on jobs one by one.
"""

import argparse
import asyncio
import statistics
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.fleet.queues import INTERACTIVE, Job
from benchmarks.fleet.scenario import AS_BUILT, Engine, Fleet
from benchmarks.fleet.simulation import Simulation
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port

WORKERS, ENGINES, SETTINGS = 2, ("drill", "other"), 2
STEP_SECONDS = 0.055
"""What the drill takes for a step at its default strength."""
STEPS, SECONDS = 8, 10.0
"""Steps of a job's run; all jobs arrive within so many seconds."""
CATALOGUE = Path(__file__).parents[2] / "tests" / "worker" / "drill.toml"


@dataclass(frozen=True)
class Ended:
    """What became of the jobs: each one's wait in seconds, jobs of a run, and when the last was done."""

    waits: list[float]
    together: float
    seconds: float

    def cells(self) -> list[str]:
        """Return the figures as text."""
        p50, p95 = np.percentile(self.waits, (50, 95))
        return [f"{p50:.2f}", f"{p95:.2f}", f"{self.together:.2f}", f"{self.seconds:.2f}"]


def planned(count: int, seed: int) -> list[Job]:
    """Return jobs of two engines, each with two batch keys, at random times; a fifth are of the lower priority."""
    random = np.random.default_rng(seed)
    times = np.sort(random.random(count) * SECONDS)
    return [
        Job(float(at), int(random.integers(2)), int(random.integers(SETTINGS)), 0, int(random.random() < 0.2))
        for at in times
    ]


def catalogue(folder: Path) -> Path:
    """Write a catalogue with the drill twice, under two names, and return the file."""
    text = CATALOGUE.read_text("utf-8").replace("timeout = 3\n", "timeout = 60\n")
    second = text[text.index("[[engine]]") :].replace('name = "drill"', 'name = "other"')
    file = folder / "drill.toml"
    file.write_text(text + second.replace('default_for = ["recreate", "generate"]\n', ""), "utf-8")
    return file


async def _post(http: httpx.AsyncClient, job: Job, wait: int = 0) -> str:
    body = {
        "engine": ENGINES[job.engine],
        "steps": STEPS,
        "prompt": f"setting {job.setting}",
        "priority": ("interactive", "batch")[job.tier],
        "width": 64,
        "height": 64,
    }
    answer = await http.post("/generate", json=body, headers={"Prefer": f"wait={wait}"})
    answer.raise_for_status()
    return str(answer.json()["id"])


async def _ended(http: httpx.AsyncClient, job_id: str) -> dict[str, object]:
    while True:
        job = (await http.get(f"/jobs/{job_id}", params={"wait": 25})).raise_for_status().json()
        if job["status"] == "succeeded":
            return dict(job)


def _moment(job: dict[str, object], name: str) -> float:
    return datetime.fromisoformat(str(job[name])).timestamp()


async def own_seconds(http: httpx.AsyncClient) -> float:
    """Return what a job alone takes beside its engine: the median of some, one after the other."""
    found = []
    for _ in range(8):
        job = await _ended(http, await _post(http, Job(0, 0, 0, 0, INTERACTIVE), wait=30))
        found.append(_moment(job, "ended_at") - _moment(job, "started_at") - STEPS * STEP_SECONDS)
    return max(0.0, statistics.median(found))


async def real(http: httpx.AsyncClient, jobs: list[Job]) -> Ended:
    """Hand in the jobs at their times and return what became of them."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(job: Job) -> dict[str, object]:
        await asyncio.sleep(job.arrived - (loop.time() - began))
        return await _ended(http, await _post(http, job))

    found = await asyncio.gather(*(one(job) for job in jobs))
    waits = [_moment(job, "started_at") - _moment(job, "created_at") for job in found]
    runs = sum(1 / int(job["result"]["batch"]) for job in found)  # type: ignore[index]
    first, last = min(_moment(job, "created_at") for job in found), max(_moment(job, "ended_at") for job in found)
    return Ended(waits, len(found) / runs, last - first)


def simulated(jobs: list[Job], own: float) -> Ended:
    """Return what the simulation makes of the same jobs."""
    engines = [Engine(name, "drill", STEPS * STEP_SECONDS, 0, 4, further=0.0, own=own) for name in ENGINES]
    counts = Simulation(Fleet(WORKERS, engines), AS_BUILT, jobs).run()
    waits = [(job.began or 0.0) - job.arrived for job in jobs]
    return Ended(waits, counts.jobs / counts.runs, counts.seconds.paid / WORKERS)


async def compare(url: str, count: int, seeds: int) -> Table:
    """Return a table of both for each seed."""
    table = Table("seed", "", "wait p50 (s)", "p95", "jobs a run", "all done after (s)")
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        own = await own_seconds(http)
        for seed in range(seeds):
            table.add_row(str(seed), "real", *(await real(http, planned(count, seed))).cells())
            table.add_row("", "simulated", *simulated(planned(count, seed), own).cells())
    table.caption = f"the service's own cost of a job alone: {1000 * own:.0f} ms"
    return table


def main() -> None:
    """Rehearse and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lk-") as home:
        environment = {"LIKENESS_CATALOGUE": str(catalogue(Path(home)))}
        environment["LIKENESS_PRELOAD"] = '["drill", "other"]'
        settings = Settings(Path(home), port=free_port(), workers=WORKERS, environment=environment)
        with Stack(settings, print) as stack:
            stack.wait_until_ready()
            Console().print(asyncio.run(compare(settings.url, asked.jobs, asked.seeds)))


if __name__ == "__main__":
    main()
