"""Jobs are found again: by reference, kind, verdict and time, in lists, events and webhooks, and cheaply."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from likeness.contract.catalogue import load_catalogue
from likeness.queue import keys
from service.auth.keys import LOCAL_OWNER, create_key
from service.queue.job_hash import job_of
from service.queue.listing import MOST_LOOKED_AT, reference_key
from service.webhooks.event import event_of
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import URI, assert_problem
from tests.worker.drill import CATALOGUE

METADATA = {"season": "SS27", "colour": "rouge"}


def connection(stack: Stack, database: int = 1) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(stack.server.socket), db=database)


def submit(live: Live, path: str = "/recreate", name: str = "a.png", **fields: Any) -> dict[str, Any]:
    parts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}
    answer = live.http.post(path, files={"image": (name, png(), "image/png")}, data=parts)
    assert answer.status_code == 202, answer.text
    return answer.json()


def accepted_at(job: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(job["id"][:12], 16) / 1000, UTC)


def listed(live: Live, **query: Any) -> list[str]:
    """Return the ids of every page of a list."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = live.http.get("/jobs", params={**query, **({"cursor": cursor} if cursor else {})}).json()
        found += [job["id"] for job in page["jobs"]]
        cursor = page["next"]
        if cursor is None:
            return found


def test_labels_come_back_with_the_job(idle: Live) -> None:
    accepted = submit(idle, name="photos\\shirt.png", reference="SKU 1/é", metadata=METADATA)
    assert (accepted["reference"], accepted["metadata"]) == ("SKU 1/é", METADATA)
    job = idle.http.get(accepted["links"]["self"]).json()
    assert (job["reference"], job["metadata"]) == ("SKU 1/é", METADATA)
    assert (job["filename"], job["asked"]) == ("shirt.png", "recreate")
    (row,) = idle.http.get("/jobs", params={"reference": "SKU 1/é"}).json()["jobs"]
    assert row == job


def test_a_job_without_labels(idle: Live) -> None:
    answer = idle.http.post("/recreate", json={"image": URI})
    job = idle.http.get(answer.json()["links"]["self"]).json()
    assert (job["reference"], job["metadata"], job["filename"]) == (None, {}, None)


@pytest.mark.parametrize(
    ("path", "more"),
    [("/recreate", {}), ("/customise", {"instruction": "make it red"}), ("/cutout", {}), ("/packshot", {})],
)
def test_every_call_takes_labels(serve, path: str, more: dict[str, str]) -> None:
    live = serve(catalogue=None)
    body = {"image": URI, "reference": "SKU-1", "metadata": METADATA, **more}
    answer = live.http.post(path, json=body)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["reference"], answer.json()["metadata"]) == ("SKU-1", METADATA)


def test_events_carry_the_labels(live: Live) -> None:
    job = live.finished(reference="SKU-1", metadata=json.dumps(METADATA))
    events = live.http.get(job["links"]["events"]).text
    data = [json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line.startswith("data: ")]
    assert len(data) >= 3
    assert all((one["reference"], one["metadata"]) == ("SKU-1", METADATA) for one in data)


def test_a_webhook_carries_the_labels(live: Live, stack: Stack) -> None:
    ended = live.finished(reference="SKU-1", metadata=json.dumps(METADATA))
    fields = connection(stack, 0).hgetall(keys.JOB_KEY.format(id=ended["id"]))
    told = json.loads(event_of(job_of(fields), load_catalogue(CATALOGUE)))["data"]
    assert (told["reference"], told["metadata"]) == ("SKU-1", METADATA)


def test_a_reproduction_keeps_the_labels(live: Live) -> None:
    job = live.finished(reference="again", metadata=json.dumps(METADATA))
    again = live.http.post(f"{job['links']['self']}/reproduce").json()
    assert (again["reference"], again["metadata"]) == ("again", METADATA)
    assert listed(live, reference="again") == [again["id"], job["id"]]


