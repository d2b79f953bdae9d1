"""`edits` of `/customise`, and images of earlier jobs as input: what the service takes, refuses and hands on."""

import json

import pytest

from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import MASK, form, order

TWO = [{"instruction": "make it red"}, {"instruction": "make the picture warmer"}]
OTHERS = "0" * 32


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


def asked(live: Live, edits: list, **parts) -> object:
    return form(live, edits=json.dumps(edits), **parts)


def test_edits_are_queued_as_one_job_with_every_engine_named(shop: Live, stack: Stack) -> None:
    answer = asked(shop, [*TWO, {"recolour": {"to": "#112233"}, "engine": "retouch"}], preserve="background")
    assert answer.status_code == 202, answer.text
    sent = order(stack, answer.json()["id"])
    assert [edit.engine for edit in sent.task.edits][2] == "retouch" and all(edit.engine for edit in sent.task.edits)
    assert sent.runs == 3 and sent.task.preserve == "background" and "alone" in sent.batch_key
    single = order(stack, form(shop, instruction="make it red").json()["id"])
    assert sent.timeout > single.timeout


def test_a_sentence_of_two_is_the_same_job_as_its_list(shop: Live, stack: Stack) -> None:
    said = order(stack, form(shop, instruction="make it red and warmer").json()["id"])
    listed = order(stack, asked(shop, TWO).json()["id"])
    assert [edit.instruction for edit in said.task.edits] == [edit.instruction for edit in listed.task.edits]


def test_what_a_sentence_keeps_is_protected(shop: Live, stack: Stack) -> None:
    kept = order(stack, form(shop, instruction="make it red and keep the background").json()["id"])
    assert kept.task.preserve == "background" and kept.task.instruction
    answer = form(shop, instruction="make it red and keep the background", preserve="product")
    assert_problem(answer, 422, "invalid_field", "#/instruction")


def test_a_dry_run_tells_every_edit(shop: Live) -> None:
    answer = form(shop, "/customise?dry_run=true", edits=json.dumps(TWO))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert len(told["runs"]) == 2 and told["timeout"] == sum(run["timeout"] for run in told["runs"])
    assert not shop.pictures()


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"edits": [{"instruction": "make it glow"}]}, "#/edits/0/instruction"),
        ({"edits": [*TWO, {}]}, "#/edits/2"),
        ({"edits": [*TWO, {"text": "A", "recolour": {"to": "#112233"}}]}, "#/edits/2"),
        ({"edits": [*TWO, {"instruction": "make it red", "engine": "nobody"}]}, "#/edits/2/engine"),
        ({"edits": [*TWO, {"instruction": "make it red", "steps": 5000}]}, "#/edits/2/steps"),
        ({"edits": [*TWO, {"instruction": "make it red", "candidates": 2}]}, "#/edits/2/candidates"),
        ({"edits": [*TWO, {"logo": "file"}]}, "#/logo"),
        ({"edits": [*TWO] * 5}, "#/edits"),
        ({"edits": [{"instruction": "make it red and warmer"}] * 5}, "#/edits"),
        ({"edits": TWO, "instruction": "make it red"}, "#/"),
        ({"edits": TWO, "seed": "0"}, "#/"),
        ({"edits": TWO, "engine": "retouch"}, "#/"),
        ({"edits": TWO, "keep": "all"}, "#/"),
        (
            {"edits": [{"instruction": "make it red", "preserve": "product"}], "preserve": "background"},
            "#/edits/0/preserve",
        ),
        ({"edits": TWO, "logo": MASK}, "#/logo"),
        ({"edits": TWO, "format": "webp", "preserve": "background"}, "#/format"),
    ],
)
def test_what_is_wrong_with_an_edit_is_told_by_its_number(shop: Live, parts: dict, pointer: str) -> None:
    sent = dict(parts)
    answer = asked(shop, sent.pop("edits"), **sent)
    assert answer.status_code == 422, answer.text
    assert pointer in [problem["pointer"] for problem in answer.json()["errors"]], answer.text
    assert not shop.pictures()


def test_a_comparison_tries_one_edit(shop: Live) -> None:
    for task in ({"edits": TWO}, {"instruction": "make it red and warmer"}):
        runs = json.dumps([{"engine": "retouch"}, {"engine": "starter-edit"}])
        answer = form(shop, "/compare", task=json.dumps({"kind": "customise", **task}), runs=runs)
        assert answer.status_code == 422 and "one edit" in answer.json()["detail"], answer.text


def test_a_file_is_of_the_edit_that_says_so(shop: Live, stack: Stack) -> None:
    sent = order(stack, asked(shop, [TWO[0], {"logo": "file"}], logo=png((8, 8))).json()["id"])
    assert set(sent.files) == {"logo"} and sent.task.logo is None and sent.task.edits[1].logo == "file"
    sent = order(stack, asked(shop, TWO, mask=MASK).json()["id"])
    assert sent.task.mask == "file" and not sent.task.edits[0].mask


def test_an_image_of_a_job_is_worked_on(live: Live) -> None:
    first = live.finished()
    whole = live.http.get(first["result"]["images"][0]["url"]).content
    for body in (
        {"json": {"image": {"job": first["id"], "image": 0}}},
        {"data": {"image": json.dumps({"job": first["id"]})}, "files": {"engine": (None, "drill")}},
    ):
        answer = live.http.post("/recreate", headers={"Prefer": "wait=30"}, **body)
        assert answer.status_code == 200, answer.text
        got = answer.json()
        assert live.http.get(f"/jobs/{got['id']}/input").content == whole


@pytest.mark.parametrize(
    "image",
    [{"job": OTHERS}, {"job": OTHERS, "image": 7}, {"job": "x"}, {"job": OTHERS, "image": -1}, {"image": 0}, {}],
)
def test_an_image_that_is_not_the_callers_is_refused(live: Live, image: dict) -> None:
    assert_problem(live.http.post("/recreate", json={"image": image}), 422, "invalid_field", "#/image")


def test_an_image_that_is_not_made_is_refused_in_the_same_words(live: Live) -> None:
    first = live.finished()
    missing = live.http.post("/recreate", json={"image": {"job": first["id"], "image": 9}}).json()
    unknown = live.http.post("/recreate", json={"image": {"job": OTHERS, "image": 9}}).json()
    assert missing["detail"].replace(first["id"], OTHERS) == unknown["detail"]
