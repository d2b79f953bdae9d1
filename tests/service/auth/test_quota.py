"""What a key may use: its jobs of a day, its share of the queue, and what is counted of it."""

import asyncio
import base64
import io
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from likeness.queue import keys
from service.auth.keys import KeyLimits, create_key
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def client(live: Live, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=live.url, headers=headers, timeout=40, trust_env=False)


def hand_in(http: httpx.Client, idempotency_key: str | None = None, **fields: str) -> httpx.Response:
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    return http.post("/recreate", files={"image": ("a.png", png())}, data=fields, headers=headers)


def used(http: httpx.Client, **query: int) -> dict:
    answer = http.get("/usage", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["days"][0]


def midnight_is_near() -> bool:
    return datetime.now(UTC).strftime("%H:%M") == "23:59"


@pytest.mark.skipif(midnight_is_near(), reason="the day ends now")
def test_a_daily_quota(serve: Callable[..., Live], file: Path) -> None:
    key, other = create_key(file, "shop", KeyLimits(daily_quota=3)), create_key(file, "other")
    live = serve(keys_file=file)
    with client(live, key) as http, client(live, other) as unbounded:
        answers = [hand_in(http, "first") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 202]
        assert len({answer.json()["id"] for answer in answers}) == 1, "a replayed request does not count"
        assert_problem(hand_in(http, strength="9"), 422, "invalid_field")
        assert [hand_in(http).headers["ratelimit"].split(";t=")[0] for _ in range(2)] == ['"daily";r=1', '"daily";r=0']
        assert answers[0].headers["ratelimit-policy"] == '"daily";q=3;w=86400'
        for query in ("", "?dry_run=true"):
            answer = http.post(f"/recreate{query}", files={"image": ("a.png", png())})
            assert_problem(answer, 429, "quota_exceeded")
            assert 0 < int(answer.headers["retry-after"]) <= 86400
        assert len([picture for picture in live.pictures() if picture.stat().st_size]) == 3, "nothing of it is stored"
        assert hand_in(http, "first").headers["idempotency-replayed"] == "true", "what was accepted is still answered"
        http.post(answers[0].json()["links"]["cancel"])
        assert_problem(hand_in(http), 429, "quota_exceeded")
        assert "ratelimit" not in hand_in(unbounded).headers
        assert used(http)["accepted"] == 3 and used(http)["cancelled"] == 1
        assert used(unbounded)["accepted"] == 1


@pytest.mark.skipif(midnight_is_near(), reason="the day ends now")
def test_a_quota_holds_whatever_comes_at_once(serve: Callable[..., Live], file: Path) -> None:
    key = create_key(file, "shop", KeyLimits(daily_quota=5))
    live = serve(keys_file=file)

    async def post_all() -> list[int]:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=live.url, headers=headers, timeout=40, trust_env=False) as http:
            posts = [http.post("/recreate", files={"image": ("a.png", png())}) for _ in range(12)]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert sorted(asyncio.run(post_all())) == [202] * 5 + [429] * 7


def test_a_flood_of_one_key_leaves_room_for_another(serve: Callable[..., Live], file: Path) -> None:
    api_keys = {name: create_key(file, name) for name in ("flood", "second", "third")}
    live = serve(keys_file=file, max_queued=6, max_queued_per_key=4)
    with (
        client(live, api_keys["flood"]) as flood,
        client(live, api_keys["second"]) as second,
        client(live, api_keys["third"]) as third,
    ):
        assert [hand_in(flood).status_code for _ in range(4)] == [202] * 4
        refused = hand_in(flood)
        assert_problem(refused, 429, "queue_full")
        assert re.match("4 jobs of this key are waiting and at most 4 may", refused.json()["detail"])
        assert [hand_in(second).status_code for _ in range(2)] == [202] * 2
        refused = hand_in(second)
        assert_problem(refused, 429, "queue_full")
        assert re.match("6 jobs are waiting and at most 6 may", refused.json()["detail"])
        assert hand_in(third).status_code == 202, "the first job of a key is always accepted"
        assert_problem(hand_in(third), 429, "queue_full")
        assert hand_in(flood, priority="batch").status_code == 202, "the bound is that of one queue"


def test_a_lone_key_can_fill_most_of_the_queue(serve: Callable[..., Live], file: Path) -> None:
    key = create_key(file, "shop")
    live = serve(keys_file=file, max_queued=10)
    with client(live, key) as http:
        assert [hand_in(http).status_code for _ in range(10)] == [202] * 9 + [429]


def test_a_service_without_keys_has_the_whole_queue(serve: Callable[..., Live]) -> None:
    live = serve(max_queued=10, max_queued_per_key=1)
    assert [hand_in(live.http).status_code for _ in range(11)] == [202] * 10 + [429]


