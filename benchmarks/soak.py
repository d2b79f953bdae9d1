"""An hour of everything at once: `python -m benchmarks.soak [--minutes 60] [--seed 0]`.

The whole stack on this machine, with two workers and an engine that takes a set time. Callers hand in pictures of all
sizes, as forms and as JSON, and send each request again under its idempotency key until it is answered; others read
originals and results slowly or not at all; batches of jobs are cancelled. Meanwhile service, workers and webhook sender
are killed at random with SIGKILL. Valkey is left alone: its log loses the last second by design (docs/architecture.md).

Prints how many jobs were accepted, how many of those were lost or ended more than once, by their status and by their
events, and the most memory and open files that each program had.
"""

import argparse
import asyncio
import base64
import io
import json
import os
import random
import secrets
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from PIL import Image
from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.fleet.rehearsal import catalogue
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from likeness.queue import keys

SIDES: Final = (16, 64, 256, 512, 1024, 2000)
RARELY: Final = (50, 30, 12, 5, 2, 1)
"""How often each side is chosen, relative to the others."""
UPLOADERS, READERS = 4, 6
KILL_SECONDS: Final = (4.0, 20.0)
LOOK_SECONDS: Final = 0.5
END_SECONDS: Final = 300.0
"""After the load has ended, a job that still waits is lost once no job has ended for so long."""
ENDED: Final = ("succeeded", "failed", "cancelled")


@dataclass
class Peak:
    """The most that one program had."""

    memory: float = 0.0
    """MB."""
    files: int = 0


@dataclass
class Book:
    """What happened."""

    accepted: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """Codes of those that failed: one that was run when its worker was killed three times fails as `worker_died`."""
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    mishaps: Counter[str] = field(default_factory=Counter)
    """What went wrong in the callers themselves; without any, the load was whole."""
    peaks: dict[str, Peak] = field(default_factory=dict)

    def table(self) -> Table:
        """Return it as a table."""
        table = Table("what", "figure")
        table.add_row("jobs accepted, lost, ended twice", f"{len(self.accepted)}, {len(self.lost)}, {len(self.twice)}")
        for name, counts in self._counted().items():
            table.add_row(name, ", ".join(f"{count} x {what}" for what, count in sorted(counts.items())) or "none")
        for name, peak in self.peaks.items():
            table.add_row(f"{name}: most memory, open files", f"{peak.memory:,.0f} MB, {peak.files}")
        return table

    def _counted(self) -> dict[str, Counter[str]]:
        counted = {"ended": self.statuses, "failed": self.failures, "refused": self.refused}
        return {**counted, "killed": self.killed, "mishaps": self.mishaps}


