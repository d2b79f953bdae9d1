"""The service's own cost and speed: `python -m benchmarks.service`.

Starts the whole stack (Valkey, one uvicorn process, one worker) and measures, side by side in one run:

- own cost: POST until succeeded, less the bare engine call on the same image in this process, taken in turn;
- POSTs accepted a second with a 100 kB JPEG, and how long the slowest hundredth took;
- eight compatible jobs submitted at once against eight submitted one after the other.
"""

import asyncio
import io
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageFilter
from redis import Redis
from rich.console import Console
from rich.table import Table

from likeness.client import Client
from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Recreate
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.frame import Frame
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import Valkey, free_port
from worker.config import Settings as WorkerSettings
from worker.engine import EngineTask, silent
from worker.residency.engines import Residents

ROUNDS = 15
POSTS, AT_ONCE = 300, 16


def photo(side: int, quality: int = 90, seed: int = 0) -> bytes:
    """Return a JPEG of soft shapes with some grain, about as hard to encode as a product photo."""
    random = np.random.default_rng(seed)
    rough = Image.fromarray(random.integers(40, 230, (12, 12, 3), np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    grain = Image.fromarray(random.integers(0, 255, (side, side, 3), np.uint8)).filter(ImageFilter.GaussianBlur(1))
    file = io.BytesIO()
    Image.blend(rough, grain, 0.12).save(file, "JPEG", quality=quality)
    return file.getvalue()


@contextmanager
def running(**environment: str) -> Iterator[str]:
    """Run the stack in a folder of its own and give its address; with `server` given, on that Redis."""
    with tempfile.TemporaryDirectory(prefix="likeness-") as home:
        server = environment.pop("server", None)
        settings = Settings(Path(home), port=free_port(), redis_url=server, environment=environment)
        with Stack(settings, print) as stack:
            stack.wait_until_ready()
            yield settings.url


def own_cost(url: str, side: int) -> tuple[float, float, float, float]:
    """Return median milliseconds of (job, bare engine call, difference taken round by round, the report's part)."""
    spec = load_catalogue().find("starter")
    engine = Residents.of(WorkerSettings()).engine(spec)
    data = photo(side)
    given = decode(data, Bounds())
    canvas = Frame.of(given).canvas(given, spec.canvas.multiple, spec.canvas.minimum)
    jobs, bare, reports = [], [], []
    with Client(url) as client:
        for _ in range(ROUNDS + 2):
            began = time.perf_counter()
            job = client.wait(client.recreate(data))
            jobs.append(time.perf_counter() - began)
            reports.append(job.result.timings.assessing if job.result else 0.0)
            began = time.perf_counter()
            engine.generate([EngineTask(canvas, 0, spec.resolve(Recreate()))], silent)
            bare.append(time.perf_counter() - began)
    rounds = list(zip(jobs, bare, strict=True))[2:]  # the first two warm both up
    return (
        1000 * statistics.median(job for job, _ in rounds),
        1000 * statistics.median(alone for _, alone in rounds),
        1000 * statistics.median(job - alone for job, alone in rounds),
        1000 * statistics.median(reports[2:]),
    )


async def accepting(url: str, data: bytes) -> tuple[float, float, float]:
    """Return POSTs accepted a second, and the median and 99th percentile of their milliseconds."""
    limit, seconds = asyncio.Semaphore(AT_ONCE), []

    async def post(client: httpx.AsyncClient) -> None:
        async with limit:
            began = time.perf_counter()
            answer = await client.post("/recreate", files={"image": ("photo.jpg", data, "image/jpeg")})
            seconds.append(time.perf_counter() - began)
            answer.raise_for_status()

    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        began = time.perf_counter()
        await asyncio.gather(*(post(client) for _ in range(POSTS)))
        whole = time.perf_counter() - began
    return POSTS / whole, 1000 * statistics.median(seconds), 1000 * sorted(seconds)[int(0.99 * POSTS)]


def posting(data: bytes, idle: bool) -> tuple[float, float, float]:
    """Run `accepting` on a stack of its own, whose worker RQ has suspended when it is to be idle."""
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:
        valkey = Valkey.start(Path(folder), Path(folder) / "valkey.log", lambda: False)
        try:
            with running(LIKENESS_MAX_QUEUED="100000", server=valkey.url) as url:
                if idle:
                    Redis.from_url(valkey.url).set("rq:suspended", 1)
                    time.sleep(3)  # longer than the worker waits for a job before it looks again
                return asyncio.run(accepting(url, data))
        finally:
            valkey.stop()


def batching(url: str, side: int) -> tuple[float, float]:
    """Return seconds for eight jobs one after the other, and for eight at once, medians of three rounds in turn."""
    singles, together = [], []
    with Client(url) as client:
        for turn in range(3):
            pictures = [photo(side, seed=10 * turn + number) for number in range(8)]
            began = time.perf_counter()
            for picture in pictures:
                client.wait(client.recreate(picture))
            singles.append(time.perf_counter() - began)
            began = time.perf_counter()
            for job in [client.recreate(picture) for picture in pictures]:
                client.wait(job)
            together.append(time.perf_counter() - began)
    return statistics.median(singles), statistics.median(together)


def measure() -> None:
    """Measure everything and print one table."""
    table = Table("what", "figure")
    with running() as url:
        for side in (256, 512):
            job, bare, own, report = own_cost(url, side)
            table.add_row(f"{side}x{side}: job, bare engine, own cost (ms)", f"{job:.0f}   {bare:.0f}   {own:.0f}")
            table.add_row(f"{side}x{side}: the report (ms), its share", f"{report:.0f}   {report / job:.0%}")
        for side in (128, 256):
            alone, together = batching(url, side)
            table.add_row(
                f"{side}x{side}: eight in turn, eight at once (s), ratio",
                f"{alone:.2f}   {together:.2f}   {alone / together:.2f}",
            )
    data = photo(640, 97)
    for worker in ("idle", "busy"):
        rate, median, slowest = posting(data, idle=worker == "idle")
        table.add_row(
            f"POSTs a second ({len(data) // 1000} kB, {AT_ONCE} at once, worker {worker}), median, p99 (ms)",
            f"{rate:.0f}   {median:.0f}   {slowest:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    measure()
