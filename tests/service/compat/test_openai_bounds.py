"""The bounds of the OpenAI images API: bodies, calls that wait, and how long they do."""

import base64
import os
from collections.abc import Callable

import openai
import pytest

from tests.service.compat.test_openai import jobs, photo
from tests.service.conftest import Live


def test_bodies_are_bounded_as_those_of_our_own_calls(serve: Callable[..., Live]) -> None:
    live = serve(max_upload_bytes=100_000)
    noise = ("a.png", os.urandom(250_000))
    within = live.http.post("/v1/images/edits", files={"image": noise})
    assert within.json()["error"]["param"] == "image" and "at most 100000" in within.json()["error"]["message"]
    over = live.http.post("/v1/images/edits", files={"image": noise, "mask": noise})
    text = base64.b64encode(noise[1] * 2).decode()
    for answer in (
        over,
        live.http.post("/v1/images/generations", json={"prompt": text}),
        live.http.post("/sdapi/v1/img2img", json={"init_images": [text]}),
        live.http.post("/v1/predictions", json={"version": "drill", "input": {"image": text}}),
        live.http.post("/v1/files", files={"content": noise}),
    ):
        assert answer.status_code == 413, answer.text


def test_more_calls_than_may_wait_are_refused_before_anything_is_accepted(serve: Callable[..., Live]) -> None:
    live = serve(max_waiting=0)
    client = openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", max_retries=0)
    with client, pytest.raises(openai.InternalServerError, match="too many calls"):
        client.images.edit(image=photo(12), prompt="")
    assert jobs(live) == []


def test_a_call_waits_no_longer_than_is_set_and_finds_its_job_again(serve: Callable[..., Live]) -> None:
    live = serve(call_seconds=1)
    client = openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", max_retries=1)
    with client, pytest.raises(openai.InternalServerError, match="is queued after 1 s"):
        client.images.edit(image=photo(13), prompt="")
    assert len(jobs(live)) == 1
