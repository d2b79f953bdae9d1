"""Callers that are silent, do not read, or send more than is read: real sockets, and real clients."""

import contextlib
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from service import app as service_app
from service.auth.keys import create_key
from service.http.connections import FEWEST, OTHER_FILES, BoundedConnection, ConnectionBounds
from tests.service.conftest import Live

Bound = Callable[..., None]
LARGE = 40_000_000


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Bound:
    """Gives the connections of services that are started next other bounds than the usual ones."""

    def bound(**changes: float) -> None:
        usual = {"most": 100, "head_seconds": 5.0, "write_seconds": 5.0, "linger_seconds": 20.0}
        bounds = ConnectionBounds(**{**usual, **changes})
        monkeypatch.setattr(service_app, "bounds_of", lambda _: bounds)

    return bound


@contextmanager
def connected(live: Live, sent: bytes = b"", received: int | None = None) -> Iterator[socket.socket]:
    host, port = live.url.removeprefix("http://").split(":")
    with socket.socket() as caller:
        if received:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received)
        caller.settimeout(15)
        caller.connect((host, int(port)))
        caller.sendall(sent)
        yield caller


def closed_after(caller: socket.socket) -> float:
    """Return after how many seconds the service ended the connection."""
    began = time.monotonic()
    try:
        while caller.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_a_connection_without_a_whole_head_is_closed(serve: Callable[..., Live], bounds: Bound, sent: bytes) -> None:
    bounds(head_seconds=0.5)
    with connected(serve(), sent) as caller:
        assert 0.3 < closed_after(caller) < 3


def test_so_is_one_that_was_answered_and_begins_another_head(serve: Callable[..., Live], bounds: Bound) -> None:
    bounds(head_seconds=0.5)
    with connected(serve(), b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") as caller:
        assert b" 200 " in healthy(caller)
        caller.sendall(b"GET /heal")
        assert closed_after(caller) < 3


def test_a_caller_that_takes_its_time_between_requests_and_bodies_is_served(
    serve: Callable[..., Live], bounds: Bound
) -> None:
    bounds(head_seconds=0.5)
    with connected(serve()) as caller:
        for _ in range(3):
            caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b" 200 " in healthy(caller)
            time.sleep(0.7)


def healthy(caller: socket.socket) -> bytes:
    """Return the whole answer of /healthz: head and body may come apart."""
    received = b""
    while not received.endswith(b'{"status":"ok"}'):
        received += caller.recv(65_536)
    return received


def test_idle_connections_make_room_for_new_ones(serve: Callable[..., Live], bounds: Bound) -> None:
    bounds(most=5)
    live = serve()
    with (
        connected(live) as first,
        connected(live),
        connected(live),
        connected(live),
        connected(live),
        connected(live, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") as last,
    ):
        assert b" 200 " in healthy(last)
        assert closed_after(first) < 2, "the oldest went"


def test_beyond_the_bound_callers_are_told_so_and_probes_answered(serve: Callable[..., Live], bounds: Bound) -> None:
    bounds(most=2)
    live = serve()
    job = live.http.post("/generate", json={"prompt": "a shoe", "width": 64, "height": 64}).json()["id"]
    live.http.close()
    follow = f"GET /jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with connected(live, follow) as one, connected(live, follow) as two:
        assert b"200" in one.recv(65_536) and b"200" in two.recv(65_536)
        answer = httpx.get(f"{live.url}/engines", trust_env=False)
        assert answer.status_code == 503 and answer.json()["code"] == "unavailable"
        assert answer.headers["connection"] == "close" and answer.headers["retry-after"] == "1"
        assert httpx.get(f"{live.url}/healthz", trust_env=False).status_code == 200


def test_the_bound_keeps_below_the_files_that_the_process_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, most in ((100, FEWEST), (OTHER_FILES + 80, 80), (10_000, 500), (resource.RLIM_INFINITY, 500)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert ConnectionBounds.of(500).most == most


def test_a_caller_that_does_not_read_its_answer_is_given_up(serve: Callable[..., Live], bounds: Bound) -> None:
    bounds(write_seconds=0.5)
    live = serve()
    picture = noise(1500)
    job = live.http.post("/recreate", files={"image": ("a.png", picture)}).json()["id"]
    whole = live.http.get(f"/jobs/{job}/input")
    assert whole.content == picture
    ask = f"GET /jobs/{job}/input HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with connected(live, ask, received=4096) as caller:
        time.sleep(2)
        assert received_of(caller) < len(picture)


def received_of(caller: socket.socket) -> int:
    """Return how many bytes come until the connection ends."""
    received = 0
    with contextlib.suppress(ConnectionResetError):
        while data := caller.recv(65_536):
            received += len(data)
    return received


def noise(side: int) -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(file, "PNG", compress_level=0)
    return file.getvalue()


def test_urllib_gets_the_answer_to_a_body_that_is_too_large(serve: Callable[..., Live]) -> None:
    live = serve()
    request = urllib.request.Request(
        f"{live.url}/generate", data=b"x" * LARGE, headers={"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20)
    with told.value as answer:
        assert answer.code == 413 and json.loads(answer.read())["code"] == "upload_too_large"


@pytest.mark.parametrize(("path", "status"), [("/generate", 413), ("/recreate", 401)])
def test_node_gets_the_answer_to_a_body_that_nobody_reads(
    serve: Callable[..., Live], tmp_path: Path, path: str, status: int
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    keys = tmp_path / "keys.json"
    key = create_key(keys, "shop")
    live = serve(keys_file=keys)
    sent = key if status == 413 else "no"
    script = f"""
        const answer = await fetch("{live.url}{path}", {{method: "POST", body: Buffer.alloc({LARGE}),
            headers: {{"Content-Type": "application/json", "Authorization": "Bearer {sent}"}}}});
        console.log(answer.status, (await answer.json()).status);
    """
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.split() == [str(status)] * 2, done.stderr


@pytest.mark.parametrize("head", [b"POST /generate", b"POST /recreate"])
def test_the_rest_of_a_body_is_read_for_a_while_and_no_longer(
    serve: Callable[..., Live], bounds: Bound, head: bytes, tmp_path: Path
) -> None:
    bounds(linger_seconds=1.0)
    create_key(tmp_path / "keys.json", "shop")
    live = serve(keys_file=tmp_path / "keys.json")
    start = head + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000\r\n\r\n"
    with connected(live, start) as caller:
        assert b" 401 " in caller.recv(65_536)
        assert sends_for(caller, 10) < 5


def sends_for(caller: socket.socket, seconds: float) -> float:
    """Return for how long a caller can send, of so many seconds."""
    began = time.monotonic()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < began + seconds:
            caller.sendall(b"x" * 1000)
            time.sleep(0.05)
    return time.monotonic() - began


def test_a_long_body_is_sent_in_pieces_that_make_the_whole(serve: Callable[..., Live]) -> None:
    live = serve()
    picture = noise(700)
    files = {"content": ("a.png", picture)}
    answer = live.http.post("/v1/files", files=files)
    assert answer.status_code == 201 and len(answer.json()["urls"]["get"]) > len(picture)


def test_it_is_the_protocol_that_the_service_runs_with(serve: Callable[..., Live]) -> None:
    config = service_app.server_config(serve().app, "127.0.0.1", 0)
    config.load()
    assert config.http_protocol_class.func is BoundedConnection
