"""`POST /generate`: what is taken in either body, what is refused and where, and what comes back."""

import io
import json
import time

import httpx
import pytest
import redis
from PIL import Image

from likeness.client import Client
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import order

WISH = {"prompt": "a red shirt", "width": 70, "height": 90}


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


def posted(live: Live, query: str = "", key: str | None = None, **fields) -> httpx.Response:
    return live.http.post(f"/generate{query}", json={**WISH, **fields}, headers={"Idempotency-Key": key} if key else {})


def finished(live: Live, **fields) -> dict:
    answer = live.http.post("/generate", json={**WISH, **fields}, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_form_and_json_are_the_same_job_and_nothing_is_stored_for_it(idle: Live, stack: Stack) -> None:
    fields = {"candidates": 2, "seed": 7, "format": "webp", "loras": [], "exact": True}
    as_text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in (WISH | fields).items()}
    parts = {name: (None, text) for name, text in as_text.items()}
    answers = idle.http.post("/generate", files=parts), posted(idle, **fields)
    assert [answer.status_code for answer in answers] == [202, 202], [answer.text for answer in answers]
    one, other = (order(stack, answer.json()["id"]) for answer in answers)
    assert one.task == other.task and one.input is None and one.files == {}
    assert (one.task.width, one.task.format, one.engine) == (70, "webp", "drill")
    assert answers[0].json()["kind"] == "generate" and not idle.pictures()


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"prompt": ""}, "#/prompt"),
        ({"prompt": None}, "#/prompt"),
        ({"top_p": 0}, "#/top_p"),
        ({"label": "shirt"}, "#/label"),
        ({"width": 63}, "#/width"),
        ({"height": 4097}, "#/height"),
        ({"width": None}, "#/"),
        ({"strength": 0.5}, "#/strength"),
        ({"image": "https://example.com/a.png"}, "#/image"),
        ({"mask": "product"}, "#/mask"),
        ({"format": "same"}, "#/format"),
        ({"steps": 5000}, "#/steps"),
        ({"loras": [{"name": "nobody"}]}, "#/loras/0"),
    ],
)
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_what_is_refused_names_its_place(idle: Live, fields: dict, pointer: str, query: str) -> None:
    assert_problem(posted(idle, query, **fields), 422, "invalid_field", pointer)
    assert idle.http.get("/jobs").json()["jobs"] == []


def test_a_picture_is_refused_in_a_form_too(idle: Live) -> None:
    parts = {"prompt": (None, "a shirt"), "image": ("a.png", png())}
    assert_problem(idle.http.post("/generate", files=parts), 422, "invalid_field", "#/image")
    assert_problem(idle.http.post("/generate", files={"image": (None, "x"), **parts}), 422, "invalid_field", "#/image")


def test_a_form_says_true_and_false_as_json_does(idle: Live) -> None:
    for text, status in (("true", 202), ("false", 202), ("yes", 422), ("True", 422), ("1", 422)):
        answer = idle.http.post("/generate", files={"prompt": (None, "a shirt"), "exact": (None, text)})
        assert answer.status_code == status, text
    assert_problem(answer, 422, "invalid_field", "#/exact")


def test_a_body_has_no_room_for_pictures(idle: Live) -> None:
    assert_problem(posted(idle, prompt="x" * 70_000), 413, "upload_too_large")


def test_a_size_over_the_bounds_of_the_service_is_refused(serve) -> None:
    small = serve(max_pixels=5000)
    assert_problem(posted(small), 422, "picture_too_large", "#/width")
    assert posted(small, height=71).status_code == 202


def test_without_an_engine_that_can_it_says_how_to_get_one(shop: Live) -> None:
    answer = posted(shop)
    assert_problem(answer, 422, "engine_not_installed", "#/engine")
    assert "likeness models pull sd15" in answer.json()["detail"]
    answer = posted(shop, engine="starter")
    assert_problem(answer, 422, "invalid_field", "#/engine")
    assert "sd15" in answer.json()["detail"].partition("; take ")[2]
    assert_problem(posted(shop, engine="nobody"), 422, "unknown_engine", "#/engine")


