"""The one-machine stack: embedded Valkey, the service, workers, webhooks and feeder, kept running until told to stop.

Beside the workers that do everything, exact edits have one of their own: they never wait behind a diffusion job.

Start: Valkey, then all the others together. Stop: the service takes no more requests, the workers drain, and Valkey
goes last. A program that dies is started again, each time later; one that keeps failing by itself stops the
stack. One that is killed does not count as failing: jobs that take their worker down must not end the whole stack.
Valkey comes back at the same address with what its append-only file holds; the others find it again by themselves.
"""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol, Self

from likeness.contract.catalogue import load_catalogue
from likeness.local.process import Program
from likeness.local.readiness import missing_of
from likeness.local.restarts import LOOK_SECONDS, Kept
from likeness.local.threads import WORKERS
from likeness.local.valkey import Valkey
from likeness.problems import LocalProblem

SERVICE_STOP_SECONDS = 10.0
DRAIN_SECONDS = 30.0
READY_SECONDS = 120.0
BESIDE = ("webhooks", "feeder")
"""Programs of the service that run beside it."""
MMAP_THRESHOLD = str(2**20)
"""Bytes from which glibc takes memory from the system for one object alone, and gives it back with the object; left to
itself it raises the threshold with the first image, and the service keeps what its busiest moment took."""


@dataclass(frozen=True)
class Settings:
    """How the stack is to run."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    redis_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address for a client on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104  compared, not bound
        return f"http://{host}:{self.port}"


class Stoppable(Protocol):
    """What runs until it is asked to stop."""

    def ask_to_stop(self) -> None:
        """Ask to stop."""


class Stack:
    """The running stack. Use it in a `with`; `tell` gets a line when something is to be known."""

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        self.settings = settings
        self._tell = tell
        self.stopping = False
        self._hurry = False
        self._valkey: Valkey | None = None
        self._queue: Kept | None = None
        self._service: Kept | None = None
        self._workers: list[Kept] = []
        self._beside: list[Kept] = []

    def __enter__(self) -> Self:
        """Start everything; what was started is stopped again when something cannot. Raises LocalProblem."""
        try:
            self._start()
        except BaseException:
            self._shut_down()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Stop everything, in order."""
        self._shut_down()

    def ask_to_stop(self) -> None:
        """Ask to stop; asked again, stop without draining."""
        self._hurry = self.stopping
        self.stopping = True

    def wait_until_ready(self) -> None:
        """Wait until the service is ready: a worker holds the default engine. Raises LocalProblem when it cannot be."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping and (missing := missing_of(self.settings.url)):
            for kept in self.programs():
                if not kept.child.alive:
                    raise LocalProblem(f"{kept.program.name} cannot start: {kept.child.why()}")
            if time.monotonic() > deadline:
                raise LocalProblem(f"not ready within {READY_SECONDS:.0f} s: {missing}; the logs are in {self._logs}")
            time.sleep(LOOK_SECONDS)

    def keep_running(self) -> None:
        """Keep everything running until somebody asks to stop. Raises LocalProblem when a program keeps dying."""
        while not self.stopping:
            self.look()
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Start again what died."""
        for kept in self.programs():
            if told := kept.look(time.monotonic()):
                self._tell(told)

    @property
    def _logs(self) -> Path:
        return self.settings.home / "logs"

    @property
    def redis_url(self) -> str | None:
        """Where its Redis is, once it runs."""
        return self._valkey.url if self._valkey else self.settings.redis_url

    def programs(self) -> Iterator[Kept]:
        """Yield every program that it keeps running."""
        if self._queue:
            yield self._queue
        if self._service:
            yield self._service
        yield from self._workers
        yield from self._beside

    def _start(self) -> None:
        _check_port(self.settings.host, self.settings.port)
        self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        redis_url = self.settings.redis_url
        if redis_url is None:
            self._valkey = Valkey.start(self.settings.home, self._logs / "valkey.log", lambda: self.stopping)
            self._queue = Kept(self._valkey.child.program, self._valkey.child, time.monotonic())
            redis_url = self._valkey.url
        environment = self._environment(redis_url)
        small = {"MALLOC_MMAP_THRESHOLD_": os.environ.get("MALLOC_MMAP_THRESHOLD_", MMAP_THRESHOLD)}
        self._service = Kept.start(self._program("service", "service", environment | small))
        for number in range(1, self.settings.workers + 1):
            self._workers.append(Kept.start(self._program(f"worker-{number}", "worker", environment)))
        for pool in _quick_pools(environment):
            own = {**environment, "LIKENESS_POOLS": json.dumps([pool])}
            self._workers.append(Kept.start(self._program(f"worker-{pool}", "worker", own)))
        for name in BESIDE:
            self._beside.append(Kept.start(self._program(name, f"service.{name}", environment)))

    def _program(self, name: str, module: str, environment: Mapping[str, str]) -> Program:
        return Program(name, [sys.executable, "-P", "-m", module], self._logs / f"{name}.log", environment)

    def _environment(self, redis_url: str) -> dict[str, str]:
        home = self.settings.home.resolve()
        return {
            "LIKENESS_STORE_URL": f"file://{home / 'store'}",
            "LIKENESS_KEYS_FILE": str(home / "keys.json"),
            **{name: os.environ[name] for name in ("LIKENESS_STORE_URL", "LIKENESS_KEYS_FILE") if name in os.environ},
            **self.settings.environment,
            "LIKENESS_REDIS_URL": redis_url,
            WORKERS: str(self.settings.workers),
            "LIKENESS_HOST": self.settings.host,
            "LIKENESS_PORT": str(self.settings.port),
        }

    def _shut_down(self) -> None:
        self.stopping = True
        if self._service:
            self._end([self._service], SERVICE_STOP_SECONDS)
        self._end([*self._workers, *self._beside], DRAIN_SECONDS)
        if self._valkey and self._queue:
            self._valkey.child = self._queue.child
            self._valkey.stop()

    def _end(self, programs: list[Kept], seconds: float) -> None:
        """Stop programs together, each killed when it takes longer than `seconds` or somebody is in a hurry."""
        for kept in programs:
            kept.child.ask()
        deadline = time.monotonic() + seconds
        while any(kept.child.alive for kept in programs) and time.monotonic() < deadline and not self._hurry:
            time.sleep(LOOK_SECONDS / 2)
        for kept in programs:
            if not kept.child.wait(0):
                self._tell(
                    f"{kept.program.name} did not stop in time and was killed; its jobs run again at the next start"
                )


@contextmanager
def signals_to(stack: Stoppable) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM ask `stack` to stop."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stack.ask_to_stop()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _quick_pools(environment: Mapping[str, str]) -> list[str]:
    """Return the pools that get a worker of their own: none where somebody says which pools the workers serve."""
    said = {**os.environ, **environment}
    if said.get("LIKENESS_POOLS"):
        return []
    try:
        return load_catalogue(Path(own) if (own := said.get("LIKENESS_CATALOGUE")) else None).quick_pools
    except (OSError, ValueError):
        return []  # the other workers say what is wrong with it


def _check_port(host: str, port: int) -> None:
    """Raise LocalProblem when nothing can listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        detail = f"cannot listen on {host} port {port}: {error.strerror}"
        raise LocalProblem(f"{detail}; choose another one with LIKENESS_PORT or --port") from error