def test_lists_by_reference_kind_and_time(idle: Live) -> None:
    first = submit(idle, reference="A")["id"]
    other = submit(idle, reference="a")["id"]
    second = submit(idle, reference="A")["id"]
    assert listed(idle, reference="A") == [second, first]
    assert listed(idle, reference="A", limit=1) == [second, first]
    assert listed(idle, reference="A ") == []
    assert listed(idle, kind="recreate") == [second, other, first]
    assert listed(idle, kind="customise") == []
    assert listed(idle, reference="A", kind="recreate") == [second, first]
    assert listed(idle, reference="A", kind="generate") == []
    moment = accepted_at({"id": second})
    assert listed(idle, since=moment.isoformat()) == [second]
    assert listed(idle, since=(moment + timedelta(seconds=9)).isoformat(), reference="A") == []
    assert listed(idle, since="0001-01-01T00:00:00Z") == [second, other, first]
    assert listed(idle, since="9999-12-31T23:59:59-12:00") == []


def test_lists_by_verdict(live: Live) -> None:
    good = live.finished(steps="2", strength="0.01")
    verdict = good["result"]["images"][0]["report"]["verdict"]
    bad = live.finished(steps="2", strength="0.01", thresholds='{"ssim": 1}', reference="bad")
    assert (verdict, bad["result"]["images"][0]["report"]["verdict"]) == ("accepted", "rejected")
    open_job = submit(live, steps="500", strength="0.3")
    since = accepted_at(good).isoformat()
    assert listed(live, verdict="accepted", since=since) == [good["id"]]
    assert listed(live, verdict="rejected", since=since) == [bad["id"]]
    assert listed(live, verdict="not_judged", since=since) == []
    assert listed(live, verdict="rejected", reference="bad", kind="recreate") == [bad["id"]]
    assert listed(live, verdict="accepted", reference="bad") == []
    live.http.delete(open_job["links"]["self"])


def test_an_erased_job_leaves_no_list_with_it(live: Live, stack: Stack) -> None:
    job = live.finished(reference="gone", steps="2", strength="0.01")
    live.http.delete(job["links"]["self"])
    client = connection(stack, 0)
    sets = [key for key in client.scan_iter("likeness:*", count=1000) if client.type(key) == b"zset"]
    assert len(sets) >= 3
    assert [key for key in sets if client.zscore(key, job["id"]) is not None] == []
    assert listed(live, reference="gone") == []


def test_owners_see_only_their_own(serve, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    alice, bob = (create_key(file, name) for name in ("alice", "bob"))
    live = serve(keys_file=file)
    body = {"image": URI, "reference": "shared"}
    assert live.http.post("/recreate", json=body, headers={"Authorization": f"Bearer {alice}"}).status_code == 202
    counts = [
        len(live.http.get("/jobs?reference=shared", headers={"Authorization": f"Bearer {key}"}).json()["jobs"])
        for key in (alice, bob)
    ]
    assert counts == [1, 0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"reference": "x" * 201}, "reference"),
        ({"reference": ""}, "reference"),
        ({"reference": "a\tb"}, "reference"),
        ({"kind": "retouch"}, "kind"),
        ({"verdict": "lovely"}, "verdict"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "1767225600"}, "since"),
        ({"since": "2026-13-01T00:00:00Z"}, "since"),
        ({"since": "2026-01-01T00:00:00 01:00"}, "since"),
        ({"referenz": "a"}, "referenz"),
    ],
)
def test_a_filter_that_is_wrong_is_named(idle: Live, query: dict[str, str], field: str) -> None:
    assert_problem(idle.http.get("/jobs", params=query), 422, "invalid_field", f"#/{field}")


