"""Handing in, waiting, listing, stopping, erasing; and that trying again never makes a second job."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from service.queue.jobs import JobQueue
from tests.service.conftest import Live, Stack, encoded, png
from tests.service.http.test_bad_input import URI, assert_problem


def hand_in(live: Live, key: str | None = None, data: bytes | None = None, **fields: str):
    headers = {"Idempotency-Key": key} if key else {}
    return live.http.post("/recreate", files={"image": ("a.png", data or png())}, data=fields, headers=headers)


def test_an_accepted_job(idle: Live) -> None:
    answer = hand_in(idle)
    job = answer.json()
    assert answer.status_code == 202
    assert set(job) == {"id", "kind", "status", "created_at", "position", "links", "reference", "metadata"}
    assert (job["kind"], job["status"], job["position"]) == ("recreate", "queued", 0)
    assert job["links"] == {
        "self": f"/jobs/{job['id']}",
        "events": f"/jobs/{job['id']}/events",
        "preview": f"/jobs/{job['id']}/preview",
        "cancel": f"/jobs/{job['id']}/cancel",
    }
    assert answer.headers["location"] == job["links"]["self"]
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["cache-control"] == "no-store"
    assert hand_in(idle).json()["position"] == 1


def test_json_is_the_same_as_a_form(idle: Live) -> None:
    for image in (URI, URI.partition(",")[2]):
        answer = idle.http.post("/recreate", json={"image": image, "steps": 3, "thresholds": {"ssim": 0.9}})
        assert answer.status_code == 202, answer.text
    assert hand_in(idle, steps="3", strength="1e-1", thresholds='{"ssim": 0.9}').status_code == 202


def test_a_finished_job(live: Live) -> None:
    job = live.finished(steps="2", strength="0.01", seed="7")
    assert job["status"] == "succeeded" and job["error"] is None and job["position"] is None
    image = job["result"]["images"][0]
    assert image["url"] == f"/jobs/{job['id']}/images/0"
    assert (image["width"], image["height"], image["mode"], image["format"]) == (32, 24, "RGB", "png")
    assert image["report"]["verdict"] in ("accepted", "rejected")
    assert job["result"]["engine"]["weights"] == "none"
    assert job["result"]["recipe"]["seeds"] == [7]
    assert "key" not in str(job["result"]["images"]) and "owner" not in job and "input" not in job


def test_prefer_wait(live: Live) -> None:
    files = {"image": ("a.png", png())}
    done = live.http.post("/recreate", files=files, headers={"Prefer": "respond-async, wait=30"})
    assert (done.status_code, done.headers["preference-applied"]) == (200, "wait=30")
    assert "retry-after" not in done.headers
    late = live.http.post("/recreate", files=files, data={"steps": "60"}, headers={"Prefer": "wait=1"})
    assert (late.status_code, late.headers["preference-applied"]) == (202, "wait=1")
    live.http.delete(late.headers["location"])
    assert "preference-applied" not in hand_in(live).headers


def test_a_long_poll_returns_when_the_job_ends(live: Live) -> None:
    job = hand_in(live, steps="20").json()
    early = live.http.get(job["links"]["self"])
    assert early.status_code == 200 and int(early.headers["retry-after"]) >= 1
    assert early.headers["cache-control"] == "no-store"
    started = time.monotonic()
    answer = live.http.get(job["links"]["self"], params={"wait": 30})
    assert answer.json()["status"] == "succeeded" and time.monotonic() - started < 10
    assert "retry-after" not in answer.headers
    again = live.http.get(job["links"]["self"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert early.headers["etag"] != answer.headers["etag"]


def test_a_wait_ends_when_its_time_is_over(idle: Live) -> None:
    job = hand_in(idle).json()
    started = time.monotonic()
    answer = idle.http.get(job["links"]["self"], params={"wait": 0.5})
    assert answer.json()["status"] == "queued" and 0.4 < time.monotonic() - started < 2


def test_when_too_many_wait_a_call_answers_at_once(serve) -> None:
    live = serve(max_waiting=0)
    job = hand_in(live).json()
    started = time.monotonic()
    assert live.http.get(job["links"]["self"], params={"wait": 30}).status_code == 200
    assert time.monotonic() - started < 2
    assert_problem(live.http.get(job["links"]["events"]), 503, "unavailable")


def test_listing(idle: Live) -> None:
    ids = [hand_in(idle).json()["id"] for _ in range(5)]
    first = idle.http.get("/jobs", params={"limit": 2}).json()
    second = idle.http.get("/jobs", params={"limit": 2, "cursor": first["next"]}).json()
    third = idle.http.get("/jobs", params={"limit": 2, "cursor": second["next"]}).json()
    assert [job["id"] for page in (first, second, third) for job in page["jobs"]] == ids[::-1]
    assert third["next"] is None


def test_cancelling_a_queued_job_twice(idle: Live) -> None:
    job = hand_in(idle).json()
    for _ in range(2):
        answer = idle.http.post(job["links"]["cancel"])
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert_problem(idle.http.get(f"{job['links']['self']}/images/0"), 409, "job_not_finished")
    assert_problem(idle.http.get(f"{job['links']['self']}/report"), 409, "job_not_finished")


def test_cancelling_a_running_job(live: Live) -> None:
    job = hand_in(live, steps="500", strength="0.3").json()
    while live.http.get(job["links"]["self"]).json()["progress"] is None:
        time.sleep(0.02)
    started = time.monotonic()
    assert live.http.post(job["links"]["cancel"]).status_code == 200
    ended = live.http.get(job["links"]["self"], params={"wait": 20}).json()
    assert ended["status"] == "cancelled" and time.monotonic() - started < 2


def test_a_failed_job_says_why(live: Live) -> None:
    job = live.finished(prompt="raise")
    assert (job["status"], job["error"]["code"], job["result"]) == ("failed", "engine_failed", None)


def test_deleting_erases_everything(live: Live) -> None:
    job = live.finished()
    folder = live.store / "jobs" / job["id"]
    assert len(list(folder.iterdir())) == 2
    answer = live.http.delete(job["links"]["self"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert not folder.exists() or not list(folder.iterdir())
    for path in ("", "/images/0", "/report", "/events", "/preview"):
        assert_problem(live.http.get(job["links"]["self"] + path), 410, "job_expired")
    assert_problem(live.http.delete(job["links"]["self"]), 410, "job_expired")
    assert job["id"] not in [other["id"] for other in live.http.get("/jobs").json()["jobs"]]


def test_an_expired_job_is_gone_and_its_pictures_too(serve) -> None:
    live = serve(lifetime=1, sweep_seconds=0.2)
    job = hand_in(live).json()
    live.http.post(job["links"]["cancel"])
    assert live.pictures()
    until = time.monotonic() + 8
    while live.pictures() and time.monotonic() < until:
        time.sleep(0.05)
    assert not live.pictures()
    assert_problem(live.http.get(job["links"]["self"]), 410, "job_expired")


def test_a_replay(idle: Live) -> None:
    first = hand_in(idle, "key 1", steps="3")
    again = idle.http.post(
        "/recreate",
        files={"steps": (None, "3"), "image": ("other-name.png", png())},
        headers={"Idempotency-Key": "key 1"},
    )
    assert again.status_code == 202
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
    assert len(idle.http.get("/jobs").json()["jobs"]) == 1


@pytest.mark.parametrize("change", ["picture", "field"])
def test_a_key_with_other_content(idle: Live, change: str) -> None:
    hand_in(idle, "key", steps="3")
    other = hand_in(idle, "key", png(colour=9), steps="3") if change == "picture" else hand_in(idle, "key", steps="4")
    assert_problem(other, 422, "idempotency_mismatch")


def test_a_bad_request_does_not_use_up_its_key(idle: Live) -> None:
    assert hand_in(idle, "key", steps="0").status_code == 422
    assert hand_in(idle, "key", b"no picture").status_code == 422
    assert hand_in(idle, "key").status_code == 202


def test_a_key_still_being_accepted(idle: Live, stack: Stack) -> None:
    hand_in(idle, "key")
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        client.hdel("likeness:idempotency:local:key", "job")
    answer = hand_in(idle, "key")
    assert_problem(answer, 409, "idempotency_pending")
    assert int(answer.headers["retry-after"]) >= 1


def test_many_at_once_with_one_key_make_one_job(idle: Live) -> None:
    start = threading.Barrier(8)

    def one(_: int):
        start.wait()
        return hand_in(idle, "same")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(one, range(8)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len(idle.http.get("/jobs").json()["jobs"]) == 1
    assert len(idle.pictures()) == 1


def test_backpressure(serve) -> None:
    live = serve(max_queued=2)
    keep = [hand_in(live, f"key-{number}") for number in range(2)]
    stored = live.pictures()
    full = hand_in(live, "key-2")
    assert_problem(full, 429, "queue_full")
    assert int(full.headers["retry-after"]) >= 1
    assert live.pictures() == stored, "a refused job leaves nothing behind"
    assert hand_in(live, "key-0").headers["idempotency-replayed"] == "true", "a full queue still answers for its own"
    live.http.post(keep[0].json()["links"]["cancel"])
    assert hand_in(live, "key-2").status_code == 202, "the key of a refused job is free again"


def test_a_burst_waits_for_a_connection(stack: Stack) -> None:
    async def burst() -> None:
        queue = JobQueue.connect(stack.settings(1).redis_url, max_queued=1, lifetime=60)
        try:
            await asyncio.gather(*[queue.ping() for _ in range(600)])
        finally:
            await queue.close()

    asyncio.run(burst())


def test_redis_away(serve) -> None:
    live = serve(redis_url="unix:///nonexistent/valkey.sock")
    answer = hand_in(live)
    assert_problem(answer, 503, "queue_unavailable")
    assert "nonexistent" not in answer.text and int(answer.headers["retry-after"]) >= 1
    assert not live.pictures()
    assert live.http.get("/healthz").status_code == 200
    assert_problem(live.http.get("/readyz"), 503, "not_ready")


def test_a_store_that_cannot_be_written(serve) -> None:
    live = serve()
    live.store.rmdir()
    live.store.write_text("in the way")
    answer = hand_in(live, "key", encoded("JPEG"))
    assert answer.status_code in (422, 503)
    answer = hand_in(live, "key")
    assert_problem(answer, 503, "store_unavailable")
    assert str(live.store) not in answer.text
    assert live.http.get("/jobs").json()["jobs"] == []
