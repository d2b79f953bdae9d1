"""What service and worker log of a job at level debug: its id, and nothing that its caller sent."""

import base64
import json

import pytest

from tests.observability.conftest import Observed
from tests.service.conftest import png

pytestmark = pytest.mark.processes

SECRET = "plum-coloured-zeppelin"
"""Stands in every text that is sent."""


def told(observed: Observed, count: int = 1, **fields: object) -> list[dict]:
    """Return the lines that have these fields, once there are so many: an end is logged just after it is recorded."""
    observed.until(lambda: len(lines(observed, **fields)) >= count)
    return lines(observed, **fields)


def lines(observed: Observed, **fields: object) -> list[dict]:
    """Return the lines of the log that have these fields."""
    found = [json.loads(line) for line in observed.logs().splitlines()]
    return [line for line in found if fields.items() <= line.items()]


def test_a_job_is_told_by_its_id_and_nothing_that_was_sent(observed: Observed) -> None:
    picture = base64.b64encode(png((48, 40), colour=(201, 13, 77))).decode()
    bodies = {
        "/recreate": {"engine": "drill", "prompt": SECRET, "webhook": f"http://127.0.0.1:9/{SECRET}"},
        "/customise": {"instruction": "make it red", "engine": "starter-edit"},
        "/generate": {"engine": "drill", "prompt": f"raise {SECRET}", "width": 64, "height": 64},
    }
    jobs = []
    for path, fields in bodies.items():
        sent = fields if path == "/generate" else {**fields, "image": f"data:image/png;base64,{picture}"}
        answer = observed.http.post(
            path, json=sent, headers={"Prefer": "wait=60", "Idempotency-Key": f"{path} {SECRET}"}
        )
        assert answer.status_code == 200, answer.text
        jobs.append(answer.json()["id"])
    refused = [
        {"image": f"data:image/png;base64,{picture}", "prompt": SECRET * 2000},
        {"image": f"https://{SECRET}.example/a.png", "prompt": SECRET},
        {"image": f"data:{SECRET}"},
    ]
    assert all(observed.http.post("/recreate", json=fields).status_code == 422 for fields in refused)
    observed.http.post("/customise", json={"image": picture, "instruction": f"make it a {SECRET}"})
    observed.http.get("/jobs", params={"cursor": SECRET}, headers={"Authorization": f"Bearer {SECRET}"})

    for job in jobs:
        (accepted,) = told(observed, job=job, event="accepted")
        (ended,) = told(observed, job=job, event="job ended")
        assert accepted["request_id"] and ended["engine"]
    assert told(observed, job=jobs[0], event="webhook")
    said = observed.logs()
    assert SECRET not in said
    assert picture[40:80] not in said and "base64" not in said
    assert "make it red" not in said
    assert not any(SECRET.encode() in body for body in observed.receiver.raw), "nor in a trace"
    assert SECRET not in observed.scrape("service").text + observed.scrape("worker").text


def test_an_engines_failure_is_told_with_its_jobs(observed: Observed) -> None:
    job = observed.post(engine="drill", prompt="raise")["id"]
    (failed,) = lines(observed, event="a batch failed", jobs=[job])
    assert failed["engine"] == "drill" and "exception" in failed
    (ended,) = told(observed, event="job ended", job=job)
    assert ended["status"] == "failed" and ended["code"] == "engine_failed"


def test_every_line_is_json_with_time_level_and_event(observed: Observed) -> None:
    assert all({"timestamp", "level", "event"} <= line.keys() for line in lines(observed))
