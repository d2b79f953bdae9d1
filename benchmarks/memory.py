"""The service's peak memory under callers that would fill it: `python -m benchmarks.memory`.

Each kind of load has a service of its own, started as on one machine, without a worker:

- readers: 60 connections ask for a job's original of 24.7 MB and read nothing, twice;
- fetched: 60 requests name a picture of 24.7 MB by URL, all at once;
- json: 15 bodies of 33 MB in JSON at once, and the same with one character beyond Latin-1 in each.

Prints the memory that the service holds (RSS) before, at its peak, and ten seconds after, in MB, and its answers.
"""

import asyncio
import base64
import io
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
import numpy as np
import uvicorn
from PIL import Image
from rich.console import Console
from rich.table import Table

from likeness.local.process import Child, Program
from likeness.local.supervisor import MMAP_THRESHOLD
from likeness.local.valkey import Valkey, free_port
from service.app import create_app, server_config
from service.config import read_settings
from service.http.fetch import Fetcher
from service.state import Services

SIDE: Final = 2868
READERS, REQUESTS, BODIES = 60, 60, 15
REST_SECONDS: Final = 10.0
SHOWN: Final = "https://pictures.example/a.png"
ANYWHERE: Final = "93.184.216.34"


def picture() -> bytes:
    """Return a PNG of 24.7 MB: noise, stored without compression."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG", compress_level=0)
    return file.getvalue()


def serve() -> None:
    """Run a service to which every URL is that of the picture."""
    settings, data = read_settings(), picture()

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for place in range(0, len(data), 2**16):
                await asyncio.sleep(0)
                yield data[place : place + 2**16]

    async def resolve(_: str) -> Sequence[str]:
        return [ANYWHERE]

    app = create_app(settings)
    services: Services = app.state.services
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Body()))
    fetcher = Fetcher(settings.max_upload_bytes, 60, resolve, transport)
    app.state.services = replace(services, fetcher=fetcher)
    uvicorn.Server(server_config(app, settings.host, settings.port)).run()


@dataclass
class Watched:
    """A service and what it holds, in MB."""

    url: str
    process: int

    def holds(self) -> float:
        """Return what it holds now."""
        return self._figure("VmRSS")

    def peak(self) -> float:
        """Return the most that it held since `forget`."""
        return self._figure("VmHWM")

    def forget(self) -> None:
        """Begin a new peak."""
        Path(f"/proc/{self.process}/clear_refs").write_text("5", "utf-8")

    def _figure(self, name: str) -> float:
        lines = Path(f"/proc/{self.process}/status").read_text("utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024 / 1e6


@contextmanager
def watched() -> Iterator[Watched]:
    """Run a service on a Valkey of its own."""
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        home, port = Path(name), free_port()
        valkey = Valkey.start(home, home / "valkey.log")
        environment = {
            "LIKENESS_REDIS_URL": valkey.url,
            "LIKENESS_STORE_URL": f"file://{home / 'store'}",
            "LIKENESS_PORT": str(port),
            "MALLOC_MMAP_THRESHOLD_": MMAP_THRESHOLD,
        }
        command = [sys.executable, "-m", "benchmarks.memory", "serve"]
        service = Child.start(Program("service", command, home / "service.log", environment))
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: httpx.get(f"{url}/healthz", trust_env=False).is_success)
            yield Watched(url, service.process.pid)
        finally:
            service.end(10)
            valkey.stop()


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until it is so; a service that does not answer yet is not so."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            if true():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the service did not start")


def readers(service: Watched) -> Counter[str]:
    """Ask for an original on many connections, and read nothing of it; twice."""
    sent = httpx.post(f"{service.url}/recreate", files={"image": ("a.png", picture())}, timeout=60, trust_env=False)
    job = sent.raise_for_status().json()["id"]
    host, port = service.url.removeprefix("http://").split(":")
    request = f"GET /jobs/{job}/input HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    said: Counter[str] = Counter()
    for _ in range(2):
        with ExitStack() as connections:
            for _ in range(READERS):
                caller = connections.enter_context(socket.create_connection((host, int(port)), 10))
                caller.sendall(request)
            time.sleep(REST_SECONDS)
            said["not read"] += READERS
    return said


def fetched(service: Watched) -> Counter[str]:
    """Hand in many pictures by URL at once."""
    return at_once(service, [json.dumps({"image": SHOWN}).encode()] * REQUESTS)


def bodies(service: Watched) -> Counter[str]:
    """Hand in many large bodies in JSON at once."""
    return at_once(service, [json.dumps({"image": base64.b64encode(picture()).decode()}).encode()] * BODIES)


def wide_bodies(service: Watched) -> Counter[str]:
    """Do the same with a character in each that takes four bytes where a text has it."""
    body = {"image": base64.b64encode(picture()).decode(), "prompt": "a shoe \N{JEANS}"}
    return at_once(service, [json.dumps(body, ensure_ascii=False).encode()] * BODIES)


def at_once(service: Watched, sent: Sequence[bytes]) -> Counter[str]:
    """Send bodies from threads, and return how often each status was answered."""
    said: Counter[str] = Counter()

    def send(body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        try:
            answer = httpx.post(f"{service.url}/recreate", content=body, headers=headers, timeout=90, trust_env=False)
            said[str(answer.status_code)] += 1
        except httpx.TransportError as error:
            said[type(error).__name__] += 1

    threads = [threading.Thread(target=send, args=(body,)) for body in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


LOADS: Final = {"readers": readers, "fetched": fetched, "json": bodies, "json, wide": wide_bodies}


def measure() -> Table:
    """Measure every load."""
    table = Table("load", "before", "peak", "after", "answers")
    for name, load in LOADS.items():
        with watched() as service:
            before = service.holds()
            service.forget()
            said = load(service)
            peak = service.peak()
            time.sleep(REST_SECONDS)
            figures = [f"{figure:,.0f}" for figure in (before, peak, service.holds())]
            table.add_row(name, *figures, ", ".join(f"{count} x {answer}" for answer, count in sorted(said.items())))
    return table


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        Console().print(measure())
