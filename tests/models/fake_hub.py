"""A hub of models on this machine: as much of the Hugging Face Hub's API as huggingface_hub needs to pull with."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = 1024
"""Bytes from which a file is one of Git LFS, which the hub knows by its sha256."""


def weights(size: int = 4096, fill: bytes = b"w") -> bytes:
    """Return a whole safetensors file with one tensor of so many bytes."""
    header = json.dumps({"tensor": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + fill * size


@dataclass
class Repository:
    """One repository: files by path for each commit, and where its branch is."""

    commits: dict[str, dict[str, bytes]]
    main: str
    lies: dict[str, str] = field(default_factory=dict)
    """sha256 that is reported, by path, instead of the true one."""
    gated: bool = False


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    range: str | None
    token: str | None


@dataclass
class Hub:
    """The server's state: paths in `cut` are broken off in the middle, once; those in `stall` stop there and wait."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    bytes_at: str = ""
    """Where the bytes of files are, as on the real one: every request for them is sent on to that address."""
    cut: set[str] = field(default_factory=set)
    stall: set[str] = field(default_factory=set)
    stalled: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def ranges(self, path: str) -> list[str | None]:
        """Return the Range of each request for a file."""
        return [asked.range for asked in self.asked if asked.path.endswith(f"/{path}")]


class Handler(BaseHTTPRequestHandler):
    """One request to the hub of its server."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.hub.asked.append(Asked(self.path, self.headers.get("Range"), self.headers.get("Authorization")))
        path = unquote(urlsplit(self.path).path)
        if info := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
            self.info(*info.groups())
        elif file := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.file(*file.groups())
        else:
            self.refuse(404, "EntryNotFound")

    def info(self, name: str, revision: str) -> None:
        found = self.server.hub.repositories.get(name)
        if found is None:
            return self.refuse(404, "RepoNotFound")
        commit = found.main if revision == "main" else revision
        if commit not in found.commits:
            return self.refuse(404, "RevisionNotFound")
        siblings = [sibling(path, data, found.lies) for path, data in found.commits[commit].items()]
        self.answer(200, json.dumps({"id": name, "sha": commit, "siblings": siblings}).encode())

    def file(self, name: str, commit: str, path: str) -> None:
        hub = self.server.hub
        found = hub.repositories[name]
        if found.gated and self.headers.get("Authorization") != "Bearer let-me-in":
            return self.refuse(403, "GatedRepo")
        if hub.bytes_at:
            return self.answer(302, b"", **{"Location": hub.bytes_at + self.path})
        data = found.commits[commit][path]
        first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        extra = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if first:
            extra["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        part = data[first:]
        self.answer(206 if first else 200, part, len(part) // 2 if path in hub.cut | hub.stall else None, **extra)
        if path in hub.stall:
            hub.stalled.set()
            hub.over.wait(60)
        hub.cut.discard(path)

    def refuse(self, status: int, code: str) -> None:
        self.answer(status, b"{}", **{"X-Error-Code": code, "X-Error-Message": code})

    def answer(self, status: int, body: bytes, only: int | None = None, **headers: str) -> None:
        """Answer; with `only`, break off after so many bytes of those that were announced."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:only])
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A hub's server, on a free port of this machine."""

    daemon_threads = True

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub


@contextmanager
def running() -> Iterator[Hub]:
    """Run a hub on a free port of this machine."""
    hub = Hub()

    server = Server(hub)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def sibling(path: str, data: bytes, lies: dict[str, str]) -> dict[str, object]:
    """Return what the hub tells of one file."""
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    entry: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": blob}
    if len(data) >= LARGE:
        sha256 = lies.get(path, hashlib.sha256(data).hexdigest())
        entry["lfs"] = {"size": len(data), "sha256": sha256, "pointerSize": 134}
    return entry
