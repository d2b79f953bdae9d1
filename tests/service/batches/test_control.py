"""Pause, resume, cancel, retry, delete; and what is told of a batch on the way."""

import time

import redis

from tests.service.batches.conftest import WHITE, Shop
from tests.support.feeding import feeding
from tests.worker.drill import Drill

BROKEN = {"name": "broken", "kind": "recreate", "prompt": "raise"}
HARD = {"name": "hard", "kind": "recreate", "thresholds": {"psnr": 100}}
SLOW = {"name": "slow", "kind": "recreate", "steps": 400}


def test_what_failed_or_was_rejected_is_retried(fed: Shop) -> None:
    batch = fed.post(fed.items(3), BROKEN, HARD)
    now = fed.ended(batch)
    assert (now["counts"]["failed"], now["counts"]["rejected"]) == (3, 3)
    rows = fed.manifest(batch)
    assert {row["error"]["code"] for row in rows if row["recipe"] == "broken"} == {"engine_failed"}
    again = fed.http.post(f"{batch['links']['self']}/retry", params={"what": "failed"}).json()
    assert again["state"] == "running" and again["counts"]["waiting"] == 3
    fed.ended(batch)
    assert {(row["recipe"], row["attempt"]) for row in fed.manifest(batch)} == {("broken", 2), ("hard", 1)}
    fed.http.post(f"{batch['links']['self']}/retry", params={"what": "all", "recipe": "hard"}).raise_for_status()
    assert fed.ended(batch)["counts"]["rejected"] == 3
    assert {(row["recipe"], row["attempt"]) for row in fed.manifest(batch)} == {("broken", 2), ("hard", 2)}


def test_a_paused_batch_waits_and_a_cancelled_one_ends(fed: Shop) -> None:
    batch = fed.post(fed.items(300), SLOW)
    here = batch["links"]["self"]
    fed.until(batch, lambda now: now["counts"]["queued"] > 0)
    paused = fed.http.post(f"{here}/pause").json()
    assert paused["state"] == "paused"
    time.sleep(1.5)
    waiting = fed.batch(batch)["counts"]["waiting"]
    assert waiting >= 90, "no more than the window was sent"
    time.sleep(0.7)
    assert fed.batch(batch)["counts"]["waiting"] == waiting
    assert fed.http.post(f"{here}/resume").json()["state"] == "running"
    assert fed.http.post(f"{here}/cancel").json()["state"] == "cancelling"
    now = fed.ended(batch)
    assert now["counts"]["cancelled"] + now["counts"]["succeeded"] == 300
    assert fed.http.post(f"{here}/pause").status_code == 409
    assert fed.http.post(f"{here}/cancel").json()["state"] == "ended"


def test_a_deleted_batch_leaves_nothing(fed: Shop) -> None:
    batch = fed.post(fed.items(20), SLOW)
    fed.until(batch, lambda now: now["counts"]["queued"] > 0)
    assert fed.http.delete(batch["links"]["self"]).status_code == 204
    assert fed.http.get(batch["links"]["self"]).status_code == 404
    time.sleep(1)
    assert not [path for path in fed.live.pictures() if batch["id"] in str(path)]
    assert not [
        job
        for job in fed.http.get("/jobs").json()["jobs"]
        if job["kind"] == "recreate" and job["status"] in ("queued", "running")
    ]


def test_an_image_that_cannot_be_had_fails_alone(fed: Shop) -> None:
    items = [*fed.items(1), {"reference": "gone", "image": {"job": "0" * 32, "image": 0}}]
    items += [{"reference": "private", "image": "https://127.0.0.1/a.png"}]
    batch = fed.post(items)
    now = fed.ended(batch)
    assert (now["counts"]["succeeded"], now["counts"]["failed"]) == (1, 2)
    errors = {row["reference"]: row["error"] for row in fed.manifest(batch) if row["status"] == "failed"}
    assert {error["code"] for error in errors.values()} == {"image_unavailable"}
    assert "not public" in errors["private"]["detail"]


def test_an_image_of_a_job_is_an_item(fed: Shop) -> None:
    made = fed.live.finished()
    batch = fed.post([{"reference": "A", "image": {"job": made["id"], "image": 0}}])
    assert fed.ended(batch)["counts"]["succeeded"] == 1


def test_redis_keeps_eight_bytes_of_a_job_that_has_ended(unfed: Shop) -> None:
    settings = unfed.live.app.state.services.settings
    drill = Drill(settings.redis_url, unfed.live.store.parent)
    batch = unfed.post(unfed.items(10, set=None), {**SLOW, "steps": 1})
    try:
        with redis.Redis.from_url(settings.redis_url) as client, feeding(settings):
            jobs: list[str] = []
            while len(jobs) < 10:
                jobs = [job["id"] for job in unfed.http.get("/jobs").json()["jobs"]]
            drill.worker()
            unfed.ended(batch)
            assert client.strlen(f"likeness:batch:{batch['id']}:states") == 80
            assert client.hlen("likeness:batches:open") == 0
            assert not [job for job in jobs if client.exists(f"rq:job:{job}", f"likeness:events:{job}")]
    finally:
        drill.stop()
    rows = unfed.manifest(batch)
    assert len(rows) == 10 and {row["status"] for row in rows} == {"succeeded"}


def test_two_feeders_make_no_job_twice(unfed: Shop) -> None:
    settings = unfed.live.app.state.services.settings
    drill = Drill(settings.redis_url, unfed.live.store.parent)
    try:
        drill.worker()
        with feeding(settings), feeding(settings):
            batch = unfed.post(unfed.items(20), WHITE)
            assert unfed.ended(batch)["counts"]["succeeded"] == 20
    finally:
        drill.stop()
    assert unfed.http.get("/usage").json()["days"][0]["accepted"] == 20