def test_a_comparison_takes_none(idle: Live) -> None:
    parts = {
        "image": ("a.png", png()),
        "task": (None, json.dumps({"kind": "generate", "prompt": "a shirt"})),
        "runs": (None, "[{}]"),
    }
    answer = idle.http.post("/compare", files=parts)
    assert_problem(answer, 422, "invalid_field", "#/task")
    assert "generate has no original to compare with" in answer.json()["detail"]


def test_a_dry_run_tells_the_canvas_and_keeps_nothing(serve, stack: Stack) -> None:
    shop = serve(catalogue=None)
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        before = client.dbsize()
    told = posted(serve(), "?dry_run=true").json()
    assert (told["kind"], told["engine"]) == ("generate", "drill")
    assert told["runs"][0]["canvas"] == {"width": 72, "height": 96, "tiles": 1}
    assert told["runs"][0]["parameters"]["prompt"] == "a red shirt"
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        assert client.dbsize() == before
    assert shop.http.get("/jobs").json()["jobs"] == []


def test_the_same_key_makes_one_job(idle: Live) -> None:
    first, again, other = posted(idle, key="k"), posted(idle, key="k"), posted(idle, key="k", seed=9)
    assert again.json()["id"] == first.json()["id"] and again.headers["idempotency-replayed"] == "true"
    assert_problem(other, 422, "idempotency_mismatch")


def test_it_comes_back_with_its_report(live: Live) -> None:
    job = finished(live, candidates=2, keep="all", seed=5)
    result = job["result"]
    assert (job["kind"], len(result["images"]), result["recipe"]["input_sha256"]) == ("generate", 2, None)
    image = result["images"][0]
    assert (image["width"], image["height"], image["mode"], image["format"]) == (70, 90, "RGB", "png")
    data = live.http.get(image["url"]).content
    assert Image.open(io.BytesIO(data)).size == (70, 90)
    report = live.http.get(f"{job['links']['self']}/report").json()
    assert report == image["report"] and report["verdict"] == "not_judged"
    assert {score["value"] for score in report["fidelity"]} == {None} and report["fidelity"][0]["reason"]
    card = live.http.get(f"{job['links']['self']}/report", headers={"Accept": "image/png"})
    assert card.status_code == 200 and Image.open(io.BytesIO(card.content)).format == "PNG"
    events = live.http.get(f"{job['links']['self']}/events").text
    assert '"status":"succeeded"' in events


def test_without_a_size_it_is_the_square_of_the_engine(live: Live) -> None:
    job = finished(live, width=None, height=None)
    assert (job["result"]["images"][0]["width"], job["result"]["recipe"]["task"]["height"]) == (1024, 1024)


def test_it_is_reproduced_and_erased(live: Live) -> None:
    job = finished(live)
    answer = live.http.post(f"{job['links']['self']}/reproduce", headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    again = answer.json()
    assert (again["kind"], again["reproduces"]) == ("generate", job["id"])
    assert [row["sameness"] for row in again["result"]["reproduction"]["images"]] == ["bitwise"]
    before = live.pictures()
    assert live.http.delete(job["links"]["self"]).status_code == 204
    assert len(live.pictures()) == len(before) - 1, "the one it made; it was given none"
    assert_problem(live.http.post(f"{job['links']['self']}/reproduce"), 410, "job_expired")


def test_a_waiting_one_is_erased_though_nothing_is_stored(idle: Live) -> None:
    here = posted(idle).json()["links"]["self"]
    assert idle.http.delete(here).status_code == 204
    assert_problem(idle.http.get(here), 410, "job_expired")


def test_it_is_cancelled_within_a_step(live: Live) -> None:
    job = posted(live, steps=500).json()
    here, until = job["links"]["self"], time.monotonic() + 20
    while live.http.get(here).json()["status"] != "running":
        assert time.monotonic() < until
        time.sleep(0.02)
    live.http.post(job["links"]["cancel"])
    ended = live.http.get(here, params={"wait": 20}).json()
    assert ended["status"] == "cancelled"


def test_the_client_hands_it_in(live: Live) -> None:
    with Client(live.url) as client:
        assert client.dry_run("generate", prompt="a red shirt").kind == "generate"
        job = client.wait(client.generate("a red shirt", width=70, height=90, seed=3, engine=None))
        assert Image.open(io.BytesIO(client.image(job))).size == (70, 90)
        assert client.reproduce(job).id != job.id
