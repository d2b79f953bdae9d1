"""Both clients against a real service with a real worker, over connections that break after the request has arrived."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.client import Client, LikenessProblem, Retries
from tests.service.conftest import Live, live, png, stack  # noqa: F401  fixtures
from tests.support.awaited import Awaited
from tests.support.cutting import Cutter, cutting

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]
KINDS = [Client, Awaited]


@pytest.fixture
def cutter(live: Live) -> Iterator[Cutter]:  # noqa: F811
    with cutting(live.url) as running:
        yield running


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, cutter: Cutter) -> Iterator[Client]:
    with request.param(cutter.url) as connected:
        yield connected


def another(client: Client, cutter: Cutter) -> Client:
    """Return a client of the same kind that has no connection open yet: its next ones are those that are cut."""
    return type(client)(cutter.url, retries=Retries(first_pause=0.01))


def test_a_post_whose_answer_was_lost_makes_one_job(cutter: Cutter, client: Client) -> None:
    before = {job.id for job in client.jobs(page_size=100)}
    with another(client, cutter) as fresh:
        cutter.cuts = [0, 0, 30]
        job = fresh.recreate(png(colour=(9, 90, 200)))
        assert cutter.cut == 3
        assert {one.id for one in fresh.jobs(page_size=100)} - before == {job.id}
        assert fresh.wait(job, timeout=60).status == "succeeded"


def test_every_step_is_told_once_though_the_stream_breaks(cutter: Cutter, client: Client) -> None:
    job = client.recreate(png(), steps=12)
    with another(client, cutter) as fresh:
        cutter.cuts = [0, 700, 900]
        events = list(fresh.events(job))
    assert cutter.cut == 3
    assert len({event.id for event in events}) == len(events)
    steps = [event.progress.step for event in events if event.progress and event.progress.stage == "denoising"]
    assert steps == sorted(set(steps)) and steps[-1] == 12
    assert [event.status for event in events if event.type == "status"] == ["queued", "running", "succeeded"]


def test_an_image_comes_whole_though_the_connection_breaks(cutter: Cutter, client: Client, tmp_path: Path) -> None:
    job = client.wait(client.recreate(_grain()), on_progress=lambda _: None, timeout=60)
    size = len(client.image(job))
    with another(client, cutter) as fresh:
        cutter.cuts = [size // 2, size // 4]
        path = fresh.save(job, tmp_path / "image.png")
    assert cutter.cut == 2 and path.read_bytes() == client.image(job)


def test_what_else_there_is_to_do_with_a_job(client: Client) -> None:
    assert client.health().ready and [engine.name for engine in client.engines()] == ["drill"]
    told = client.dry_run("recreate", png(), steps=3)
    assert told.engine == "drill" and told.runs[0]["parameters"]["steps"] == 3
    job = client.wait(client.generate("a shirt", width=64, height=72, candidates=2, keep="all"), timeout=60)
    assert client.report(job, 1).verdict and client.report_card(job)[:4] == b"\x89PNG"
    again = client.wait(client.reproduce(job), timeout=60)
    assert {image.sameness for image in again.result.reproduction.images} == {"bitwise"}
    assert client.cancel(job).status == "succeeded"
    reviewed = client.review(job, "rejected", "too dark")
    assert (reviewed.review, [(one.by, one.comment) for one in reviewed.reviews]) == (
        "rejected",
        [("local", "too dark")],
    )
    assert job.id in {one.id for one in client.jobs(review="rejected")}
    assert client.withdraw_review(job).reviews == []
    link = client.review_link("autumn", "anna", hours=2)
    assert link.url.endswith(f"link={link.token}") and link.token.startswith("lr_anna.")
    used = client.usage(days=2)
    assert used.key == "local" and used.daily_quota is None and used.days[0].succeeded >= 2 and len(used.days) == 2
    with pytest.raises(LikenessProblem, match="links cannot be signed"):
        client.job(job.id, presigned=True)
    client.delete(job)
    with pytest.raises(LikenessProblem) as caught:
        client.job(job.id)
    assert caught.value.status in (404, 410) and caught.value.request_id


def test_an_error_says_which_field(client: Client) -> None:
    with pytest.raises(LikenessProblem) as caught:
        client.recreate(png(), steps=0)
    assert (caught.value.status, caught.value.code) == (422, "invalid_field")
    assert [error.pointer for error in caught.value.errors] == ["#/steps"] and caught.value.request_id


def _grain() -> bytes:
    """Return a picture that does not compress, so that its bytes come in several pieces."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()
