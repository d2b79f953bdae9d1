"""Reviews: a decision and a comment of each person, shown with the job, found by it, and lost to nobody."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from likeness.contract.reviews import MAX_COMMENT
from likeness.queue import keys
from service.auth.keys import KeyLimits, KeysError, Scope, create_key, read_keys, revoke_key
from service.queue.job_hash import job_of
from service.webhooks.event import event_of
from tests.service.auth.test_scopes import PUBLIC, routes
from tests.service.conftest import Live, Stack, serving
from tests.service.http.test_bad_input import URI, assert_problem
from tests.service.jobs.test_references import connection, listed

APPROVED = {"decision": "approved"}
REJECTED = {"decision": "rejected", "comment": "the collar is\nstill blue"}


def made(live: Live, **fields: str) -> dict[str, Any]:
    return live.finished(steps="2", strength="0.01", **fields)


def review_of(job: dict[str, Any]) -> str:
    return f"{job['links']['self']}/review"


class Shop:
    """A service with keys: one that owns the jobs, and reviewers who share them."""

    def __init__(self, live: Live, stack: Stack, file: Path, people: list[str]) -> None:
        self.owner = create_key(file, "shop")
        limits = KeyLimits(scopes=[Scope.READ, Scope.REVIEW])
        self.people = {name: create_key(file, name, limits, owner="shop") for name in people}
        self.live = live

    def call(self, key: str, method: str, path: str, **more: Any) -> httpx.Response:
        return self.live.http.request(method, path, headers={"Authorization": f"Bearer {key}"}, **more)

    def job(self, **fields: str) -> dict[str, Any]:
        body = {"image": URI, "steps": 2, "strength": 0.01, **fields}
        headers = {"Authorization": f"Bearer {self.owner}", "Prefer": "wait=30"}
        job = self.live.http.post("/recreate", json=body, headers=headers).json()
        assert job["status"] == "succeeded"
        return job


@pytest.fixture
def shop(live: Live, stack: Stack, tmp_path: Path):
    with serving(stack.settings(0, keys_file=tmp_path / "keys.json")) as keyed:
        yield Shop(keyed, stack, tmp_path / "keys.json", [f"reviewer-{number}" for number in range(8)])


def test_a_review_is_shown_replaced_and_withdrawn(live: Live) -> None:
    job = made(live)
    assert (job["review"], job["reviews"]) == ("none", [])
    etag = live.http.get(job["links"]["self"]).headers["etag"]
    answer = live.http.post(review_of(job), json=REJECTED)
    assert answer.status_code == 200, answer.text
    (review,) = answer.json()["reviews"]
    assert (review["by"], review["decision"], review["comment"]) == ("local", *REJECTED.values())
    assert live.http.get(job["links"]["self"]).headers["etag"] != etag
    assert live.http.get(job["links"]["self"]).json() == answer.json()
    again = live.http.post(review_of(job), json=APPROVED).json()
    assert again["review"] == "approved" and [one["comment"] for one in again["reviews"]] == [None]
    assert live.http.delete(review_of(job)).json()["reviews"] == []
    assert live.http.delete(review_of(job)).status_code == 200, "twice is as once"


def test_a_comment_alone_decides_nothing(live: Live) -> None:
    job = made(live, reference="comment alone")
    assert live.http.post(review_of(job), json={"comment": "which season?"}).json()["review"] == "none"
    assert listed(live, review="none", reference="comment alone") == [job["id"]]


def test_lists_by_review(live: Live) -> None:
    first, second, third = (made(live, reference="by review") for _ in range(3))
    live.http.post(review_of(first), json=APPROVED)
    live.http.post(review_of(second), json=REJECTED)
    for review, job in (("approved", first), ("rejected", second), ("none", third)):
        assert listed(live, review=review, reference="by review") == [job["id"]], review
    assert listed(live, review="disputed", reference="by review") == []
    assert listed(live, review="approved", verdict="rejected", reference="by review") == []
    assert first["id"] in listed(live, review="approved", limit=1)
    live.http.post(review_of(first), json=REJECTED)
    assert listed(live, review="rejected", reference="by review") == [second["id"], first["id"]]
    live.http.delete(review_of(first))
    assert listed(live, review="none", reference="by review") == [third["id"], first["id"]]
    assert_problem(live.http.get("/jobs?review=lovely"), 422, "invalid_field", "#/review")


def test_reviewers_at_once_lose_nothing(shop: Shop) -> None:
    job = shop.job()

    def judge(number: int) -> httpx.Response:
        body = {"decision": "approved" if number % 2 else "rejected", "comment": f"comment {number}"}
        return shop.call(shop.people[f"reviewer-{number}"], "POST", review_of(job), json=body)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(judge, range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    seen = shop.call(shop.owner, "GET", job["links"]["self"]).json()
    assert seen["review"] == "disputed"
    assert {(one["by"], one["comment"]) for one in seen["reviews"]} == {
        (f"reviewer-{number}", f"comment {number}") for number in range(8)
    }
    ids = [one["id"] for one in shop.call(shop.owner, "GET", "/jobs?review=disputed").json()["jobs"]]
    assert ids == [job["id"]]
    shop.call(shop.people["reviewer-1"], "DELETE", review_of(job))
    left = shop.call(shop.owner, "GET", job["links"]["self"]).json()["reviews"]
    assert len(left) == 7 and "reviewer-1" not in {one["by"] for one in left}


def test_a_reviewer_does_nothing_else(shop: Shop) -> None:
    anna, job = shop.people["reviewer-0"], shop.job()
    assert shop.call(anna, "GET", "/usage").json()["key"] == "reviewer-0"
    assert shop.call(anna, "GET", job["result"]["images"][0]["url"]).status_code == 200
    assert shop.call(anna, "GET", "/jobs").json()["jobs"][0]["id"] == job["id"]
    assert_problem(shop.call(anna, "POST", "/recreate", json={"image": URI}), 403, "scope_missing")
    assert_problem(shop.call(anna, "DELETE", job["links"]["self"]), 403, "scope_missing")


def test_the_jobs_of_others_are_not_reviewed(shop: Shop, tmp_path: Path) -> None:
    stranger = create_key(tmp_path / "keys.json", "stranger")
    job = shop.job()
    assert_problem(shop.call(stranger, "POST", review_of(job), json=APPROVED), 404, "job_not_found")
    assert_problem(shop.call(stranger, "DELETE", review_of(job)), 404, "job_not_found")


def test_a_link_reviews_the_jobs_of_one_reference_and_does_nothing_else(shop: Shop, stack: Stack) -> None:
    ours, other, client = shop.job(reference="autumn"), shop.job(reference="spring"), connection(stack, 0)
    client.hset(keys.JOB_KEY.format(id=ours["id"]), keys.FIELD_WEBHOOK, "https://shop.example/hook")
    asked = {"reference": "autumn", "name": "anna"}
    before = set(client.keys("likeness:review-link:*"))
    made = shop.call(shop.owner, "POST", "/review-links", json=asked).json()
    link = made["token"]
    assert shop.call(link, "POST", review_of(ours), json=APPROVED).json()["reviews"][0]["by"] == "anna (link)"
    (seen,) = shop.call(link, "GET", "/jobs").json()["jobs"]
    assert (seen["id"], seen["webhook"]) == (ours["id"], None) and "token" not in seen["links"]["events"]
    assert shop.call(link, "GET", "/jobs?reference=autumn&review=approved").json()["jobs"] == [seen]
    for path in (*_pictures(ours), f"{ours['links']['self']}/input"):
        assert shop.call(link, "GET", path).status_code == 200
    assert shop.call(link, "DELETE", review_of(ours)).json()["reviews"] == []

    looks = [("GET", path) for path in ("/images/0", "/images/0/thumbnail", "/input")]
    for method, path in (("POST", "/review"), ("DELETE", "/review"), *looks):
        answer = shop.call(link, method, f"{other['links']['self']}{path}", json=APPROVED)
        assert_problem(answer, 404, "job_not_found")
    assert_problem(shop.call(link, "GET", "/jobs?reference=spring"), 403, "scope_missing")
    image = "/jobs/{job_id}/images/{n}"
    opened = {"/jobs", image, f"{image}/thumbnail", "/jobs/{job_id}/input", "/jobs/{job_id}/review"}
    for method, template in sorted(routes(shop.live.app) - PUBLIC):
        path = re.sub(r"\{[^}]+\}", ours["id"], template.replace("{n}", "0"))
        answer = shop.call(link, method, path)
        assert answer.status_code == 401 or template in opened, f"{method} {template}"

    (name,) = set(client.keys("likeness:review-link:*")) - before
    assert 0 < client.ttl(name) <= 86_400
    kept = name + client.get(name)
    assert link.rpartition(".")[2].encode() not in kept, "what is stored opens nothing"
    client.delete(name)  # as its time does
    assert_problem(shop.call(link, "GET", "/jobs"), 401, "not_authenticated")


def _pictures(job: dict[str, Any]) -> list[str]:
    url = job["result"]["images"][0]["url"]
    return [url, f"{url}/thumbnail"]


def test_a_link_can_do_no_more_than_the_key_that_made_it_and_ends_with_it(shop: Shop, tmp_path: Path) -> None:
    job, file = shop.job(reference="autumn"), tmp_path / "keys.json"
    writer = create_key(file, "writer", KeyLimits(scopes=[Scope.WRITE]), owner="shop")
    blind = shop.call(writer, "POST", "/review-links", json={"reference": "autumn"}).json()["token"]
    assert_problem(shop.call(blind, "GET", "/jobs"), 403, "scope_missing")
    assert_problem(shop.call(blind, "POST", review_of(job), json=APPROVED), 403, "scope_missing")
    assert_problem(shop.call(shop.people["reviewer-0"], "POST", "/review-links", json={}), 403, "scope_missing")
    link = shop.call(shop.owner, "POST", "/review-links", json={"reference": "autumn"}).json()["token"]
    revoke_key(file, "shop")
    assert_problem(shop.call(link, "GET", "/jobs"), 401, "not_authenticated")


def test_a_shared_key_ends_with_its_owner(shop: Shop, tmp_path: Path) -> None:
    anna = shop.people["reviewer-0"]
    revoke_key(tmp_path / "keys.json", "shop")
    assert_problem(shop.call(anna, "GET", "/jobs"), 401, "not_authenticated")
    create_key(tmp_path / "keys.json", "shop")
    assert shop.call(anna, "GET", "/jobs").status_code == 200


def test_a_key_shares_the_jobs_of_one_that_has_jobs(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    create_key(file, "shop")
    create_key(file, "anna", owner="shop")
    for owner, limits in (("nobody", KeyLimits()), ("anna", KeyLimits()), ("shop", KeyLimits(daily_quota=1))):
        with pytest.raises(KeysError):
            create_key(file, "ben", limits, owner=owner)
    assert [record.summary for record in read_keys(file)] == ["shop", "anna owner=shop"]


def test_what_a_shared_key_submits_counts_for_its_owner(serve, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    owner = create_key(file, "shop", KeyLimits(daily_quota=1))
    anna = create_key(file, "anna", owner="shop")
    live = serve(keys_file=file)
    headers = [{"Authorization": f"Bearer {key}"} for key in (anna, owner)]
    job = live.http.post("/recreate", json={"image": URI}, headers=headers[0]).json()
    assert live.http.get(job["links"]["self"], headers=headers[1]).status_code == 200
    assert_problem(live.http.post("/recreate", json={"image": URI}, headers=headers[1]), 429, "quota_exceeded")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, None),
        ({"decision": None}, None),
        ({"decision": "lovely"}, "#/decision"),
        ({"comment": "x" * (MAX_COMMENT + 1)}, "#/comment"),
        ({"comment": " \n"}, "#/comment"),
        ({"comment": "a\x00b"}, "#/comment"),
        ({"decision": "approved", "by": "the boss"}, "#/by"),
    ],
    ids=["nothing", "null", "decision", "long", "blank", "control", "name"],
)
def test_a_review_that_is_wrong_is_named(live: Live, body: dict[str, Any], place: str | None) -> None:
    job = made(live)
    answer = live.http.post(review_of(job), json=body)
    if place is None:
        assert answer.status_code == 422 and "a decision or a comment is required" in answer.text
    else:
        assert_problem(answer, 422, "invalid_field", place)
    assert live.http.get(job["links"]["self"]).json()["reviews"] == []


def test_a_job_without_a_result_is_not_reviewed(idle: Live) -> None:
    job = idle.http.post("/recreate", json={"image": URI}).json()
    assert_problem(idle.http.post(review_of(job), json=APPROVED), 409, "job_not_finished")
    assert_problem(idle.http.post(f"/jobs/{'0' * 32}/review", json=APPROVED), 404, "job_not_found")


def test_reviews_go_with_the_job(live: Live, stack: Stack) -> None:
    job = made(live)
    live.http.post(review_of(job), json=APPROVED)
    client = connection(stack, 0)
    key, decided = keys.JOB_KEY.format(id=job["id"]), keys.OWNER_DECISION_KEY.format(owner="local", decision="approved")
    assert 0 < client.ttl(key) <= live.app.state.services.settings.lifetime, "a review does not prolong a job"
    assert client.zscore(decided, job["id"]) is not None
    assert client.ttl(decided) > keys.EXPIRED_SECONDS
    live.http.delete(job["links"]["self"])
    assert client.exists(key) == 0 and client.zscore(decided, job["id"]) is None
    assert_problem(live.http.post(review_of(job), json=APPROVED), 410, "job_expired")


def test_a_webhook_says_the_same_after_a_review(live: Live, stack: Stack) -> None:
    job, client = made(live), connection(stack, 0)
    catalogue = live.app.state.services.catalogue
    told = [event_of(job_of(client.hgetall(keys.JOB_KEY.format(id=job["id"]))), catalogue)]
    live.http.post(review_of(job), json=REJECTED)
    told.append(event_of(job_of(client.hgetall(keys.JOB_KEY.format(id=job["id"]))), catalogue))
    assert told[0] == told[1], "each try has the same body"
