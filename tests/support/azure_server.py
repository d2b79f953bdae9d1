"""Azurite as the Azure server of the tests: a Node program that checks keys and shared access signatures."""

import base64
import hmac
import os
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import httpx

CONTAINER: Final = "pictures"
ACCOUNT: Final = "likenesstests"
KEY: Final = base64.b64encode(b"a key that is used nowhere else!").decode()


def binary() -> str | None:
    """Return the program, where it is installed (npm install --global azurite)."""
    return shutil.which("azurite-blob")


class AzureServer:
    """An Azurite that keeps its blobs in memory."""

    def __init__(self, program: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        options = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--blobPort", str(self._port)]
        environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
        self._process = subprocess.Popen([program, *options], env=environment, stdout=subprocess.DEVNULL)

    @property
    def environment(self) -> dict[str, str]:
        """What a service and a worker need to know of it."""
        return {
            "AZURE_ENDPOINT": f"http://127.0.0.1:{self._port}/{ACCOUNT}",
            "AZURE_ALLOW_HTTP": "true",
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        }

    def start(self) -> None:
        """Return once it has the container."""
        limit = time.monotonic() + 90
        while not self._made():
            if time.monotonic() > limit or self._process.poll() is not None:
                raise RuntimeError("Azurite did not start")
            time.sleep(0.05)

    def _made(self) -> bool:
        """Make the container by a request signed with the account's key ("Shared Key")."""
        now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        path = f"/{ACCOUNT}/{CONTAINER}"
        named = f"x-ms-date:{now}\nx-ms-version:2023-11-03\n/{ACCOUNT}{path}\nrestype:container"
        text = "PUT" + 12 * "\n" + named  # none of the eleven standard headers between is sent
        signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), sha256)).decode()
        headers = {
            "x-ms-date": now,
            "x-ms-version": "2023-11-03",
            "Authorization": f"SharedKey {ACCOUNT}:{signature}",
        }
        url = f"http://127.0.0.1:{self._port}{path}?restype=container"
        try:
            return httpx.put(url, headers=headers, trust_env=False, timeout=30).status_code in (201, 409)
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
