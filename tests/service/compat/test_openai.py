"""The OpenAI images API, as the `openai` package uses it, with a real worker."""

import base64
import contextlib
import io
import socket
import time
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import openai
import pytest
import redis
from PIL import Image

from likeness.contract.errors import every_error
from service.compat.errors import openai_error
from service.config import ConfigurationError
from service.http.problems import STATUS
from tests.service.conftest import Live, Stack

OWN = {"kind": "recreate"}
"""Makes a prompt that of a recreation, as the drill knows no other."""


@pytest.fixture
def client(live: Live) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", timeout=30, max_retries=2) as client:
        yield client


def opened(image: openai.types.Image) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(image.b64_json)))


def photo(seed: int, size: tuple[int, int] = (63, 41), format: str = "PNG") -> tuple[str, bytes]:
    """Return a picture of its own for each test, as a named file: equal content would be the same job."""
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (*reversed(size), 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, format)
    return f"a.{format.lower()}", file.getvalue()


def jobs(live: Live) -> list[str]:
    return [job["id"] for job in live.http.get("/jobs", params={"limit": 100}).json()["jobs"]]


def test_an_edit_without_a_prompt_recreates_the_picture_with_its_report(client: openai.OpenAI, live: Live) -> None:
    raw = client.images.with_raw_response.edit(image=photo(1), prompt="", size="63x41", extra_body={"seed": 7})
    made = raw.parse()
    (image,) = made.data
    assert opened(image).size == (63, 41) and opened(image).format == "PNG"
    assert made.size == "63x41" and made.output_format == "png" and made.engine == "drill" and not made.replayed
    assert image.seed == 7 and image.report["verdict"] == raw.headers["x-likeness-verdict"]
    job = live.http.get(f"/jobs/{made.job}").json()
    assert raw.headers["x-likeness-job"] == made.job == job["id"]
    assert job["result"]["images"][0]["report"] == image.report
    assert job["result"]["images"][0]["sha256"] == image.sha256


def test_several_images_as_links_in_another_format(client: openai.OpenAI, live: Live) -> None:
    made = client.images.edit(
        image=[photo(2)], prompt="", n=2, response_format="url", output_format="jpeg", output_compression=40
    )
    assert [image.b64_json for image in made.data] == [None, None] and made.output_format == "jpeg"
    files = [httpx.get(image.url, trust_env=False) for image in made.data]
    assert [Image.open(io.BytesIO(file.content)).format for file in files] == ["JPEG", "JPEG"]
    finer = client.images.edit(image=photo(2), prompt="", output_format="jpeg", output_compression=95)
    assert len(files[0].content) < len(base64.b64decode(finer.data[0].b64_json)) * 0.7


def test_a_generation(client: openai.OpenAI) -> None:
    made = client.images.generate(prompt="a shoe", model="drill", size="96x64", user="someone", extra_body={"seed": 3})
    assert opened(made.data[0]).size == (96, 64) and made.data[0].seed == 3


def test_a_stream_shows_previews_and_ends_with_the_image(client: openai.OpenAI) -> None:
    slow = {"steps": 50, "candidates": 4}
    events = list(client.images.edit(image=photo(4), prompt="", stream=True, partial_images=1, extra_body=slow))
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert events[0].partial_image_index == 0 and opened(events[0]).format == "JPEG"
    assert opened(events[1]).size == (63, 41) and events[1].usage.total_tokens == 0 and events[1].report


def test_a_stream_tells_an_error_in_the_midst_of_it(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError, match="engine") as raised:
        list(client.images.edit(image=photo(5), prompt="raise", stream=True, extra_body=OWN))
    assert raised.value.body["code"] == "engine_failed" and raised.value.body["type"] == "server_error"


def test_what_failed_is_not_tried_again_by_the_client(client: openai.OpenAI, live: Live) -> None:
    before = set(jobs(live))
    with pytest.raises(openai.InternalServerError) as raised:
        client.images.edit(image=photo(6), prompt="raise", extra_body=OWN)
    assert raised.value.code == "engine_failed" and raised.value.response.headers["x-should-retry"] == "false"
    assert len(set(jobs(live)) - before) == 1


