"""HEAD wherever GET is, a slash behind the path, and fields that say nothing."""

import base64
import re
import time

import httpx
import pytest

from tests.service.auth.test_scopes import routes
from tests.service.conftest import Live, encoded, png
from tests.service.http.test_bad_input import URI, assert_problem

SAME = ("content-type", "content-length", "etag", "cache-control", "vary", "content-disposition", "allow")


def test_head_answers_as_get_without_the_body(live: Live) -> None:
    job = live.finished()["id"]
    seen = 0
    for method, template in sorted(routes(live.app)):
        if method != "GET" or template in ("/metrics", "/sdapi/v1/progress"):  # these change from call to call
            continue
        path = re.sub(r"\{job_id\}", job, template.replace("{n}", "0").replace("{name}", "drill"))
        with live.http.stream("GET", path) as whole:
            head = live.http.head(path)
            assert (head.status_code, head.content) == (whole.status_code, b""), path
            for name in SAME:
                assert head.headers.get(name) == whole.headers.get(name), (path, name)
        seen += 1
    assert seen > 15


def test_head_does_not_wait_for_the_end_of_a_stream(live: Live) -> None:
    answer = live.http.post("/recreate", files={"image": ("a.png", png())}, data={"steps": "200", "prompt": "slow 2"})
    started = time.monotonic()
    head = live.http.head(answer.json()["links"]["events"])
    assert head.status_code == 200 and head.headers["content-type"].startswith("text/event-stream")
    assert time.monotonic() - started < 1.5
    live.http.post(answer.json()["links"]["cancel"])


@pytest.mark.parametrize("path", ["/recreate/", "/jobs/", "/healthz/", "/engines/"])
def test_a_slash_behind_the_path_is_served_without_a_redirect(idle: Live, path: str) -> None:
    if path == "/recreate/":
        answer = idle.http.post(path, files={"image": ("a.png", png())})
        assert answer.status_code == 202 and "location" in answer.headers
    else:
        answer = idle.http.get(path)
        assert answer.status_code == 200
    assert not answer.history


def test_the_errors_of_other_apis_keep_their_form_behind_a_slash(idle: Live) -> None:
    answer = idle.http.post("/v1/images/edits/", files={"image": ("a.png", b"none")})
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_a_method_that_is_not_there(idle: Live) -> None:
    answer = idle.http.get("/recreate")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    assert idle.http.head("/recreate").status_code == 405
    assert_problem(idle.http.get("/recreated"), 404, "no_such_route")


EMPTY = {"steps": "", "thresholds": "", "prompt": "", "engine": "", "seed": "", "exact": ""}


def test_empty_parts_of_a_form_and_null_are_fields_that_are_not_there(idle: Live) -> None:
    none = ("", b"", "application/octet-stream")
    once = {"Idempotency-Key": "the same content, or a 422"}
    plain = idle.http.post("/recreate", files={"image": ("a.png", png())}, headers=once)
    form = idle.http.post("/recreate", files={"image": ("a.png", png())}, data=EMPTY, headers=once)
    text = idle.http.post("/recreate", json={"image": URI, **dict.fromkeys(EMPTY)}, headers=once)
    assert plain.json()["id"] == form.json()["id"] == text.json()["id"]
    assert_problem(idle.http.post("/recreate", files={"image": none}), 422, "invalid_field", "#/image")


def test_the_same_holds_for_the_files_of_a_customisation(serve) -> None:
    shop = serve(catalogue=None)
    none = ("", b"", "application/octet-stream")
    files = {"image": ("a.png", png()), "mask": none, "logo": none, "guide": none}
    data = {"instruction": "make it red", "preserve": "", "text": "", "place": ""}
    form = shop.http.post("/customise", files=files, data=data)
    nulls = dict.fromkeys(("mask", "logo", "guide", "preserve", "text", "place"))
    text = shop.http.post("/customise", json={"image": URI, "instruction": "make it red", **nulls})
    assert form.status_code == text.status_code == 202, form.text + text.text


def test_it_holds_for_the_other_apis_too(live: Live) -> None:
    picture = base64.b64encode(encoded("PNG")).decode()
    answers: list[httpx.Response] = [
        live.http.post("/v1/images/edits", files={"image": ("a.png", png())}, data={"prompt": "", "size": "", "n": ""}),
        live.http.post("/sdapi/v1/img2img", json={"init_images": [picture], "batch_size": None, "seed": None}),
        live.http.post("/v1/predictions", json={"version": "drill", "input": {"image": URI, "steps": None}}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 201], [answer.text[:200] for answer in answers]
