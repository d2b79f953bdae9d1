"""How many jobs of whose batch are in the queue: the window is shared, and quotas are kept."""

import hashlib
import time
from pathlib import Path

import httpx

from service.auth.keys import KeyLimits, create_key
from tests.service.conftest import Live, png
from tests.support.feeding import feeding

RECIPE = {"name": "a", "kind": "recreate"}


def post(live: Live, key: str, count: int = 20) -> dict:
    """Post a batch of a key, and return it."""
    own = {"Authorization": f"Bearer {key}"}
    digest = hashlib.sha256(png()).hexdigest()
    live.http.put(f"/uploads/{digest}", content=png(), headers=own).raise_for_status()
    items = [{"reference": str(number), "image": {"upload": digest}} for number in range(count)]
    answer = live.http.post("/batches", json={"recipes": [RECIPE], "items": items}, headers=own)
    assert answer.status_code == 202, answer.text
    return answer.json()


def queued(http: httpx.Client, key: str) -> list[int]:
    """Return how many jobs of each batch of a key are accepted, newest batch first."""
    own = {"Authorization": f"Bearer {key}"}
    jobs = http.get("/jobs", params={"limit": 100}, headers=own).json()["jobs"]
    batches = http.get("/batches", headers=own).json()["batches"]
    assert sum(batch["counts"]["queued"] for batch in batches) >= len(jobs)
    return [batch["counts"]["queued"] for batch in batches]


def test_owners_share_the_window_and_so_do_the_batches_of_one(serve, tmp_path: Path) -> None:
    one, other = create_key(tmp_path / "keys.json", "one"), create_key(tmp_path / "keys.json", "other")
    live: Live = serve(keys_file=tmp_path / "keys.json", batch_window=8)
    for key in (one, one, other):
        post(live, key)
    with feeding(live.app.state.services.settings):
        limit = time.monotonic() + 20
        while (found := (queued(live.http, one), queued(live.http, other))) != ([2, 2], [4]):
            assert time.monotonic() < limit, found
            time.sleep(0.1)
        time.sleep(1)
        assert (queued(live.http, one), queued(live.http, other)) == ([2, 2], [4]), "and no more"


def test_a_quota_is_kept(serve, tmp_path: Path) -> None:
    key = create_key(tmp_path / "keys.json", "one", KeyLimits(daily_quota=3))
    live: Live = serve(keys_file=tmp_path / "keys.json")
    post(live, key)
    own = {"Authorization": f"Bearer {key}"}
    with feeding(live.app.state.services.settings):
        limit = time.monotonic() + 20
        while live.http.get("/usage", headers=own).json()["days"][0]["accepted"] < 3:
            assert time.monotonic() < limit
            time.sleep(0.1)
        time.sleep(1.5)
    assert live.http.get("/usage", headers=own).json()["days"][0]["accepted"] == 3
    (batch,) = live.http.get("/batches", headers=own).json()["batches"]
    assert batch["state"] == "running" and batch["counts"]["failed"] == 0