def test_labels_that_are_wrong_are_named(idle: Live) -> None:
    files = {"image": ("a.png", png())}
    for fields, place in (
        ({"reference": "x" * 201}, "#/reference"),
        ({"reference": "a\nb"}, "#/reference"),
        ({"metadata": "season=SS27"}, "#/metadata"),
        ({"metadata": '["a"]'}, "#/metadata"),
        ({"metadata": '{"size": 3}'}, "#/metadata/size"),
    ):
        assert_problem(idle.http.post("/recreate", files=files, data=fields), 422, "invalid_field", place)


def test_the_same_key_with_another_reference_is_other_content(idle: Live) -> None:
    headers = {"Idempotency-Key": "k1"}
    body = {"image": URI, "reference": "A"}
    first = idle.http.post("/recreate", json=body, headers=headers)
    again = idle.http.post("/recreate", json=body, headers=headers)
    assert again.json()["id"] == first.json()["id"]
    other = idle.http.post("/recreate", json={**body, "reference": "B"}, headers=headers)
    assert_problem(other, 422, "idempotency_mismatch")


def test_a_list_of_a_big_store_stays_cheap(idle: Live, stack: Stack) -> None:
    """60,000 other jobs stand in the lists; a page of 2 asks Redis for little, and time has no part in it."""
    wanted = [submit(idle, reference="needle")["id"] for _ in range(2)][::-1]
    others = [f"{int(wanted[1][:12], 16) - number:012x}" + "0" * 20 for number in range(60_000)]
    kind = keys.OWNER_KIND_KEY.format(owner=LOCAL_OWNER, kind="recreate")
    every = keys.OWNER_JOBS_KEY.format(owner=LOCAL_OWNER)
    client = connection(stack)
    with client.pipeline() as pipeline:
        for key in (kind, every):
            for start in range(0, len(others), 10_000):
                pipeline.zadd(key, dict.fromkeys(others[start : start + 10_000], 0))
        pipeline.execute()
    before = client.info("stats")["total_commands_processed"]
    assert listed(idle, reference="needle", kind="recreate") == wanted
    assert client.info("stats")["total_commands_processed"] - before < 50
    page = idle.http.get("/jobs", params={"kind": "recreate", "limit": 2}).json()
    assert [job["id"] for job in page["jobs"]] == wanted


def test_a_page_ends_after_so_many_ids_and_the_next_goes_on(idle: Live, stack: Stack) -> None:
    old = submit(idle, reference="often")["id"]
    gone = {f"{int(old[:12], 16) + number:012x}" + "f" * 20: 0 for number in range(MOST_LOOKED_AT + 5)}
    connection(stack).zadd(reference_key(LOCAL_OWNER, "often"), gone)
    first = idle.http.get("/jobs", params={"reference": "often"}).json()
    assert first["jobs"] == [] and first["next"]
    second = idle.http.get("/jobs", params={"reference": "often", "cursor": first["next"]}).json()
    assert ([job["id"] for job in second["jobs"]], second["next"]) == ([old], None)


def test_lists_expire_with_the_jobs(idle: Live, stack: Stack) -> None:
    submit(idle, reference="short")
    seconds = connection(stack).ttl(reference_key(LOCAL_OWNER, "short"))
    assert keys.EXPIRED_SECONDS < seconds <= keys.EXPIRED_SECONDS + idle.app.state.services.settings.lifetime


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("AB 12/34", 'inline; filename="AB-12-34-0.png"'),
        ("é", "inline; filename=\"e-0.png\"; filename*=UTF-8''%C3%A9-0.png"),
    ],
)
def test_downloads_are_named_by_the_reference(live: Live, reference: str, shown: str) -> None:
    job = live.finished(reference=reference, steps="2", strength="0.01")
    answer = live.http.get(job["result"]["images"][0]["url"])
    assert answer.headers["content-disposition"] == shown


def test_downloads_without_a_reference_are_named_by_the_id(live: Live) -> None:
    job = live.finished(steps="2", strength="0.01")
    named = live.http.get(job["result"]["images"][0]["url"]).headers["content-disposition"]
    assert named == f'inline; filename="{job["id"]}-0.png"'
