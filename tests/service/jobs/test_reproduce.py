"""`POST /jobs/{id}/reproduce`: a job run again from its recipe."""

import json

import httpx
import pytest

from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_jobs import hand_in


def reproduced(live: Live, job: dict, **headers: str) -> httpx.Response:
    return live.http.post(f"{job['links']['self']}/reproduce", headers={"Prefer": "wait=30", **headers})


def test_an_image_comes_back_to_the_bit(live: Live) -> None:
    job = live.finished(candidates="2", keep="all", strength="0.1")
    answer = reproduced(live, job)
    assert answer.status_code == 200, answer.text
    again = answer.json()
    assert again["id"] != job["id"] and again["reproduces"] == job["id"] and again["kind"] == "recreate"
    reproduction = again["result"]["reproduction"]
    assert reproduction["job"] == job["id"]
    assert [row["sameness"] for row in reproduction["images"]] == ["bitwise", "bitwise"]
    for image, first in zip(again["result"]["images"], job["result"]["images"], strict=True):
        assert (image["sha256"], image["seed"]) == (first["sha256"], first["seed"])


def test_a_reproduction_needs_nothing_of_the_old_job_any_more(live: Live) -> None:
    job = live.finished(strength="0.1", steps="4")
    again = live.http.post(f"{job['links']['self']}/reproduce").json()
    live.http.delete(job["links"]["self"])
    ended = live.http.get(again["links"]["self"], params={"wait": 30}).json()
    assert ended["status"] == "succeeded", ended["error"]
    assert ended["result"]["reproduction"]["images"][0]["sameness"] == "bitwise"
    third = reproduced(live, ended).json()
    assert third["result"]["reproduction"]["images"][0]["sameness"] == "bitwise", "it can be reproduced in its turn"
    assert_problem(reproduced(live, job), 410, "job_expired")


def test_a_comparison_is_reproduced_image_by_image(live: Live) -> None:
    files = {"image": ("a.png", png()), "runs": (None, json.dumps([{"strength": [0.0, 0.1]}]))}
    job = live.http.post("/compare", files=files, headers={"Prefer": "wait=30"}).json()
    again = reproduced(live, job).json()
    assert again["kind"] == "compare" and again["result"]["comparison"] is None
    assert [row["sameness"] for row in again["result"]["reproduction"]["images"]] == ["bitwise", "bitwise"]


def test_the_same_key_makes_one_job(live: Live) -> None:
    job = live.finished()
    key = {"Idempotency-Key": "again"}
    first, second = (reproduced(live, job, **key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
    live.http.delete(job["links"]["self"])
    assert reproduced(live, job, **key).json()["id"] == first.json()["id"], "the answer stands without the old job"
    assert_problem(reproduced(live, live.finished(), **key), 422, "idempotency_mismatch")


def test_a_job_without_a_result_has_no_recipe(live: Live, idle: Live) -> None:
    assert_problem(reproduced(live, live.finished(prompt="raise")), 409, "job_not_finished")
    assert_problem(reproduced(idle, hand_in(idle).json()), 409, "job_not_finished")
    nobody = idle.http.post(f"/jobs/{'0' * 32}/reproduce", headers={"Idempotency-Key": "k"})
    assert_problem(nobody, 404, "job_not_found")
    assert_problem(idle.http.post("/jobs/x/reproduce"), 404, "job_not_found")
    again = idle.http.post(f"/jobs/{'0' * 32}/reproduce", headers={"Idempotency-Key": "k"})
    assert_problem(again, 404, "job_not_found"), "a refused request does not use up its key"


@pytest.mark.parametrize("lost", ["image", "input"])
def test_pictures_that_are_gone(live: Live, lost: str) -> None:
    job = live.finished(strength="0.1")
    before = live.pictures()
    folder = live.store / "jobs" / job["id"]
    made = job["result"]["images"][0]["sha256"]
    for path in folder.iterdir():
        if (path.name == made) == (lost == "image"):
            path.unlink()
    answer = reproduced(live, job)
    assert_problem(answer, 410, "job_expired")
    assert live.pictures() < before, "what was copied is erased again"


def test_an_engine_that_is_gone(live: Live, stack, serve, tmp_path) -> None:
    job = live.finished()
    path = tmp_path / "other.toml"
    text = stack.settings(0).catalogue.read_text()
    path.write_text(text.replace('name = "drill"', 'name = "successor"'))
    settings = stack.settings(0)
    later = serve(catalogue=path, redis_url=settings.redis_url, store_url=settings.store_url)
    answer = later.http.post(f"/jobs/{job['id']}/reproduce")
    assert_problem(answer, 409, "not_reproducible")
    assert "'drill' is not in the catalogue" in answer.json()["detail"]


def test_a_full_queue_refuses_it_and_keeps_nothing(live: Live, stack, serve) -> None:
    job = live.finished()
    settings = stack.settings(0)
    full = serve(max_queued=0, redis_url=settings.redis_url, store_url=settings.store_url)
    before = live.pictures()
    assert_problem(full.http.post(f"/jobs/{job['id']}/reproduce"), 429, "queue_full")
    assert live.pictures() == before