def test_the_models_are_the_engines(client: openai.OpenAI) -> None:
    assert [(model.id, model.owned_by) for model in client.models.list()] == [("drill", "likeness")]
    assert client.models.retrieve("drill").kinds == ["recreate", "generate"]
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("dall-e-3")
    assert raised.value.code == "model_not_found"


ALIASES = {"gpt-image-1": "default", "dall-e-2": "drill"}


def test_names_of_openais_models_stand_for_engines(serve: Callable[..., Live]) -> None:
    live = serve(openai_models=ALIASES)
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key="none") as client:
        assert [model.id for model in client.models.list()] == ["drill", *ALIASES]
        assert client.models.retrieve("dall-e-2").kinds == ["recreate", "generate"]
        assert "default" in client.models.retrieve("gpt-image-1").summary
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("gpt-image-2")


@pytest.mark.parametrize("aliases", [{"gpt-image-1": "nothing"}, {"drill": "default"}])
def test_a_name_that_stands_for_no_engine_is_told_at_the_start(serve: Callable[..., Live], aliases: dict) -> None:
    with pytest.raises(ConfigurationError, match=f"LIKENESS_OPENAI_MODELS: '{next(iter(aliases))}'"):
        serve(openai_models=aliases)


def test_what_equals_auto_is_taken(client: openai.OpenAI) -> None:
    made = client.images.edit(image=photo(17), prompt="", size="63x41", quality="high", input_fidelity="high")
    same = client.images.edit(image=photo(17), prompt="")
    assert made.job == same.job and same.replayed, "the same content is the same job"


REFUSED = [
    ({"model": "gpt-image-2"}, "model", "not in the catalogue"),
    ({"size": "1024x1024"}, "size", "frame never changes"),
    ({"background": "transparent", "extra_body": {"kind": "recreate"}}, "background", "no alpha"),
    ({"quality": "low"}, "quality", "auto"),
    ({"input_fidelity": "medium"}, "input_fidelity", "low"),
    ({"n": 9}, "n", "less than or equal to 8"),
    ({"output_format": "gif"}, "output_format", "png"),
    ({"output_compression": 50}, "output_compression", "png has none"),
    ({"partial_images": 2}, None, "needs stream"),
    ({"extra_body": {"engine": "drill"}}, "engine", "model says it"),
    ({"extra_body": {"steps": 5000}}, "steps", "1000"),
    ({"extra_body": {"nonsense": 1}}, "nonsense", "not a field"),
    ({"extra_body": {"guidance_scale": 3}}, "guidance_scale", "drill"),
]


