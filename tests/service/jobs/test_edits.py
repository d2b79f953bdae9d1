"""`edits` of `/customise`, and images of earlier jobs as input: what the service takes, refuses and hands on."""

import base64
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


LAST = [TWO[0], {"packshot": {"preset": "amazon-main", "fill": 0.9}}]


@pytest.mark.parametrize("last", [{"cutout": {"format": "webp"}}, LAST[1]])
def test_a_cut_out_or_a_packshot_comes_last(shop: Live, stack: Stack, last: dict) -> None:
    sent = order(stack, asked(shop, [TWO[0], last], preserve="background").json()["id"])
    assert sent.runs == 2
    kind = next(iter(last))
    told = getattr(sent.task.edits[1], kind)
    assert all(getattr(told, name) == value for name, value in last[kind].items())
    rehearsed = form(shop, "/customise?dry_run=true", edits=json.dumps([TWO[0], last])).json()
    assert [run["engine"] for run in rehearsed["runs"]][1] == "retouch" and rehearsed["kind"] == "customise"


@pytest.mark.parametrize(
    ("parts", "format"),
    [
        ({"instruction": "remove the background"}, "png"),
        ({"instruction": "remove the background", "format": "webp"}, "webp"),
        ({"instruction": "remove the background", "preserve": "product", "engine": "retouch", "seed": "3"}, "png"),
        ({"edits": json.dumps([{"instruction": "remove the background"}]), "format": "webp"}, "webp"),
    ],
)
def test_a_sentence_that_removes_the_background_is_a_cut_out(shop: Live, stack: Stack, parts: dict, format: str):
    sent = order(stack, form(shop, **parts).json()["id"])
    assert sent.engine == "retouch" and sent.task.instruction is None and sent.task.format is None
    assert [edit.cutout.format for edit in sent.task.edits] == [format]


def test_a_sentence_with_a_cut_out_is_its_list(shop: Live, stack: Stack) -> None:
    said = order(stack, form(shop, instruction="remove the background and make the shirt red").json()["id"])
    listed = order(stack, asked(shop, [TWO[0], {"cutout": {}}]).json()["id"])
    assert said.task.edits == listed.task.edits


def test_a_quality_is_that_of_the_packshot(shop: Live, stack: Stack) -> None:
    sent = order(stack, asked(shop, LAST, format="jpeg", quality="80").json()["id"])
    assert (sent.task.edits[1].packshot.format, sent.task.edits[1].packshot.quality) == ("jpeg", 80)


def test_a_packshot_among_edits_may_be_before_a_picture(shop: Live, stack: Stack) -> None:
    edits = [TWO[0], {"packshot": {"background": "file", "mask": "file"}}]
    sent = order(stack, asked(shop, edits, background=png((8, 8)), mask=MASK).json()["id"])
    assert set(sent.files) == {"background", "mask"} and sent.task.mask is None
    coded = base64.b64encode(png((16, 16))).decode()
    body = {"image": coded, "background": coded, "edits": [TWO[0], {"packshot": {"background": "file"}}]}
    assert shop.http.post("/customise?dry_run=true", json=body).status_code == 200
    answer = form(shop, instruction="make it red", background=png((8, 8)))
    assert_problem(answer, 422, "invalid_field", "#/background")


@pytest.mark.parametrize(
    ("parts", "pointer", "said"),
    [
        ({"instruction": "remove the background", "format": "jpeg"}, "#/format", "alpha"),
        ({"instruction": "remove the background", "format": "same"}, "#/format", "name a file format"),
        ({"instruction": "remove the background", "quality": "80"}, "#/quality", "lossless"),
        ({"instruction": "remove the background", "flatten": "#ffffff"}, "#/flatten", "alpha"),
        ({"instruction": "remove the background", "mask": MASK}, "#/mask", "in the edit itself"),
        ({"instruction": "remove the background", "preserve": "background"}, "#/preserve", "nothing is edited"),
        ({"instruction": "remove the background", "strength": "0.5"}, "#/strength", "does not take it"),
        ({"instruction": "remove the background", "engine": "starter-edit"}, "#/engine", "makes no cut-outs"),
        (
            {"edits": [{"instruction": "remove the background", "mask": "product"}]},
            "#/edits/0/mask",
            "fields",
        ),
        ({"edits": [{"cutout": {}}, TWO[0]]}, "#/edits/1", "nothing is edited after it"),
        ({"edits": [{"packshot": {}}, {"cutout": {}}]}, "#/edits/1", "nothing is edited after it"),
        ({"edits": [{"instruction": "remove the background"}, TWO[0]]}, "#/edits/1", "nothing is edited after it"),
        ({"edits": [TWO[0], {"cutout": {}, "mask": "product"}]}, "#/edits/1", "not beside"),
        ({"edits": [TWO[0], {"cutout": {}, "packshot": {}}]}, "#/edits/1", "cutout and packshot"),
        ({"edits": [TWO[0], {"packshot": {"fill": 2}}]}, "#/edits/1/packshot/fill", "less than"),
        ({"edits": [TWO[0], {"packshot": {"preset": "etsy"}}]}, "#/edits/1/packshot/preset", "amazon-main"),
        ({"edits": [TWO[0], {"packshot": {"background": "file"}}]}, "#/background", "send it as a file"),
        ({"edits": [TWO[0], {"packshot": {"format": "png"}}], "format": "jpeg"}, "#/format", "says png"),
        ({"edits": [TWO[0], {"packshot": {}}], "format": "png", "quality": "80"}, "#/edits/1/packshot", "png has none"),
        (
            {"edits": [TWO[0], {"cutout": {}}], "preserve": "product", "lossy_lock": "true"},
            "#/lossy_lock",
            "exactly",
        ),
        (
            {"edits": [TWO[0], {"packshot": {"background": "transparent", "format": "jpeg"}}]},
            "#/edits/1/packshot/format",
            "transparent",
        ),
    ],
)
def test_what_a_cut_out_or_a_packshot_does_not_take_is_told(shop: Live, parts: dict, pointer: str, said: str) -> None:
    sent = {name: json.dumps(value) if isinstance(value, list) else value for name, value in parts.items()}
    answer = form(shop, **sent)
    assert answer.status_code == 422, answer.text
    found = [problem["detail"] for problem in answer.json()["errors"] if problem["pointer"] == pointer]
    assert found and said in " ".join(found), answer.text
    assert not shop.pictures()


def test_a_comparison_makes_no_cut_outs(shop: Live) -> None:
    task = json.dumps({"kind": "customise", "instruction": "remove the background"})
    answer = form(shop, "/compare", task=task, runs=json.dumps([{"engine": "retouch"}, {"engine": "starter-edit"}]))
    assert answer.status_code == 422 and "nothing to compare" in answer.json()["detail"], answer.text


def test_the_engine_of_cut_outs_says_so(shop: Live) -> None:
    said = {row["name"]: " ".join(row["instructions"]) for row in shop.http.get("/engines").json()["engines"]}
    assert "remove the background" in said["retouch"] and "remove the background" not in said["starter-edit"]


def test_a_packshot_among_edits_may_be_too_large(serve) -> None:
    live = serve(catalogue=None, max_pixels=1_000_000)
    answer = asked(live, [TWO[0], {"packshot": {"size": "2000x2000"}}])
    assert_problem(answer, 422, "picture_too_large", "#/edits/1/packshot/size")


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
