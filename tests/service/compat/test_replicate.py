"""Replicate's predictions, as the `replicate` package makes them, with a real worker."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import numpy as np
import pytest
import replicate
from PIL import Image
from replicate.exceptions import ModelError, ReplicateError
from replicate.prediction import Prediction

from likeness.contract.errors import every_error
from likeness.contract.jobs import JobStatus
from service.auth.keys import create_key
from service.compat.errors import shape_of
from service.compat.replicate.requests import STATUS
from service.compat.results import as_base64
from service.http import problems
from service.http.problems import problem_of
from tests.service.conftest import Live, png


def photo(seed: int, size: tuple[int, int] = (63, 41)) -> io.BytesIO:
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (*reversed(size), 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    file.seek(0)
    return file


@contextmanager
def opened(url: str) -> Iterator[replicate.Client]:
    """Open a client, and close it, which the package has no way to."""
    client = replicate.Client(api_token="none", base_url=url)
    yield client
    client._client.close()


@pytest.fixture
def client(live: Live) -> Iterator[replicate.Client]:
    with opened(live.url) as client:
        yield client


def test_run_uploads_waits_and_gives_the_files(client: replicate.Client) -> None:
    output = client.run("likeness/drill", input={"image": photo(1), "seed": 7, "candidates": 2, "keep": "all"})
    assert [Image.open(io.BytesIO(file.read())).size for file in output] == [(63, 41)] * 2
    inline = client.run("likeness/drill", input={"image": photo(1)}, file_encoding_strategy="base64")
    assert Image.open(io.BytesIO(inline[0].read())).size == (63, 41)
    (made,) = client.run("likeness/drill", input={"prompt": "a shoe", "width": 96, "height": 64})
    assert Image.open(io.BytesIO(made.read())).size == (96, 64)


def test_a_prediction_is_the_job_and_tells_its_progress(client: replicate.Client, live: Live) -> None:
    made = client.predictions.create(version="drill", input={"image": photo(2), "steps": 20, "candidates": 4})
    assert made.status == "starting" and made.model == "likeness/drill" and made.input["steps"] == 20
    while not (made.progress and made.progress.current > 5):
        assert made.status in ("starting", "processing")
        made.reload()
    assert made.progress.total == 20 and 0 < made.progress.percentage <= 1
    made.wait()
    assert made.status == "succeeded" and made.metrics["predict_time"] > 1
    job = live.http.get(f"/jobs/{made.id}").json()
    assert job["status"] == "succeeded" and len(made.output) == len(job["result"]["images"]) == 1
    listed = next(one for one in client.predictions.list().results if one.id == made.id)
    assert listed.output == [f"{live.url}/jobs/{made.id}/images/0"]


def test_one_that_still_runs_when_the_wait_is_over_is_waited_for_further(client: replicate.Client) -> None:
    output = client.run("likeness/drill", input={"image": photo(3), "steps": 30, "candidates": 4}, wait=1)
    assert Image.open(io.BytesIO(output[0].read())).size == (63, 41)


def test_cancel(client: replicate.Client) -> None:
    slow = {"image": photo(4), "steps": 500, "candidates": 4, "keep": "all", "strength": 0.01}
    made = client.predictions.create(version="likeness/drill", input=slow)
    made.cancel()
    made.wait()
    assert made.status == "canceled" and made.output is None


def test_what_fails_says_why(client: replicate.Client) -> None:
    with pytest.raises(ModelError, match="engine"):
        client.run("likeness/drill", input={"image": photo(5), "prompt": "raise"})


REFUSED = [
    ("acme/drill", {}, "models here are likeness/ENGINE"),
    ("likeness/sdxl", {}, "not in the catalogue"),
    ("likeness/drill", {"nonsense": 1}, "not a field of this call"),
    ("likeness/drill", {"steps": 5000}, "1000"),
    ("likeness/drill", {"engine": "other"}, "the model says it"),
    ("likeness/drill", {"kind": "compare"}, "one of recreate"),
]


@pytest.mark.parametrize(("model", "fields", "said"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_what_cannot_be_done_is_refused(client: replicate.Client, model: str, fields: dict, said: str) -> None:
    with pytest.raises(ReplicateError) as raised:
        client.run(model, input={"image": photo(6), **fields})
    assert said in raised.value.detail and raised.value.status == 422 and raised.value.title


def test_a_webhook_is_not_taken_and_forgotten(client: replicate.Client) -> None:
    with pytest.raises(ReplicateError, match="use `webhook` in the input"):
        client.predictions.create(version="drill", input={"image": photo(7)}, webhook="https://example.com/hook")


def test_every_status_is_one_its_clients_know() -> None:
    told = {"id": "1", "model": "m", "version": "v", "input": None, "output": None, "logs": "", "error": None}
    rest = dict.fromkeys(("metrics", "created_at", "started_at", "completed_at", "urls"))
    for status in JobStatus:
        assert Prediction(**told, **rest, status=STATUS[status]).status == STATUS[status]
    with pytest.raises(ValueError, match="status"):
        Prediction(**told, **rest, status="queued")


def test_every_error_is_a_problem_that_its_clients_read() -> None:
    for path in ("/v1/predictions", "/v1/models/likeness/drill/predictions", "/v1/files"):
        assert shape_of(path) is None
    for kind in every_error():
        problem = problem_of(kind("what is wrong"), problems.STATUS[kind], "/v1/predictions", "id")
        read = ReplicateError.from_response(httpx.Response(problem.status, json=problem.model_dump()))
        assert (read.status, read.title, read.detail) == (problems.STATUS[kind], kind.title, "what is wrong")


def test_models_and_files(client: replicate.Client) -> None:
    assert client.models.get("likeness/drill").description.startswith("Takes a set time")
    file = client.files.create(photo(8), filename="a.png", content_type="image/png")
    assert file.name == "a.png" and file.urls["get"].startswith("data:image/png;base64,")
    with pytest.raises(ReplicateError):
        client.files.get(file.id)


def test_a_key_as_token_or_bearer(serve: Callable[..., Live], tmp_path) -> None:
    keys = tmp_path / "keys.json"
    key = create_key(keys, "shop")
    live = serve(keys_file=keys)
    for scheme, status in (("Token", 200), ("Bearer", 200), ("Basic", 401)):
        answer = live.http.get("/v1/predictions", headers={"Authorization": f"{scheme} {key}"})
        assert answer.status_code == status, scheme
    assert live.http.get("/jobs", headers={"Authorization": f"Token {key}"}).status_code == 401


def test_links_are_those_that_callers_reach_the_service_by(serve: Callable[..., Live]) -> None:
    live = serve(public_url="https://shop.example/api/")
    with opened(live.url) as client:
        made = client.predictions.create(version="drill", input={"image": as_base64(png())})
    assert made.urls["cancel"] == f"https://shop.example/api/v1/predictions/{made.id}/cancel"