@pytest.mark.parametrize(("fields", "param", "said"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_cannot_be_done_is_refused(client: openai.OpenAI, fields: dict, param: str | None, said: str) -> None:
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as raised:
        client.images.edit(image=photo(8), prompt="", **fields)
    assert raised.value.type == "invalid_request_error" and said in raised.value.body["message"]
    assert (raised.value.param or None) == param


def test_every_error_has_openais_shape() -> None:
    for kind in every_error():
        told = openai_error(kind("what is wrong"), STATUS[kind])
        assert set(told.body["error"]) == {"message", "type", "param", "code"} and told.body["error"]["code"]
        assert (told.body["error"]["type"] == "server_error") == (told.status >= 500), kind
        assert told.status != 422
    assert len({openai_error(kind("x"), STATUS[kind]).status for kind in every_error()}) > 5


def test_errors_outside_the_routes_have_it_too(live: Live) -> None:
    for answer in (live.http.get("/v1/images/nothing"), live.http.put("/v1/models"), live.http.get("/v1/models?a=1")):
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert live.http.get("/v2/nothing").headers["content-type"] == "application/problem+json"


def test_a_client_that_loses_its_connection_asks_again_and_one_job_was_made(live: Live) -> None:
    before = set(jobs(live))
    slow = {"steps": 30, "candidates": 4}
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", timeout=0.7, max_retries=8) as client:
        made = client.images.edit(image=photo(9), prompt="", extra_body=slow)
    assert made.replayed and set(jobs(live)) - before == {made.job}
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", timeout=30) as client:
        again = client.images.edit(image=photo(9), prompt="", extra_body=slow)
        other = client.images.edit(image=photo(9), prompt="", extra_body={**slow, "steps": 1})
    assert again.job == made.job != other.job


def test_a_key_of_the_callers_own_decides_what_is_the_same(client: openai.OpenAI, stack: Stack) -> None:
    made = [
        client.images.edit(image=photo(10), prompt="", extra_headers={"Idempotency-Key": key}).job
        for key in ("first", "second", "first")
    ]
    assert made[0] == made[2] != made[1]
    client.images.edit(image=photo(10), prompt="")
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=0) as store:
        assert store.ttl("likeness:idempotency:local:first") > 23 * 3600
        assert all(0 < store.ttl(key) <= 80 for key in store.scan_iter("likeness:idempotency:local:openai-*"))


@pytest.fixture
def hasty(serve: Callable[..., Live]) -> Live:
    """A service without a worker, that stops a job one second after its caller left."""
    return serve(left_seconds=1)


def begun(live: Live, picture: tuple[str, bytes], key: dict[str, str] | None = None, **fields: str) -> socket.socket:
    """Send an edit and return the connection, which waits for the answer."""
    request = httpx.Request("POST", f"{live.url}/v1/images/edits", files={"image": picture}, data=fields, headers=key)
    body = request.read()
    address = request.url.host, request.url.port
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    connection = socket.create_connection(address)
    connection.sendall("\r\n".join(["POST /v1/images/edits HTTP/1.1", *lines, "", ""]).encode() + body)
    return connection


def until_wait(live: Live, calls: int) -> None:
    """Wait until so many calls wait for their jobs."""
    waiting, most = live.app.state.services.waiting, live.app.state.services.settings.max_waiting
    until = time.monotonic() + 20
    while waiting.free != most - calls:
        assert time.monotonic() < until
        time.sleep(0.01)


def only_job(live: Live, true: Callable[[dict], bool] = lambda job: True) -> dict:
    """Return the one job there is once it is so."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = live.http.get("/jobs").json()["jobs"]
        assert len(found) <= 1
        if found and true(found[0]):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_job_that_everybody_left_is_stopped_and_one_that_is_awaited_is_not(hasty: Live) -> None:
    first, second = begun(hasty, photo(11)), None
    try:
        job = only_job(hasty)
        second = begun(hasty, photo(11))
        until_wait(hasty, 2)
        first.close()
        until_wait(hasty, 1)
        time.sleep(3)  # longer than the job is kept for nobody: what is tested is that nothing happens
        assert only_job(hasty)["status"] == "queued"
        second.close()
        until_wait(hasty, 0)
        assert only_job(hasty, lambda job: job["status"] != "queued")["status"] == "cancelled"
        assert only_job(hasty)["id"] == job["id"]
    finally:
        first.close()
        if second:
            second.close()


def test_a_job_of_another_call_with_the_same_key_is_not_stopped(hasty: Live) -> None:
    key, picture = {"Idempotency-Key": "mine"}, photo(16)
    job = hasty.http.post("/recreate", files={"image": picture}, headers=key).json()["id"]
    connection = begun(hasty, picture, key=key)
    until_wait(hasty, 1)
    connection.close()
    time.sleep(4)  # longer than a job of its own would be kept: what is tested is that nothing happens
    assert only_job(hasty)["id"] == job and only_job(hasty)["status"] == "queued"


def test_a_reader_of_a_stream_that_goes_leaves_the_job_and_its_place(hasty: Live) -> None:
    waiting = hasty.app.state.services.waiting
    connection = begun(hasty, photo(14), stream="true")
    assert b"200 OK" in connection.recv(1000)
    job = only_job(hasty)
    connection.close()
    assert only_job(hasty, lambda job: job["status"] != "queued")["status"] == "cancelled"
    assert waiting.free == hasty.app.state.services.settings.max_waiting and only_job(hasty)["id"] == job["id"]


def test_one_that_was_stopped_is_made_when_it_is_asked_for_again(live: Live, client: openai.OpenAI) -> None:
    slow = {"steps": 20, "candidates": 4}
    connection = begun(live, photo(15), **{name: str(value) for name, value in slow.items()})
    with contextlib.closing(connection):
        until = time.monotonic() + 20
        while not (running := [job for job in live.http.get("/jobs").json()["jobs"] if job["status"] == "running"]):
            assert time.monotonic() < until
        live.http.post(running[0]["links"]["cancel"])
        assert b"409 Conflict" in connection.recv(4000)
    made = client.images.edit(image=photo(15), prompt="", extra_body=slow)
    assert made.job != running[0]["id"] and not made.replayed
