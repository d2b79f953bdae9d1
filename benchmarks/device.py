"""How much of the time a worker's device works: `python -m benchmarks.device [--sizes 2000x1500 4000x3000]`.

A real Valkey and a real worker get a full queue of photos, for an engine that takes 1.1 s and no processor. What is not
the engine's time is time that the device waits for pictures to be prepared or finished.
"""

import argparse
import asyncio
import io
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.orders import order_of
from benchmarks.service import photo
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import new_job_id
from likeness.contract.tasks import Recreate
from likeness.local.process import Child, Program
from likeness.local.valkey import Valkey, free_port
from likeness.storage.pictures import PictureStore
from service.queue.jobs import JobQueue

CATALOGUE = Path(__file__).parents[1] / "tests" / "worker" / "drill.toml"
STEPS, STRENGTH = 2, 1.0
ENGINE_SECONDS = 1.1
"""Two steps of .55 s."""
SIZES = ("512x384", "2000x1500", "4000x3000")
FIRST, JOBS, LAST = 3, 20, 4
"""Jobs in the queue; while the first and the last of them run it is not full, and nothing is counted."""


@dataclass(frozen=True)
class Moment:
    """What a worker has used up at a moment: seconds of the device and of the processor."""

    at: float
    busy: float
    processor: float


def catalogue(folder: Path) -> Path:
    """Write a catalogue whose engine has time for large pictures, and return the file."""
    file = folder / "drill.toml"
    file.write_text(CATALOGUE.read_text("utf-8").replace("timeout = 3\n", "timeout = 120\n"), "utf-8")
    return file


def sized(width: int, height: int) -> bytes:
    """Return a JPEG of this size."""
    file = io.BytesIO()
    Image.open(io.BytesIO(photo(max(width, height)))).crop((0, 0, width, height)).save(file, "JPEG", quality=90)
    return file.getvalue()


async def hand_in(url: str, store: PictureStore, spec: EngineSpec, data: bytes, size: tuple[int, int]) -> list[str]:
    """Queue JOBS jobs, none of which shares a run with another, and return their ids."""
    queue = JobQueue.connect(url, max_queued=1000, lifetime=3600)
    ids = []
    for number in range(JOBS):
        job_id = new_job_id()
        task = Recreate(prompt="copy", steps=STEPS, strength=STRENGTH, seed=number, exact=True)
        picture = store.put(job_id, data, "image/jpeg")
        await queue.accept(order_of(job_id, spec, task, size, picture), spec, None)
        ids.append(job_id)
    await queue.close()
    return ids


def ended(redis: Redis) -> int:
    """Return how many jobs have ended."""
    return int(redis.zcard("rq:finished:drill-interactive")) + int(redis.zcard("rq:failed:drill-interactive"))


def moment(port: int) -> Moment:
    """Return what the worker has used up so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    samples = {one.name: one.value for family in text_string_to_metric_families(text) for one in family.samples}
    return Moment(time.monotonic(), samples["likeness_device_busy_seconds_total"], samples["process_cpu_seconds_total"])


def reached(redis: Redis, count: int, port: int) -> Moment:
    """Wait until so many jobs have ended, and return what was used up by then."""
    while ended(redis) < count:
        time.sleep(0.02)
    return moment(port)


def peak_memory(pid: int) -> float:
    """Return the most memory that a process has held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def measured(size: str, folder: Path) -> list[str]:
    """Return a row: the size, how busy the device is, its share of the engine's own rate, processor seconds, memory.

    On a machine that is busy with other things the engine itself is late; then the second share is the lower.
    """
    width, height = map(int, size.split("x"))
    file, port = catalogue(folder), free_port()
    store_url = f"file://{folder / 'store'}"
    spec, store = load_catalogue(file).find("drill"), PictureStore.open(store_url)
    server = Valkey.start(folder, folder / "valkey.log")
    environment = {
        "LIKENESS_REDIS_URL": server.url,
        "LIKENESS_STORE_URL": store_url,
        "LIKENESS_CATALOGUE": str(file),
        "LIKENESS_METRICS_PORT": str(port),
    }
    asyncio.run(hand_in(server.url, store, spec, sized(width, height), (width, height)))
    worker = Child.start(Program("worker", [sys.executable, "-m", "worker"], folder / "worker.log", environment))
    try:
        redis: Redis = Redis.from_url(server.url)
        first, last = reached(redis, FIRST, port), reached(redis, JOBS - LAST, port)
        failed = int(redis.zcard("rq:failed:drill-interactive"))
        if failed:
            raise RuntimeError(f"{failed} jobs failed: {folder / 'worker.log'}")
        jobs = JOBS - LAST - FIRST
        busy = (last.busy - first.busy) / (last.at - first.at)
        reached_rate = jobs * ENGINE_SECONDS / (last.at - first.at)
        processor = (last.processor - first.processor) / jobs
        memory = peak_memory(worker.process.pid)
        return [size, f"{busy:.0%}", f"{reached_rate:.0%}", f"{processor:.2f}", f"{memory:,.0f} MB"]
    finally:
        worker.end(30)
        server.stop()


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="WIDTHxHEIGHT")
    table = Table("size", "device busy", "of the engine's rate", "processor seconds a picture", "largest memory")
    for size in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory(prefix="lk-") as name:
            table.add_row(*measured(size, Path(name)))
    Console().print(table)


if __name__ == "__main__":
    main()
