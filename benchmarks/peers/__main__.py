"""Pictures a second of Likeness, a bare handler and LitServe: `python -m benchmarks.peers [--pictures 64]`.

Sixteen callers send pictures of 256 px, to each server alone and beside a program that takes part of a core. The bare
handler and LitServe answer with what the engine made; Likeness stores and queues each job durably, keeps the frame and
measures what it made. LitServe is left out where it is not installed (`pip install litserve`).
"""

import argparse
import asyncio
import base64
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.service import photo, running
from likeness.client import AsyncClient
from likeness.local.process import Child, Program
from likeness.local.threads import usable_cores, worker_environment
from likeness.local.valkey import free_port

PICTURES, CALLERS, SIDE = 64, 16, 256
PEERS = {"bare FastAPI handler": "benchmarks.peers.bare", "LitServe": "benchmarks.peers.lit"}
OTHER_WORK = """
import time
while True:
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    time.sleep(0.05)
"""
"""Half of a core."""

Send = Callable[[bytes], Awaitable[object]]


async def rate(send: Send, count: int) -> float:
    """Return how many pictures a second come back of `count`, sent by CALLERS at once; a few go before."""
    pictures, room = [photo(SIDE, seed=number) for number in range(count)], asyncio.Semaphore(CALLERS)

    async def one(data: bytes) -> None:
        async with room:
            await send(data)

    await asyncio.gather(*(one(data) for data in pictures[:4]))
    began = time.perf_counter()
    await asyncio.gather(*(one(data) for data in pictures))
    return count / (time.perf_counter() - began)


@contextmanager
def peer(module: str) -> Iterator[str]:
    """Run a server, with threads that wait as Likeness' do, and give the address that it answers at."""
    port = free_port()
    environment = worker_environment(os.environ, usable_cores())
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:
        program = Program(module, [sys.executable, "-m", module, str(port)], Path(folder) / "log", environment)
        server = Child.start(program)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.end(10)


async def peers_rate(url: str, count: int) -> float:
    """Return the rate of a server that answers with the picture."""
    async with httpx.AsyncClient(base_url=url, timeout=300, trust_env=False) as http:

        async def send(data: bytes) -> None:
            body = {"image": base64.b64encode(data).decode()}
            (await http.post("/predict", json=body)).raise_for_status()

        limit = time.monotonic() + 120
        while True:
            try:
                await send(photo(SIDE))
                break
            except httpx.HTTPError:
                if time.monotonic() > limit:
                    raise
                await asyncio.sleep(0.2)
        return await rate(send, count)


async def likeness_rate(url: str, count: int) -> float:
    """Return the rate of Likeness."""
    async with AsyncClient(url) as client:

        async def send(data: bytes) -> None:
            job = await client.wait(await client.recreate(data, engine="starter"))
            if job.result is None:
                raise RuntimeError(f"job {job.id}: {job.error}")

        return await rate(send, count)


@contextmanager
def other_work() -> Iterator[None]:
    """Take half of a core meanwhile."""
    child = Child.start(Program("other work", [sys.executable, "-c", OTHER_WORK], None))
    try:
        yield
    finally:
        child.end(1)


def rates(count: int) -> dict[str, float]:
    """Return pictures a second of each server, one after another."""
    found: dict[str, float] = {}
    for name, module in PEERS.items():
        if name == "LitServe" and importlib.util.find_spec("litserve") is None:
            continue
        with peer(module) as url:
            found[name] = asyncio.run(peers_rate(url, count))
    with running() as url:
        found["Likeness"] = asyncio.run(likeness_rate(url, count))
    return found


def main() -> None:
    """Measure all of them twice and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    count = parser.parse_args().pictures
    table = Table("server", "pictures a second", "of the bare handler", "beside other work", "of the bare handler")
    alone = rates(count)
    with other_work():
        beside = rates(count)
    bare = next(iter(PEERS))
    for name in alone:
        table.add_row(
            name,
            f"{alone[name]:.1f}",
            f"{alone[name] / alone[bare]:.2f}",
            f"{beside[name]:.1f}",
            f"{beside[name] / beside[bare]:.2f}",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
