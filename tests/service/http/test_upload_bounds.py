"""Bodies that are larger, slower or more than the service takes, found out while they come."""

import json
import socket
import time

import httpx

from tests.service.conftest import Live
from tests.service.http.test_bad_input import assert_problem


def test_an_upload_that_hides_its_size(idle: Live) -> None:
    sent = []

    def chunks():
        for _ in range(60):
            sent.append(2**20)
            yield bytes(2**20)

    answer = idle.http.post("/recreate", content=chunks(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, "upload_too_large", "#/image")
    assert not idle.pictures()


def test_a_slow_upload(serve) -> None:
    live = serve(body_seconds=0.3)
    host, port = live.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        head = (
            "POST /recreate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
        )
        started = time.monotonic()
        connection.sendall(head.encode() + b"{")
        said = b"".join(iter(lambda: connection.recv(4096), b""))
    assert 0.2 < time.monotonic() - started < 1.5
    assert said.startswith(b"HTTP/1.1 408") and json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "upload_too_slow"
    assert not live.pictures()


def test_more_bodies_at_once_than_there_is_memory_for(serve) -> None:
    """What is held is counted over all requests, and given back when each ends."""
    live = serve(max_upload_memory=20_000)
    host, port = live.url.removeprefix("http://").split(":")
    head = (
        "POST /recreate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 19000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), 10) as first:
        first.sendall(head.encode() + b" " * 15_000)
        time.sleep(0.3)  # until its bytes are read; nothing outside the service tells when
        refused = httpx.post(f"{live.url}/recreate", content=b" " * 8_000, headers={"Content-Type": "application/json"})
        assert refused.status_code == 429 and refused.json()["code"] == "too_many_uploads"
        assert refused.headers["Retry-After"] == "1"
    time.sleep(0.3)
    after = httpx.post(f"{live.url}/recreate", content=b" " * 8_000, headers={"Content-Type": "application/json"})
    assert after.status_code == 422, "the first caller left, and there is room again"
