"""A live service for the tests: real uvicorn, real Valkey, and a real worker with the drill engine."""

import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis
import uvicorn
from fastapi import FastAPI
from PIL import Image

from service.app import create_app, server_config
from service.config import Settings
from tests.conftest import Server, server_binary
from tests.worker.drill import CATALOGUE, Drill


@dataclass
class Stack:
    """A Valkey and a folder; database 0 has a worker, database 1 has none and is emptied for each test."""

    server: Server
    folder: Path

    def settings(self, database: int, **changes: object) -> Settings:
        values = {
            "redis_url": f"unix://{self.server.socket}?db={database}",
            "store_url": f"file://{self.folder / 'store'}",
            "catalogue": CATALOGUE,
            "keys_file": None,
            "host": "127.0.0.1",
        }
        return Settings(**{**values, **changes})


@dataclass
class Live:
    """A service that listens."""

    app: FastAPI
    url: str
    http: httpx.Client

    @property
    def store(self) -> Path:
        return Path(self.app.state.services.settings.store_url.removeprefix("file://"))

    def pictures(self) -> set[Path]:
        return {path for path in self.store.rglob("*") if path.is_file()}

    def finished(self, **fields: str) -> dict:
        """Have a picture recreated and return the job."""
        answer = self.http.post(
            "/recreate", files={"image": ("a.png", png())}, data=fields, headers={"Prefer": "wait=30"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """Run an app on a free port, in a thread."""
    config = server_config(app, "127.0.0.1", 0)
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def serving(settings: Settings) -> Iterator[Live]:
    app = create_app(settings)
    with listening(app) as url, httpx.Client(base_url=url, timeout=40, trust_env=False) as http:
        yield Live(app, url, http)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    binary = server_binary()
    if binary is None:
        pytest.skip("no Valkey or Redis server is installed")
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        server = Server(binary, Path(name))
        server.start()
        yield Stack(server, Path(name))
        server.kill()


@pytest.fixture(scope="session")
def live(stack: Stack) -> Iterator[Live]:
    """A service with a worker behind it, and no API keys."""
    drill = Drill(f"unix://{stack.server.socket}?db=0", stack.folder)
    try:
        drill.worker()
        with serving(stack.settings(0)) as live:
            yield live
    finally:
        drill.stop()


@pytest.fixture
def serve(stack: Stack, tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Start a service with settings of the test's own, on an empty database without a worker."""
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        client.flushdb()
    with ExitStack() as exits:
        store = {"store_url": f"file://{tmp_path / 'store'}"}
        yield lambda **changes: exits.enter_context(serving(stack.settings(1, **{**store, **changes})))


@pytest.fixture
def idle(serve: Callable[..., Live]) -> Live:
    """A service of the test's own, without a worker."""
    return serve()


def png(size: tuple[int, int] = (32, 24), mode: str = "RGB", colour: object = None) -> bytes:
    return encoded("PNG", size, mode, colour)


def encoded(format: str, size: tuple[int, int] = (32, 24), mode: str = "RGB", colour: object = None) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour or 0).save(file, format)
    return file.getvalue()
