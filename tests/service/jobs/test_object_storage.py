"""A service and a worker on an object store: a job's whole life there, links to it, and the store going away."""

import asyncio
import hashlib
import io
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import obstore
import pytest
import redis
from PIL import Image

from likeness.queue import keys
from likeness.storage import backends
from likeness.storage.backends import open_store
from likeness.storage.pictures import PictureStore
from service.app import create_app
from service.auth.keys import create_key
from service.config import ConfigurationError
from service.jobs.retention import sweep
from service.jobs.stored import CHUNK
from service.queue.jobs import JobQueue
from tests.service.conftest import Live, Stack, png, serving
from tests.service.http.test_bad_input import assert_problem
from tests.service.routes.test_preview import first_preview, submitted
from tests.support.s3_server import BUCKET, S3Server
from tests.worker.drill import Drill

pytestmark = pytest.mark.processes

DATABASE = 2
URL = f"s3://{BUCKET}/shop/pictures"
SIGNED = {"links": "presigned"}


@pytest.fixture(scope="module")
def live(stack: Stack, s3: S3Server) -> Iterator[Live]:
    """A service and a worker whose pictures are in a bucket."""
    drill = Drill(f"unix://{stack.server.socket}?db={DATABASE}", stack.folder)
    drill.store_url = URL
    try:
        drill.worker()
        with serving(stack.settings(DATABASE, store_url=URL)) as live:
            yield live
    finally:
        drill.stop()


def posted(live: Live, **query: str) -> httpx.Response:
    return live.http.post("/recreate", files={"image": ("a.png", png())}, params=query, headers={"Prefer": "wait=40"})


def stored(job_id: str) -> list[str]:
    """Return the names of a job's pictures, as the bucket has them."""
    prefix = keys.STORE_PREFIX.format(id=job_id)
    return [meta["path"] for batch in obstore.list(open_store(URL), prefix=prefix) for meta in batch]


def outside(url: str) -> httpx.Response:
    """Read a link as a browser does: with no key, from nowhere in particular."""
    return httpx.get(url, trust_env=False, timeout=30)


