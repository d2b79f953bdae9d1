"""Uploads: streamed, checked against their name, one's own, within a quota, and swept."""

import asyncio
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.auth.keys import create_key
from service.batches import uploads
from tests.service.batches.conftest import Shop, picture
from tests.service.conftest import Live
from tests.service.http.test_bad_input import assert_problem

DIGEST = hashlib.sha256(picture(1)).hexdigest()


def put(live: Live, data: bytes = picture(1), digest: str = DIGEST, key: str = ""):
    return live.http.put(f"/uploads/{digest}", content=data, headers={"Authorization": f"Bearer {key}"} if key else {})


def test_what_is_there_need_not_be_sent_again(unfed: Shop) -> None:
    http = unfed.http
    assert http.head(f"/uploads/{DIGEST}").status_code == 404
    first, again = put(unfed.live), put(unfed.live)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"upload": DIGEST, "size": len(picture(1))}
    assert http.head(f"/uploads/{DIGEST}").status_code == 200
    assert http.delete(f"/uploads/{DIGEST}").status_code == 204
    assert_problem(http.get(f"/uploads/{DIGEST}"), 404, "upload_not_found")


@pytest.mark.parametrize("data", [b"", picture(2)])
def test_bytes_that_are_not_what_their_name_says_are_not_there(unfed: Shop, data: bytes) -> None:
    assert_problem(put(unfed.live, data), 422, "upload_differs")
    assert unfed.http.head(f"/uploads/{DIGEST}").status_code == 404
    assert unfed.live.pictures() == set()


def test_an_upload_is_bounded_while_it_is_sent(serve) -> None:
    live: Live = serve(max_upload_bytes=100_000)
    data = os.urandom(400_000)
    assert_problem(put(live, data, hashlib.sha256(data).hexdigest()), 413, "upload_too_large")
    pieces = (data[start : start + 1000] for start in range(0, len(data), 1000))
    with suppress(httpx.TransportError):  # the service hangs up on what is too much
        answer = live.http.put(f"/uploads/{hashlib.sha256(data).hexdigest()}", content=pieces)
        assert answer.status_code == 413
    assert live.pictures() == set()


def test_uploads_are_ones_own_and_tell_nothing_of_others(serve, tmp_path: Path) -> None:
    one, other = create_key(tmp_path / "keys.json", "one"), create_key(tmp_path / "keys.json", "other")
    live: Live = serve(keys_file=tmp_path / "keys.json")
    assert put(live, key=one).status_code == 201
    own = {"Authorization": f"Bearer {other}"}
    assert live.http.get(f"/uploads/{DIGEST}", headers=own).status_code == 404
    body = {"recipes": [{"name": "a", "kind": "recreate"}], "items": [{"reference": "A", "image": {"upload": DIGEST}}]}
    assert "nothing of the sha256" in live.http.post("/batches", json=body, headers=own).text
    assert put(live, key=other).status_code == 201, "as if nobody had it"


def test_a_key_has_a_quota_of_bytes(serve) -> None:
    live: Live = serve(max_uploads_per_key=len(picture(1)) + 10)
    assert put(live).status_code == 201
    data = picture(2)
    digest = hashlib.sha256(data).hexdigest()
    assert_problem(put(live, data, digest), 413, "uploads_full")
    assert put(live).status_code == 200, "what is there takes no more room"
    live.http.delete(f"/uploads/{DIGEST}")
    assert put(live, data, digest).status_code == 201


def test_old_uploads_are_swept_but_not_while_a_batch_is_under_way(serve) -> None:
    live: Live = serve(upload_lifetime=1)
    shop = Shop(live)
    batch = shop.post(shop.items(2))
    time.sleep(1.1)
    services = live.app.state.services

    def swept() -> int:
        return asyncio.run(_swept(services.settings))

    assert swept() == 0
    assert live.http.delete(batch["links"]["self"]).status_code == 204
    assert swept() == 2
    assert live.pictures() == set(), "and the batch left nothing"


async def _swept(settings) -> int:
    from service.feeder.__main__ import services_of

    services = services_of(settings)
    try:
        return await uploads.sweep(services)
    finally:
        await services.queue.close()
