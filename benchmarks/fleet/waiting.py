"""What calls that wait cost one service process: `python -m benchmarks.fleet.waiting [--calls 200]`.

Each call long-polls a job that waits (`GET /jobs/{id}?wait=25`), or follows its events.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.fleet.rehearsal import catalogue
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port

SECONDS = 10.0


def spent(process: int) -> tuple[float, int]:
    """Return the processor seconds of a process so far, and the bytes that it holds (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE")


def process_of(port: int) -> int:
    """Return the process that was started to listen on a port, by its environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, settings = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"\0service\0" in line and f"LIKENESS_PORT={port}".encode() in settings and b"tied" not in line:
            return int(folder.name)
    raise LookupError(f"no service on port {port}")


async def submitted(http: httpx.AsyncClient, steps: int) -> str:
    """Submit a job of so many steps and return its id."""
    body = {"prompt": f"{steps} steps", "steps": steps, "width": 64, "height": 64}
    return str((await http.post("/generate", json=body)).raise_for_status().json()["id"])


async def waiting(url: str, process: int, path: str, calls: int) -> list[str]:
    """Hold so many calls open and return what they cost: bytes and processor time for each."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=90, trust_env=False, limits=limits) as http:
        long, job = [await submitted(http, steps) for steps in (1000, 1)]
        before = spent(process)
        held = [asyncio.create_task(http.get(path.format(job=job))) for _ in range(calls)]
        await asyncio.sleep(5)
        began = spent(process)
        await asyncio.sleep(SECONDS)
        ended = spent(process)
        done = sum(one.done() for one in held)
        for one in (job, long):
            await http.post(f"/jobs/{one}/cancel")
        await asyncio.gather(*held)
    size, busy = (ended[1] - before[1]) / calls, (ended[0] - began[0]) / SECONDS
    return [str(calls - done), f"{size / 1000:,.0f} kB", f"{busy:.0%} of a core"]


def measure(calls: int) -> Table:
    """Measure both kinds of call on a stack of their own, whose worker is busy with another job."""
    table = Table("calls", "held", "memory of each", "all together, waiting")
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        environment = {"LIKENESS_CATALOGUE": str(catalogue(Path(name))), "LIKENESS_MAX_WAITING": str(calls)}
        settings = Settings(Path(name), port=free_port(), environment=environment)
        with Stack(settings, print) as stack:
            stack.wait_until_ready()
            process = process_of(settings.port)
            for path in ("/jobs/{job}?wait=25", "/jobs/{job}/events"):
                table.add_row(path, *asyncio.run(waiting(settings.url, process, path, calls)))
    return table


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="how many wait at once")
    calls = parser.parse_args().calls
    Console().print(measure(calls))


if __name__ == "__main__":
    main()
