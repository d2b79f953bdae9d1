"""What a running job shows so far, with a real worker."""

import io
import json
import time

from PIL import Image

from service.auth.keys import create_key
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem

SLOW = {"steps": "500", "strength": "0.01", "candidates": "4"}
"""Runs until its bound of 12 s: long enough for a preview."""


def submitted(live: Live, **fields: str) -> dict:
    answer = live.http.post("/recreate", files={"image": ("a.png", png((640, 48)))}, data={**SLOW, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()


def first_preview(live: Live, job: dict) -> dict:
    """Return the first progress of a job that tells of a preview."""
    with live.http.stream("GET", job["links"]["events"]) as answer:
        for line in answer.iter_lines():
            progress = json.loads(line.removeprefix("data: ")).get("progress") if line.startswith("data: ") else None
            if progress and "preview" in progress:
                return progress
    raise AssertionError("the job ended and showed nothing")


def test_a_running_job_shows_what_it_has_and_an_ended_one_nothing(live: Live) -> None:
    began = time.monotonic()
    job = submitted(live)
    progress = first_preview(live, job)
    assert progress["preview"] == 1 and time.monotonic() - began >= 2
    answer = live.http.get(job["links"]["preview"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).size == (256, 19)
    running = live.http.get(job["links"]["self"]).json()
    assert running["progress"]["preview"] >= 1 and running["links"]["preview"] == job["links"]["preview"]

    live.http.post(job["links"]["cancel"])
    ended = live.http.get(job["links"]["self"], params={"wait": 30}).json()
    assert ended["status"] == "cancelled" and ended["links"]["preview"] is None
    assert_problem(live.http.get(job["links"]["preview"]), 404, "no_preview")
    file = live.store / "jobs" / job["id"] / "preview"
    until = time.monotonic() + 5
    while file.exists() and time.monotonic() < until:  # it is told that the job has ended just before
        time.sleep(0.02)
    assert not file.exists()


def test_one_that_fails_to_show_anything_does_its_work(live: Live) -> None:
    job = live.finished(steps="45", candidates="2", prompt="preview")
    assert job["status"] == "succeeded"
    assert "preview" not in live.http.get(job["links"]["events"]).text


def test_deleting_a_job_erases_what_it_shows(live: Live) -> None:
    job = submitted(live)
    first_preview(live, job)
    assert live.http.delete(job["links"]["self"]).status_code == 204
    assert_problem(live.http.get(job["links"]["preview"]), 410, "job_expired")
    folder = live.store / "jobs" / job["id"]
    until = time.monotonic() + 5
    while folder.exists() and list(folder.iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists() or not list(folder.iterdir())


def test_a_waiting_job_shows_nothing(idle: Live) -> None:
    job = submitted(idle)
    assert job["links"]["preview"] == f"/jobs/{job['id']}/preview"
    assert_problem(idle.http.get(job["links"]["preview"]), 404, "no_preview")
    assert_problem(idle.http.get(job["links"]["preview"] + "?n=1"), 422, "invalid_field", "#/n")


def test_its_link_works_without_a_header_and_for_this_job_alone(serve, tmp_path) -> None:
    keys = tmp_path / "keys.json"
    live = serve(keys_file=keys)
    live.http.headers["Authorization"] = f"Bearer {create_key(keys, 'shop')}"
    job, other = submitted(live), submitted(live)
    del live.http.headers["Authorization"]
    token = job["links"]["preview"].partition("?")[2]
    assert token.startswith("token=")
    assert_problem(live.http.get(job["links"]["preview"]), 404, "no_preview")
    assert_problem(live.http.get(f"/jobs/{other['id']}/preview?{token}"), 401, "not_authenticated")
