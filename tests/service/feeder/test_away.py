"""What a feeder does while something is away: room in the store, a server that had images, the batch's own files."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from service.http.fetch import Fetcher
from tests.service.batches.conftest import WHITE, Shop, picture, unfed  # noqa: F401  a fixture
from tests.service.conftest import Live
from tests.support.feeding import feeding
from tests.support.small_disk import empty, fill, small_disk
from tests.worker.drill import Drill

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]
ITEMS = 6


@contextmanager
def working(live: Live, folder: Path) -> Iterator[None]:
    """Have a worker behind a service; its log is in the folder."""
    settings = live.app.state.services.settings
    drill = Drill(settings.redis_url, folder)
    drill.store_url = settings.store_url
    try:
        drill.worker()
        yield
    finally:
        drill.stop()


class Photos(BaseHTTPRequestHandler):
    """Gives a picture for any path."""

    def do_GET(self) -> None:
        data = picture(int(self.path.strip("/")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class ToHere(httpx.AsyncBaseTransport):
    """Connects to a server of the test's own, once the address that was asked for has passed as public."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        here = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        transport = httpx.AsyncHTTPTransport()
        return await transport.handle_async_request(httpx.Request(request.method, here, headers=request.headers))


@contextmanager
def photos(port: int = 0) -> Iterator[int]:
    """Serve pictures at a port, which is closed at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Photos)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def public(_: str) -> list[str]:
    return ["93.184.216.34"]


def test_a_url_that_dies_in_the_night_fails_alone_and_is_retried(serve: Callable[..., Live], tmp_path: Path) -> None:
    live = serve(batch_window=1)
    shop = Shop(live)
    batch = shop.post(
        [{"reference": str(number), "image": f"https://shop.example.com/{number}"} for number in range(ITEMS)],
        {**WHITE, "steps": 10},
    )
    with photos() as port:
        fetcher = Fetcher(1_000_000, 5, public, ToHere(port))
        with working(live, tmp_path), feeding(live.app.state.services.settings, fetcher):
            shop.until(batch, lambda now: now["counts"]["succeeded"] >= 2)
    with working(live, tmp_path), feeding(live.app.state.services.settings, fetcher):
        now = shop.ended(batch)
        rows = shop.manifest(batch)
        assert now["counts"]["succeeded"] >= 2 and now["counts"]["failed"] >= 1
        assert now["counts"]["succeeded"] + now["counts"]["failed"] == ITEMS
        errors = [row["error"] for row in rows if row["status"] == "failed"]
        assert {error["code"] for error in errors} == {"image_unavailable"}
        assert "could not be reached" in errors[0]["detail"]
        with photos(port):
            shop.http.post(f"{batch['links']['self']}/retry", params={"what": "failed"}).raise_for_status()
            assert shop.ended(batch)["counts"]["succeeded"] == ITEMS


def test_a_full_disk_of_the_store_holds_a_batch_up_and_loses_nothing(
    serve: Callable[..., Live], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 1024) as disk:
        live = serve(store_url=f"file://{disk / 'store'}")
        shop = Shop(live)
        settings = live.app.state.services.settings
        batch = shop.post(shop.items(ITEMS))
        fill(disk)
        with feeding(settings):
            time.sleep(2)
            assert shop.batch(batch)["counts"]["failed"] == 0, "what cannot be stored is sent later"
            assert shop.http.get("/jobs").json()["jobs"] == []
            data = picture(99)
            refused = shop.http.put(f"/uploads/{hashlib.sha256(data).hexdigest()}", content=data)
            assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
            empty(disk)
            limit = time.monotonic() + 30
            while len(shop.http.get("/jobs").json()["jobs"]) < ITEMS:
                assert time.monotonic() < limit
                time.sleep(0.1)
        with working(live, tmp_path):
            limit = time.monotonic() + 60
            while {job["status"] for job in shop.http.get("/jobs").json()["jobs"]} != {"succeeded"}:
                assert time.monotonic() < limit
                time.sleep(0.1)
            fill(disk)
            with feeding(settings):
                time.sleep(2)
                assert shop.batch(batch)["counts"]["queued"] == ITEMS, "no end is told that is not written down"
                empty(disk)
                assert shop.ended(batch)["counts"]["succeeded"] == ITEMS
        assert [row["attempt"] for row in shop.manifest(batch)] == [1] * ITEMS
        assert live.http.get("/usage").json()["days"][0]["accepted"] == ITEMS, "and no job was made twice"


def test_a_batch_that_cannot_be_read_is_told_once(unfed: Shop) -> None:  # noqa: F811
    batch = unfed.post(unfed.items(1))
    (recipes,) = unfed.live.store.rglob("recipes.json")
    kept = recipes.read_bytes()
    recipes.unlink()
    with capture_logs() as logs, feeding(unfed.live.app.state.services.settings):
        time.sleep(3.5)
        recipes.write_bytes(kept)
        unfed.until(batch, lambda now: now["counts"]["queued"] == 1)
    assert [one["event"] for one in logs].count("a batch cannot be read") == 1
