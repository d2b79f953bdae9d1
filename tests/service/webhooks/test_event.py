"""The body: the job as it is told to callers, and how it is cut down to its bound."""

import json
from datetime import UTC, datetime

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.comparison import Compare, Grid
from likeness.contract.jobs import (
    ComparedRun,
    Comparison,
    EngineUsed,
    Job,
    JobFailure,
    JobStatus,
    MadeImage,
    Recipe,
    Recommendation,
    Result,
    StoredPicture,
    Timings,
)
from likeness.contract.report import FrameRow, Report, Score, Verdict
from likeness.contract.tasks import Recreate
from likeness.webhooks import ToldJob
from service.webhooks.event import MOST_BYTES, event_of
from tests.worker.drill import CATALOGUE

SHOP = load_catalogue(CATALOGUE)
START = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
SCORES = [Score(name=f"figure_{n}", value=0.123456789, unit="ratio", higher_is_better=True) for n in range(12)]
ROWS = [FrameRow(name=f"property_{n}", given=1024, made=1024, equal=True) for n in range(10)]
REPORT = Report(frame=ROWS, fidelity=SCORES, verdict=Verdict.ACCEPTED, reasons=["The frame is equal. " * 4])
PICTURE = StoredPicture(key="jobs/x/y", sha256="0" * 64, media_type="image/png", size=9)
USED = EngineUsed(name="drill", family="drill", revision="1", parameters={"strength": 0.5, "steps": 20})


def recipe(prompt: str) -> Recipe:
    return Recipe(
        engine="drill", revision="1", parameters={}, seeds=[1], input_sha256=None, task=Recreate(prompt=prompt)
    )


def job(images: int, compared: int = 0, prompt: str = "a shirt") -> Job:
    made = MadeImage(
        picture=PICTURE, width=9, height=9, mode="RGB", format="png", seed=1, report=REPORT, recipe=recipe(prompt)
    )
    runs = [
        ComparedRun(run=n, rank=n + 1, engine="drill", parameters={"strength": n / 24}, image=n, figures=SCORES[:5])
        for n in range(compared)
    ]
    found = Comparison(
        runs=runs, merit="ssim", sheet=PICTURE, recommendation=Recommendation(run=0, reasons=["It was first."])
    )
    result = Result(
        images=[made] * images,
        engine=USED.model_copy(update={"parameters": {**USED.parameters, "prompt": prompt}}),
        recipe=recipe(prompt),
        timings=Timings(),
        attempts=1,
        batch=1,
        comparison=found if compared else None,
    )
    task = Compare(runs=[Grid(engine="drill")]) if compared else Recreate(prompt=prompt)
    return Job(
        id="f" * 32,
        owner="shop",
        status=JobStatus.SUCCEEDED,
        task=task,
        engine="drill",
        input=PICTURE,
        created_at=START,
        ended_at=START,
        result=result,
        webhook="https://shop.example.com/hook?token=s3cret",
    )


def test_a_job_of_one_image_is_told_whole() -> None:
    event = json.loads(event_of(job(1), SHOP))
    assert event["left_out"] == [] and event["type"] == "job.succeeded"
    assert event["timestamp"] == "2026-01-15T10:30:00+00:00"
    assert len(event["data"]["result"]["images"][0]["report"]["fidelity"]) == 12
    assert event["data"]["result"]["recipe"]["task"]["prompt"] == "a shirt"
    assert event["data"]["links"]["self"] == f"/jobs/{'f' * 32}"
    assert "s3cret" not in str(event) and "jobs/x/y" not in str(event)
    assert event_of(job(1), SHOP) == event_of(job(1), SHOP)


def test_a_comparison_of_24_runs_keeps_every_row_and_verdict() -> None:
    body = event_of(job(24, compared=24), SHOP)
    event = json.loads(body)
    result = event["data"]["result"]
    assert len(body) <= MOST_BYTES
    assert event["left_out"] == ["recipes", "figures"]
    assert [row["rank"] for row in result["comparison"]["runs"]] == list(range(1, 25))
    assert [image["report"] for image in result["images"]] == [
        {"verdict": "accepted", "retouchable": False, "reasons": REPORT.reasons}
    ] * 24
    assert result["images"][23]["url"].endswith("/images/23")
    assert result["comparison"]["recommendation"]["run"] == 0


@pytest.mark.parametrize("images", [1, 3, 8, 40, 192])
@pytest.mark.parametrize("prompt", ["a shirt", "\U0001f455" * 2000, '"' * 2000])
def test_nothing_makes_it_longer_than_its_bound_nor_unreadable(images: int, prompt: str) -> None:
    body = event_of(job(images, prompt=prompt), SHOP)
    assert len(body) <= MOST_BYTES
    data = ToldJob.model_validate(json.loads(body)["data"], extra="ignore")
    assert data.result is not None and data.result.images


def test_texts_that_are_too_long_alone_leave_the_result_out() -> None:
    long = job(1)
    assert long.result is not None
    engine = USED.model_copy(update={"parameters": {f"p{n}": "x" * 2000 for n in range(12)}})
    event = json.loads(
        event_of(long.model_copy(update={"result": long.result.model_copy(update={"engine": engine})}), SHOP)
    )
    assert event["data"]["result"] is None and event["left_out"][-1] == "result"
    ToldJob.model_validate(event["data"], extra="ignore")


def test_a_failure_says_why() -> None:
    error = JobFailure(code="worker_died", detail="it was tried 3 times", fault="engine")
    failed = job(1).model_copy(update={"status": JobStatus.FAILED, "result": None, "error": error})
    event = json.loads(event_of(failed, SHOP))
    assert event["type"] == "job.failed" and event["data"]["error"]["code"] == "worker_died"