@pytest.mark.skipif(midnight_is_near(), reason="the day ends now")
def test_what_is_counted(live: Live) -> None:
    before = used(live.http)
    done = live.finished(candidates="3", keep="all")
    assert len(done["result"]["images"]) == 3
    failed = live.http.post(
        "/recreate", files={"image": ("a.png", png())}, data={"prompt": "raise"}, headers={"Prefer": "wait=30"}
    ).json()
    assert failed["status"] == "failed"
    after = used(live.http, days=keys.USAGE_DAYS)
    grown = {name: after[name] - before[name] for name in before if name != "day"}
    seconds = grown.pop("seconds")
    assert grown == {"accepted": 2, "succeeded": 1, "failed": 1, "cancelled": 0, "images": 3}
    assert 0 < seconds < 60


def test_usage_is_of_days_that_are_kept(idle: Live) -> None:
    assert len(idle.http.get("/usage", params={"days": 31}).json()["days"]) == 31
    for days in ("0", "32", "x"):
        assert_problem(idle.http.get("/usage", params={"days": days}), 422, "invalid_field")


def test_each_deleted_job_is_counted_once(serve: Callable[..., Live], file: Path) -> None:
    key = create_key(file, "shop", KeyLimits(concurrency=1))
    live = serve(keys_file=file)
    with client(live, key) as http:
        jobs = [hand_in(http).json() for _ in range(4)]
        assert [job["position"] for job in jobs] == [0, 1, 2, 3]
        http.post(jobs[0]["links"]["cancel"])
        http.delete(jobs[0]["links"]["self"])
        http.delete(jobs[1]["links"]["self"])
        assert used(http)["cancelled"] == 2
        assert [http.get(job["links"]["self"]).json()["position"] for job in jobs[2:]] == [0, 1]


def test_one_key_takes_half_of_the_places_to_wait_in(serve: Callable[..., Live], file: Path) -> None:
    greedy, other = create_key(file, "greedy"), create_key(file, "other")
    live = serve(keys_file=file, max_waiting=4)
    with client(live, greedy) as http, client(live, other) as another, ThreadPoolExecutor() as pool:
        job, theirs = hand_in(http).json()["id"], hand_in(another).json()["id"]
        waiting = [pool.submit(http.get, f"/jobs/{job}", params={"wait": 2}) for _ in range(2)]
        time.sleep(0.5)
        began = time.monotonic()
        assert http.get(f"/jobs/{job}", params={"wait": 2}).status_code == 200
        assert time.monotonic() - began < 1, "its share is taken, so this call does not wait"
        assert_problem(http.get(f"/jobs/{job}/events"), 503, "unavailable")
        began = time.monotonic()
        assert another.get(f"/jobs/{theirs}", params={"wait": 1}).status_code == 200
        assert time.monotonic() - began > 0.9, "others still find a place"
        assert all(one.result().status_code == 200 for one in waiting)


def test_one_key_takes_half_of_the_memory_for_uploads(serve: Callable[..., Live], file: Path) -> None:
    greedy, other = create_key(file, "greedy"), create_key(file, "other")
    live = serve(keys_file=file, max_upload_memory=400_000)
    host, port = live.url.removeprefix("http://").split(":")
    head = (
        f"POST /recreate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {greedy}\r\n"
        "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), 10) as first:
        first.sendall(head.encode() + b" " * 50_000)
        time.sleep(0.3)  # until its bytes are read; nothing outside the service tells when
        for key, status in ((greedy, 429), (other, 422)):
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
            answer = httpx.post(f"{live.url}/recreate", content=b" " * 40_000, headers=headers, trust_env=False)
            assert answer.status_code == status, answer.text


def test_four_pictures_of_ten_megabytes_in_json_are_taken_of_one_key_at_once(
    serve: Callable[..., Live], file: Path
) -> None:
    live = serve(keys_file=file)
    host, port = live.url.removeprefix("http://").split(":")
    body = b'{"image": "' + base64.b64encode(noise(side=1826)) + b'"}'
    assert len(body) * 3 / 4 > 10e6
    head = (
        f"POST /recreate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {create_key(file, 'shop')}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with ExitStack() as stack:
        callers = [stack.enter_context(socket.create_connection((host, int(port)), 60)) for _ in range(4)]
        for caller in callers:
            caller.sendall(head.encode() + body[:-1])  # each holds all of its memory until the last byte has come
        for caller in callers:
            caller.sendall(body[-1:])
        assert {caller.recv(12) for caller in callers} == {b"HTTP/1.1 202"}


def noise(side: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()