def test_a_job_lives_in_the_bucket_until_it_is_deleted(live: Live) -> None:
    job = live.finished()
    image = job["result"]["images"][0]
    assert image["url"] == f"/jobs/{job['id']}/images/0" and job["result"]["links_expire_at"] is None
    answer = live.http.get(image["url"])
    assert hashlib.sha256(answer.content).hexdigest() == image["sha256"]
    assert answer.headers["etag"] == f'"{image["sha256"]}"'
    part = live.http.get(image["url"], headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, answer.content[4:10])
    assert live.http.get(image["url"], headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert live.http.get(f"/jobs/{job['id']}/report", headers={"Accept": "image/png"}).status_code == 200
    assert len(stored(job["id"])) == 2, "what was sent and what was made"
    assert live.http.delete(f"/jobs/{job['id']}").status_code == 204
    assert stored(job["id"]) == []


def test_links_lead_to_the_store_where_asked(live: Live, s3: S3Server) -> None:
    job = posted(live, **SIGNED).json()
    image = job["result"]["images"][0]
    assert image["url"].startswith(f"{s3.endpoint}/{BUCKET}/shop/pictures/jobs/{job['id']}/{image['sha256']}?")
    answer = outside(image["url"])
    assert hashlib.sha256(answer.content).hexdigest() == image["sha256"]
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    left = datetime.fromisoformat(job["result"]["links_expire_at"]) - datetime.now(UTC)
    assert timedelta(minutes=58) < left <= timedelta(hours=1)
    again = live.http.get(f"/jobs/{job['id']}", params=SIGNED)
    assert outside(again.json()["result"]["images"][0]["url"]).content == answer.content
    assert "etag" not in again.headers, "the links of an earlier answer may have expired"
    assert "etag" in live.http.get(f"/jobs/{job['id']}").headers
    live.http.delete(f"/jobs/{job['id']}")
    assert outside(image["url"]).status_code == 404, "a link ends with its picture"


def test_no_link_outlives_its_picture(live: Live, stack: Stack) -> None:
    job = live.finished()
    with serving(stack.settings(DATABASE, store_url=URL, lifetime=120)) as other:
        result = other.http.get(f"/jobs/{job['id']}", params=SIGNED).json()["result"]
    (seconds,) = parse_qs(urlsplit(result["images"][0]["url"]).query)["X-Amz-Expires"]
    assert 0 < int(seconds) <= 120
    last = datetime.fromisoformat(job["ended_at"]) + timedelta(seconds=120)
    assert datetime.fromisoformat(result["links_expire_at"]) <= last + timedelta(seconds=1)


def test_a_comparison_links_to_its_sheet(live: Live) -> None:
    answer = live.http.post(
        "/compare",
        files={"image": ("a.png", png())},
        data={"runs": '[{"engine": "drill", "steps": [1, 2]}]'},
        params=SIGNED,
        headers={"Prefer": "wait=40"},
    )
    job = answer.json()
    sheet = outside(job["result"]["comparison"]["sheet"])
    assert sheet.headers["content-type"] == "image/png" and Image.open(io.BytesIO(sheet.content)).format == "PNG"
    assert live.http.get(f"/jobs/{job['id']}/sheet").content == sheet.content
    assert [outside(image["url"]).status_code for image in job["result"]["images"]] == [200, 200]


def test_a_running_job_has_no_links_yet_and_shows_previews(live: Live) -> None:
    job = submitted(live)
    first_preview(live, job)
    assert live.http.get(job["links"]["preview"]).headers["content-type"] == "image/jpeg"
    running = live.http.get(job["links"]["self"], params=SIGNED)
    assert running.json()["result"] is None and "retry-after" in running.headers
    live.http.post(job["links"]["cancel"])
    assert live.http.get(job["links"]["self"], params={"wait": 30}).json()["status"] == "cancelled"


def test_links_are_only_for_who_may_see_the_job(stack: Stack, live: Live, tmp_path) -> None:
    file = tmp_path / "keys.json"
    key = create_key(file, "other")
    job = live.finished()
    with serving(stack.settings(DATABASE, store_url=URL, keys_file=file)) as guarded:
        path = f"/jobs/{job['id']}"
        assert_problem(guarded.http.get(path, params=SIGNED), 401, "not_authenticated")
        theirs = guarded.http.get(path, params=SIGNED, headers={"Authorization": f"Bearer {key}"})
        assert_problem(theirs, 404, "job_not_found")


def test_a_folder_signs_no_links(idle: Live) -> None:
    for answer in (
        posted(idle, **SIGNED),
        idle.http.get(f"/jobs/{32 * '0'}", params=SIGNED),
        idle.http.post(f"/jobs/{32 * '0'}/reproduce", params=SIGNED),
    ):
        assert_problem(answer, 422, "invalid_field")
        assert "object store" in answer.json()["detail"]
    assert not idle.pictures(), "nothing was accepted"


@pytest.mark.parametrize(
    "settings",
    [
        {"store_url": "ftp://pictures"},
        {"store_url": "s3://key:hush@pictures"},
        {"store_url": "memory://", "store_public_url": "https://pictures.example.com"},
    ],
)
def test_a_store_that_cannot_be_opened_is_said_at_the_start(stack: Stack, settings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        create_app(stack.settings(DATABASE, **settings))
    assert "store" in str(caught.value) and "hush" not in str(caught.value)


def test_a_lifecycle_rule_that_comes_first_makes_it_expired_and_no_defect(live: Live, s3: S3Server) -> None:
    job = live.finished()
    (link,) = (image["url"] for image in live.http.get(f"/jobs/{job['id']}", params=SIGNED).json()["result"]["images"])
    for name in stored(job["id"]):
        assert s3.call("DELETE", f"/shop/pictures/{name}").status_code == 204
    here = f"/jobs/{job['id']}"
    assert_problem(live.http.get(f"{here}/images/0"), 410, "job_expired")
    assert_problem(live.http.get(f"{here}/report", headers={"Accept": "image/png"}), 410, "job_expired")
    assert_problem(live.http.post(f"{here}/reproduce"), 410, "job_expired")
    assert live.http.get(here).json()["status"] == "succeeded", "its report is still known"
    assert outside(link).status_code == 404


def test_a_damaged_image_is_not_given_as_a_whole(live: Live, s3: S3Server) -> None:
    noise = Image.frombytes("RGB", (640, 600), secrets.token_bytes(640 * 600 * 3))
    file = io.BytesIO()
    noise.save(file, "PNG")
    answer = live.http.post("/recreate", files={"image": ("a.png", file.getvalue())}, headers={"Prefer": "wait=40"})
    image = answer.json()["result"]["images"][0]
    data = live.http.get(image["url"]).content
    assert len(data) > CHUNK, "more than one chunk, or nothing is sent before it is checked"
    place = f"/shop/pictures/jobs/{answer.json()['id']}/{image['sha256']}"
    assert s3.call("PUT", place, data[:-1] + b"?").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        live.http.get(image["url"])
    assert live.http.get(image["url"], headers={"Range": "bytes=0-9"}).content == data[:10]
    small = live.finished()
    (name,) = (name for name in stored(small["id"]) if name.endswith(small["result"]["images"][0]["sha256"]))
    assert s3.call("PUT", f"/shop/pictures/{name}", b"not a picture").status_code == 200
    assert_problem(live.http.get(f"/jobs/{small['id']}/images/0"), 410, "job_expired")


def test_two_sweeps_at_once_erase_what_no_job_has(live: Live, stack: Stack) -> None:
    kept, gone = live.finished(), [live.finished() for _ in range(3)]
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=DATABASE) as client:
        client.delete(*(keys.JOB_KEY.format(id=job["id"]) for job in gone))

    async def swept() -> list[int]:
        queue = JobQueue.connect(stack.settings(DATABASE).redis_url, max_queued=9, lifetime=600)
        try:
            return await asyncio.gather(*(sweep(PictureStore.open(URL), queue, -60) for _ in range(2)))
        finally:
            await queue.close()

    assert max(asyncio.run(swept())) >= 3
    assert [stored(job["id"]) for job in gone] == [[], [], []] and len(stored(kept["id"])) == 2


def test_a_store_that_dies_fails_what_runs_refuses_what_comes_and_is_taken_back(live: Live, s3: S3Server) -> None:
    data = {"steps": "40", "strength": "0.02", "candidates": "2"}
    running = live.http.post("/recreate", files={"image": ("a.png", png())}, data=data).json()
    until = time.monotonic() + 30
    while live.http.get(f"/jobs/{running['id']}").json()["status"] == "queued" and time.monotonic() < until:
        time.sleep(0.02)
    s3.close_gateway()
    try:
        refused = posted(live)
        assert_problem(refused, 503, "store_unavailable")
        assert "retry-after" in refused.headers and "127.0.0.1" not in refused.text
        not_ready = live.http.get("/readyz")
        assert_problem(not_ready, 503, "not_ready")
        assert "storage" in not_ready.json()["detail"] or "no answer" in not_ready.json()["detail"]
        ended = live.http.get(f"/jobs/{running['id']}", params={"wait": 60}).json()
        assert (ended["status"], ended["error"]["code"]) == ("failed", "store_failed")
    finally:
        s3.open_gateway()
    assert live.http.get("/readyz").status_code == 200
    assert live.finished()["status"] == "succeeded"


def test_a_store_that_hangs_is_told_within_its_bound(
    live: Live, stack: Stack, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen server takes connections and says nothing. The bound is made shorter, or this would take 10 s more."""
    monkeypatch.setitem(backends.BOUNDS, "read_timeout", timedelta(seconds=1))
    with serving(stack.settings(DATABASE, store_url=URL)) as impatient:
        s3.freeze()
        try:
            began = time.monotonic()
            assert_problem(impatient.http.get("/readyz"), 503, "not_ready")
            assert_problem(posted(impatient), 503, "store_unavailable")
            assert time.monotonic() - began < 20, "four tries of a second each, and what /readyz waits"
        finally:
            s3.thaw()
        assert live.finished()["status"] == "succeeded"
