"""SeaweedFS as the S3 server of the tests: one program from a Python package, which checks every signature."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

from tests.support import sigv4
from tests.support.certificates import certified_server

BUCKET: Final = "pictures"
KEY: Final = "LIKENESSTESTKEY"
SECRET: Final = "a-secret-that-must-not-be-told"
ADMIN: Final = ("BUCKETMAKER", "another-secret")
GRPC: Final = 10_000
"""SeaweedFS's inner ports are its outer ones and so many more."""


def binary() -> str | None:
    """Return the program, next to this Python or on the PATH."""
    own = Path(sys.executable).with_name("weed")
    return str(own) if own.exists() else shutil.which("weed")


class S3Server:
    """A SeaweedFS with its data in a folder. Its S3 gateway, a process apart, can be frozen, killed, started again."""

    def __init__(self, program: str, folder: Path) -> None:
        self.folder, self._program = folder, program
        self._ports = dict(zip(("master", "volume", "filer", "s3", "tls"), _free_ports(5), strict=True))
        self._storage: subprocess.Popen[bytes] | None = None
        self.gateway: subprocess.Popen[bytes] | None = None
        own = _identity("likeness", KEY, SECRET, [f"{right}:{BUCKET}" for right in ("Read", "Write", "List")])
        self.authority, *self._certificate = certified_server(folder)
        (folder / "s3.json").write_text(json.dumps({"identities": [own, _identity("admin", *ADMIN, ["Admin"])]}))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def tls_endpoint(self) -> str:
        """The same, by TLS with a certificate of an authority that nobody knows: `authority` is the file of its own."""
        return f"https://127.0.0.1:{self._ports['tls']}"

    @property
    def environment(self) -> dict[str, str]:
        """What a service and a worker need to know of it."""
        return {
            "AWS_ENDPOINT": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def start(self) -> None:
        """Start it, and return once it has the bucket."""
        ports = [f"-{name}.port={self._ports[name]}" for name in ("master", "volume", "filer")]
        limits = ["-volume.max=8", "-master.volumeSizeLimitMB=64"]
        self._storage = self._run("server", "-ip=127.0.0.1", f"-dir={self.folder}", "-filer", *ports, *limits)
        _until(self._listening, self._storage, self.folder)
        self.open_gateway()

    def _listening(self) -> bool:
        """Whether the filer is there: a gateway that comes before it tries again only after seconds."""
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self._ports["filer"] + GRPC)) == 0

    def open_gateway(self) -> None:
        """Start the gateway, and return once the bucket can be used through it."""
        where = [f"-filer=127.0.0.1:{self._ports['filer']}", f"-port={self._ports['s3']}"]
        fewer = [
            "-port.iceberg=0",
            "-port.lance=0",
            "-iam=false",
            "-autoCreateBucket=false",
            f"-localSocket={self.folder / 's3.sock'}",
        ]
        tls = [f"-port.https={self._ports['tls']}", *map("-{}.file={}".format, ("cert", "key"), self._certificate)]
        self.gateway = self._run("s3", *where, *tls, *fewer, f"-config={self.folder / 's3.json'}")
        _until(self._usable, self.gateway, self.folder)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "HOME": str(self.folder)}
        with (self.folder / "weed.log").open("ab") as log:
            return subprocess.Popen(
                [self._program, *command, "-ip.bind=127.0.0.1"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment,
                start_new_session=True,
            )

    def _usable(self) -> bool:
        """Whether the bucket is there and takes an object: the parts of the server come up one after another."""
        try:
            made = self.call("PUT", "").status_code in (200, 409)
            return made and self.call("PUT", "/started", b"yes").status_code == 200
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        """Send a request about the bucket, or an object in it, signed by who may do everything."""
        return sigv4.call(method, f"{self.endpoint}/{BUCKET}{path}", *ADMIN, body)

    def freeze(self) -> None:
        """Let the gateway take connections and say nothing more."""
        assert self.gateway is not None
        self.gateway.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.gateway is not None
        self.gateway.send_signal(signal.SIGCONT)

    def close_gateway(self) -> None:
        assert self.gateway is not None
        self.gateway.kill()
        self.gateway.wait()

    def stop(self) -> None:
        for process in (self.gateway, self._storage):
            if process is not None:
                process.kill()
                process.wait()


def _identity(name: str, key: str, secret: str, actions: list[str]) -> dict:
    return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}


def _until(true: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    limit = time.monotonic() + 90
    while not true():
        if time.monotonic() > limit or process.poll() is not None:
            raise RuntimeError(f"SeaweedFS did not start:\n{(folder / 'weed.log').read_text()[-2000:]}")
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now, with the inner ones that go with them."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as outer, socket.socket() as inner:
            outer.bind(("127.0.0.1", 0))
            port = outer.getsockname()[1]
            if port + GRPC > 65_535:
                continue
            try:
                inner.bind(("127.0.0.1", port + GRPC))
            except OSError:
                continue
            found.append(port)
    return found
