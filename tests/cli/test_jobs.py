"""`likeness jobs` and `likeness report JOB`, in processes of their own, against a real service with a real worker."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from likeness.cli.job_tables import age
from likeness.client import Client, LikenessProblem
from tests.cli.test_main import likeness, told
from tests.service.conftest import Live, idle, live, png, serve, stack  # noqa: F401  fixtures

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
NONE = "0" * 32


@pytest.fixture
def client(live: Live):  # noqa: F811
    with Client(live.url) as connected:
        yield connected


@pytest.fixture
def job(client: Client) -> str:
    return client.wait(client.recreate(png()), timeout=60).id


def run(live: Live, *arguments: object, **settings: str):  # noqa: F811
    return likeness(*arguments, LIKENESS_URL=live.url, **settings)


def test_jobs_are_listed_newest_first(live: Live, client: Client, job: str) -> None:  # noqa: F811
    failed = client.recreate(png(), prompt="raise")
    with pytest.raises(LikenessProblem, match="a drill"):
        client.wait(failed, timeout=60)
    done = run(live, "jobs")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["id", "status", "name", "asked", "age", "verdict"]
    assert lines[1].split()[:4] == [failed.id, "failed", "image", "recreate"] and "engine_failed" in lines[1]
    assert lines[2].split()[0] == job and "accepted" in lines[2]
    listed = json.loads(run(live, "jobs", "--json", "--limit", 5, "--status", "failed").stdout)
    assert failed.id in [one["id"] for one in listed] and {one["status"] for one in listed} == {"failed"}
    assert "not one of queued, running" in told(run(live, "jobs", "--status", "done"), code=2)


def test_a_job_is_shown(live: Live, job: str) -> None:  # noqa: F811
    shown = run(live, "jobs", "show", job).stdout
    assert job in shown and "succeeded" in shown and "32x24 png, accepted" in shown
    assert json.loads(run(live, "jobs", "show", job, "--json").stdout)["engine"] == "drill"
    assert NONE in told(run(live, "jobs", "show", NONE), code=1)


def test_what_became_of_a_webhook_is_shown(serve: Callable[..., Live]) -> None:  # noqa: F811
    idle = serve(webhook_secret="whsec_" + base64.b64encode(bytes(32)).decode())  # noqa: F811
    with Client(idle.url) as client:
        job = client.recreate(png(), webhook="https://shop.example/hook")
        assert client.job(job.id).webhook.state == "waiting"
    assert "https://shop.example/hook: waiting, not sent yet" in run(idle, "jobs", "show", job.id).stdout


def test_a_job_is_watched_to_its_end(live: Live, client: Client) -> None:  # noqa: F811
    watched = run(live, "jobs", "watch", client.recreate(png(), steps=5).id)
    assert watched.returncode == 0, watched.stderr
    assert "done" in watched.stdout and "accepted" in watched.stdout
    events = run(live, "jobs", "watch", client.recreate(png(), steps=5).id, "--json").stdout.splitlines()
    assert [json.loads(event)["status"] for event in (events[0], events[-1])] == ["queued", "succeeded"]


def test_a_job_is_cancelled_and_its_watcher_told(idle: Live) -> None:  # noqa: F811
    with Client(idle.url) as client:
        job = client.recreate(png())  # waits for a worker that never comes
    ended: list = []
    watcher = threading.Thread(target=lambda: ended.append(run(idle, "jobs", "watch", job.id)))
    watcher.start()
    assert run(idle, "jobs", "cancel", job.id).stdout == f"{job.id}: cancelled\n"
    watcher.join(100)
    assert f"job {job.id} was cancelled" in told(ended[0], code=2)


def test_images_and_reports_are_fetched(live: Live, job: str, tmp_path) -> None:  # noqa: F811
    saved = run(live, "jobs", "images", job, "-o", tmp_path / "new")
    assert saved.stdout == f"{tmp_path}/new/{job}-0.png\n"
    with Image.open(tmp_path / f"new/{job}-0.png") as image:
        assert image.size == (32, 24)
    report = run(live, "report", job, "--png", tmp_path / "card.png", "--json")
    assert json.loads(report.stdout)["verdict"] == "accepted"
    assert (tmp_path / "card.png").read_bytes()[:4] == b"\x89PNG"
    assert "the job has 1 images" in told(run(live, "report", job, "--image", 9), code=1)
    assert "give the id of a job, or two images" in told(likeness("report", "shirt.jpg"), code=2)


def test_usage_is_told(live: Live, job: str) -> None:  # noqa: F811
    shown = run(live, "usage").stdout
    assert shown.split()[:2] == ["day", "accepted"] and "daily quota: none" in shown
    assert json.loads(run(live, "usage", "--json", "--days", 3).stdout)["days"][0]["succeeded"] >= 1


def test_jobs_are_deleted_when_that_is_confirmed(live: Live, client: Client, job: str) -> None:  # noqa: F811
    assert told(likeness("jobs", "delete", job, LIKENESS_URL=live.url), code=1)
    assert client.job(job).status == "succeeded"
    assert run(live, "jobs", "delete", job, "--yes").stdout == f"{job}: erased\n"
    assert told(run(live, "jobs", "images", job), code=1).startswith("likeness: ")


def test_a_shell_is_offered_ids(live: Live, job: str) -> None:  # noqa: F811
    words = {"_LIKENESS_COMPLETE": "complete_bash", "COMP_WORDS": f"likeness jobs show {job[:20]}", "COMP_CWORD": "3"}
    program = [sys.executable, "-c", "from likeness.cli.main import app; app(prog_name='likeness')"]
    environment = {**os.environ, **words, "LIKENESS_URL": live.url}
    assert job in subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60).stdout.split()


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (200000, "2 d")]
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert age(now - timedelta(seconds=seconds), now) == text
