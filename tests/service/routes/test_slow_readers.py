"""What a caller does not read is not read from the store: else callers that read nothing fill the service's memory."""

import base64
import io
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import httpx
import pytest
from PIL import Image

from likeness.storage.pictures import PictureStore
from service.jobs.stored import CHUNK
from tests.service.conftest import Live

SIDE = 1400


@pytest.fixture(scope="module")
def job(live: Live) -> dict:
    """A job with an original and a result of some 6 MB, which do not compress."""
    file = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), os.urandom(3 * SIDE * SIDE)).save(file, "PNG", compress_level=0)
    sent = {"image": ("a.png", file.getvalue())}
    fields, headers = {"candidates": "2", "keep": "all"}, {"Prefer": "wait=60"}
    answer = live.http.post("/recreate", files=sent, data=fields, headers=headers)
    assert answer.json()["status"] == "succeeded", answer.text
    return answer.json()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each read of the store."""
    sizes: list[int] = []
    whole = PictureStore.get_range

    async def counted(self: PictureStore, picture, start: int, end: int) -> bytes:
        sizes.append(end - start)
        return await whole(self, picture, start, end)

    monkeypatch.setattr(PictureStore, "get_range", counted)
    return sizes


@contextmanager
def not_read(live: Live, path: str) -> Iterator[None]:
    """Ask for something, and read nothing of it."""
    host, port = live.url.removeprefix("http://").split(":")
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.connect((host, int(port)))
        caller.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        time.sleep(1)
        yield


@pytest.mark.parametrize("path", ["/jobs/{id}/input", "/jobs/{id}/images/0", "/v1/predictions/{id}"])
def test_little_is_read_for_a_caller_that_reads_nothing(live: Live, job: dict, read: list[int], path: str) -> None:
    with not_read(live, path.format(**job)):
        assert 0 < sum(read) < 5_000_000, "what fits into the buffers of the sockets, of 6 or 12 MB"
        assert max(read) <= CHUNK


def test_images_in_an_answer_are_whole_and_so_is_its_length(live: Live, job: dict) -> None:
    answer = live.http.get(f"/v1/predictions/{job['id']}")
    assert answer.headers["content-length"] == str(len(answer.content))
    for said, made in zip(answer.json()["output"], job["result"]["images"], strict=True):
        assert sha256(base64.b64decode(said.partition(",")[2])).hexdigest() == made["sha256"]


def test_an_image_that_is_gone_is_told_by_the_status(live: Live) -> None:
    job = live.finished(candidates="2", keep="all")
    last = job["result"]["images"][1]["sha256"]
    (live.store / "jobs" / job["id"] / last).unlink()
    answer = live.http.get(f"/v1/predictions/{job['id']}")
    assert answer.status_code == httpx.codes.GONE and answer.json()["code"] == "job_expired"
