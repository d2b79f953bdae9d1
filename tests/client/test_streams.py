"""Both clients reading what comes bit by bit, from a real HTTP server whose answers the test decides."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from likeness.client import LikenessProblem
from likeness.problems import LocalProblem
from tests.client.test_client import client, stub  # noqa: F401  fixtures
from tests.support.stub import Answer, problem


def sse(*events: dict, first: int = 0) -> bytes:
    """Events as the service streams them, with comments between."""
    told = [
        f"id: {number}-0\r\nevent: {event['type']}\r\ndata: {json.dumps(event)}\r\n\r\n: ping\r\n\r\n"
        for number, event in enumerate(events, first)
    ]
    return b": events follow\r\n\r\n" + "".join(told).encode()


def test_events_go_on_where_the_stream_broke_off(stub, client):  # noqa: F811
    running, done = {"type": "status", "status": "running"}, {"type": "status", "status": "succeeded"}
    broken = b'event: error\r\ndata: {"code": "queue_unavailable", "detail": "away"}\r\n\r\n'
    stub.answers = [
        Answer(sse(running) + b"id: 9-9\r\nevent: progr"),
        problem(503, "queue_unavailable"),
        Answer(sse({**running, "later": 1}, first=1) + broken),
        Answer(sse(done, first=2)),
    ]
    told = list(client.events("j1"))
    assert [(event.id, event.status) for event in told] == [
        ("0-0", "running"),
        ("1-0", "running"),
        ("2-0", "succeeded"),
    ]
    assert [asked.headers.get("Last-Event-ID") for asked in stub.asked] == [None, "0-0", "0-0", "1-0"]


def test_events_that_were_all_read_are_over(stub, client):  # noqa: F811
    stub.answers = [Answer(sse({"type": "status", "status": "running"})), Answer(b"", 204)]
    assert len(list(client.events("j1"))) == 1


@pytest.mark.parametrize("content", [b"<html>hello</html>\n\n" * 3, b"data: 7\n\n", b"data: {}\n\n"])
def test_what_are_no_events_is_told(stub, client, content):  # noqa: F811
    stub.answers = [Answer(content)]
    with pytest.raises(LikenessProblem):
        list(client.events("j1"))


def test_an_image_is_saved_and_taken_up_where_it_broke(stub, client, tmp_path: Path):  # noqa: F811
    data = bytes(range(256)) * 40
    etag = {"ETag": f'"{sha256(data).hexdigest()}"'}

    def answer(asked):
        start = int(asked.headers.get("Range", "bytes=0-")[6:-1])
        if start:
            return Answer(data[start:], 206, etag)
        return Answer(data[:5000], 200, {**etag, "Content-Length": str(len(data)), "Connection": "close"})

    stub.answer = answer
    seen: list[int] = []
    path = client.save("j1", tmp_path / "new/image.png", n=2, on_bytes=seen.append)
    assert path.read_bytes() == data and seen[-1] == len(data)
    first, again = stub.asked
    assert (first.path, again.headers["Range"]) == ("/jobs/j1/images/2", "bytes=5000-")
    assert again.headers["If-Range"] == etag["ETag"] and list(path.parent.iterdir()) == [path]


def test_an_image_of_other_bytes_than_told_is_not_left_behind(stub, client, tmp_path: Path):  # noqa: F811
    stub.answers = [Answer(b"other bytes", 200, {"ETag": f'"{sha256(b"bytes").hexdigest()}"'})]
    with pytest.raises(LikenessProblem, match="do not match the sha256"):
        client.save("j1", tmp_path / "image.png")
    assert list(tmp_path.iterdir()) == []
    stub.answers = [Answer(b"bytes", 200, {"ETag": f'"{sha256(b"bytes").hexdigest()}"'})]
    (tmp_path / "folder").mkdir()
    with pytest.raises(LocalProblem, match="folder cannot be written: Is a directory"):
        client.save("j1", tmp_path / "folder")
    assert list(tmp_path.rglob("*")) == [tmp_path / "folder"]