class Soak:
    """One run of it; `seconds` of load, and then until every job has ended."""

    def __init__(self, stack: Stack, seconds: float, seed: int) -> None:
        self.stack, self.seconds, self.book = stack, seconds, Book()
        self._chance = random.Random(seed)  # noqa: S311  chance, no secret
        self._over = threading.Event()
        self._url = stack.settings.url

    def run(self) -> Book:
        """Run it and return what happened."""
        work: list[Callable[[random.Random], None]] = [self._upload] * UPLOADERS + [self._read] * READERS
        work += [self._cancel, self._kill, self._look]
        threads = [threading.Thread(target=self._repeat, args=(one, self._another())) for one in work]
        for thread in threads:
            thread.start()
        time.sleep(self.seconds)
        self._over.set()
        for thread in threads:
            thread.join()
        self._judge()
        return self.book

    def _another(self) -> random.Random:
        return random.Random(self._chance.random())  # noqa: S311  as above

    def _repeat(self, one: Callable[[random.Random], None], chance: random.Random) -> None:
        while not self._over.is_set():
            try:
                one(chance)
            except (httpx.TransportError, OSError):
                pass  # what is killed does not answer
            except Exception as mishap:
                self.book.mishaps[repr(mishap)] += 1

    def _upload(self, chance: random.Random) -> None:
        """Hand in a job until it is answered for, whatever is killed meanwhile."""
        data = picture(chance.choices(SIDES, RARELY)[0], chance.randrange(2**32))
        fields = {"steps": chance.randint(1, 6), "priority": chance.choice(["interactive", "batch"])}
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        as_json: dict[str, Any] = {"json": {"image": base64.b64encode(data).decode(), **fields}}
        as_form: dict[str, Any] = {"files": {"image": ("a.png", data)}, "data": {k: str(v) for k, v in fields.items()}}
        sent = chance.choice([as_json, as_form])
        while True:
            try:
                answer = httpx.post(f"{self._url}/recreate", headers=headers, timeout=30, trust_env=False, **sent)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code == httpx.codes.ACCEPTED:
                self.book.accepted.append(answer.json()["id"])
                return
            code = answer.json()["code"]
            self.book.refused[code] += 1
            time.sleep(min(1.0, float(answer.headers.get("Retry-After", "1"))))
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR and code != "idempotency_pending":
                return

    def _read(self, chance: random.Random) -> None:
        """Ask for a file of a job, and read it slowly, or not at all."""
        if not self.book.accepted:
            time.sleep(0.1)
            return
        job, path = chance.choice(self.book.accepted), chance.choice(["input", "images/0", "report", "events"])
        host, port = self._url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as caller:
            caller.settimeout(2)
            caller.sendall(f"GET /jobs/{job}/{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            for _ in range(chance.randint(0, 20)):
                caller.recv(4096)
                time.sleep(0.05)

    def _cancel(self, chance: random.Random) -> None:
        """Cancel some of the newest jobs at once."""
        time.sleep(chance.uniform(1, 4))
        for job in self.book.accepted[-chance.randint(1, 8) :]:
            httpx.post(f"{self._url}/jobs/{job}/cancel", timeout=10, trust_env=False)

    def _kill(self, chance: random.Random) -> None:
        """Kill one of the programs; the stack starts it again."""
        if self._over.wait(chance.uniform(*KILL_SECONDS)):
            return
        program = chance.choice([kept for kept in self.stack.programs() if kept.program.name != "valkey"])
        if program.child.alive:
            os.kill(program.child.process.pid, signal.SIGKILL)
            self.book.killed[program.program.name] += 1

    def _look(self, _: random.Random) -> None:
        """See what each program has."""
        for kept in self.stack.programs():
            peak = self.book.peaks.setdefault(kept.program.name, Peak())
            with suppress(OSError, StopIteration):
                memory, files = held_by(kept.child.process.pid)
                peak.memory, peak.files = max(peak.memory, memory), max(peak.files, files)
        self._over.wait(LOOK_SECONDS)

    def _judge(self) -> None:
        """Wait for the end of every job that was accepted, and say which of them were lost or ended twice."""
        asyncio.run(self._ended())
        with Redis.from_url(self.stack.redis_url or "") as redis:
            for job in self.book.accepted:
                events = redis.xrange(keys.EVENTS_KEY.format(id=job))
                ends = [json.loads(said[b"data"])["status"] in ENDED for _, said in events]
                if sum(ends) > 1:
                    self.book.twice.append(job)

    async def _ended(self) -> None:
        limit = time.monotonic() + END_SECONDS
        async with httpx.AsyncClient(base_url=self._url, timeout=40, trust_env=False) as http:
            for job in self.book.accepted:
                status = await self._status(http, job, limit)
                if status in ENDED:
                    self.book.statuses[status] += 1
                    limit = time.monotonic() + END_SECONDS
                else:
                    self.book.lost.append(job)

    async def _status(self, http: httpx.AsyncClient, job: str, limit: float) -> str:
        while True:
            with suppress(httpx.TransportError):
                answer = await http.get(f"/jobs/{job}", params={"wait": 10})
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    told = answer.json()
                    status = str(told.get("status"))
                    self.book.failures.update([told["error"]["code"]] if status == "failed" else [])
                    if status in ENDED or answer.is_client_error or time.monotonic() > limit:
                        return status
            await asyncio.sleep(0.1)


def picture(side: int, seed: int) -> bytes:
    """Return a PNG of noise, which no compression makes smaller: 3 bytes a pixel."""
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG", compress_level=0)
    return file.getvalue()


def held_by(process: int) -> tuple[float, int]:
    """Return the memory (MB) and the open files of a process (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    memory = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6
    return memory, len(list(Path(f"/proc/{process}/fd").iterdir()))


@contextmanager
def running(before: str = "", **settings: str) -> Iterator[Stack]:
    """Run the stack with two workers in a folder of its own; `before` stands at the head of the catalogue."""
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        engines = catalogue(Path(name))
        engines.write_text(before + engines.read_text("utf-8"), "utf-8")
        environment = {"LIKENESS_CATALOGUE": str(engines), "LIKENESS_LOG_LEVEL": "warning", **settings}
        settings = Settings(Path(name), port=free_port(), workers=2, environment=environment)
        with Stack(settings, lambda _: None) as stack:
            stack.wait_until_ready()
            keeping = threading.Thread(target=stack.keep_running)
            keeping.start()
            try:
                yield stack
            finally:
                stack.ask_to_stop()
                keeping.join()


def soak(seconds: float, seed: int) -> Book:
    """Run it on a stack of its own."""
    with running() as stack:
        return Soak(stack, seconds, seed).run()


def main() -> None:
    """Run it and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    Console().print(soak(60 * options.minutes, options.seed).table())


if __name__ == "__main__":
    main()
