"""SeaweedFS as the S3 server of the tests: one program from a Python package, which checks every signature."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx

from tests import sigv4

BUCKET: Final = "pictures"
KEY: Final = "LIKENESSTESTKEY"
SECRET: Final = "a-secret-that-must-not-be-told"
GRPC: Final = 10_000
"""SeaweedFS's inner ports are its outer ones and so many more."""


def binary() -> str | None:
    """Return the program, next to this Python or on the PATH."""
    own = Path(sys.executable).with_name("weed")
    return str(own) if own.exists() else shutil.which("weed")


class S3Server:
    """A SeaweedFS with its data in a folder, which can be frozen, killed and started again."""

    def __init__(self, program: str, folder: Path) -> None:
        self.folder, self._program = folder, program
        self._ports = dict(zip(("master", "volume", "filer", "s3"), _free_ports(4), strict=True))
        self.process: subprocess.Popen[bytes] | None = None
        rights = {"credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write", "List"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [{"name": "likeness", **rights}]}))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3']}"

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
        options = [f"-{name}.port={port}" for name, port in self._ports.items()]
        options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder}", "-volume.max=8", "-filer", "-s3"]
        options += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-s3.iam=false", f"-s3.config={self.folder / 's3.json'}"]
        environment = {**os.environ, "HOME": str(self.folder)}
        with (self.folder / "weed.log").open("ab") as log:
            command = [self._program, "server", *options, f"-s3.localSocket={self.folder / 's3.sock'}"]
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=environment, start_new_session=True
            )
        limit = time.monotonic() + 60
        while not self._usable():
            if time.monotonic() > limit or self.process.poll() is not None:
                raise RuntimeError(f"SeaweedFS did not start:\n{(self.folder / 'weed.log').read_text()[-2000:]}")
            time.sleep(0.05)

    def _usable(self) -> bool:
        """Whether the bucket is there and takes an object: the parts of the server come up one after another."""
        try:
            made = self.call("PUT", "").status_code in (200, 409)
            return made and self.call("PUT", "/started", b"yes").status_code == 200
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        """Send a signed request about the bucket, or an object in it."""
        return sigv4.call(method, f"{self.endpoint}/{BUCKET}{path}", KEY, SECRET, body)

    def freeze(self) -> None:
        """Let it take connections and say nothing more."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


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
