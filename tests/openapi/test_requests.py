"""The bodies that the description shows as examples can be sent as they stand, and are answered as it says."""

import time
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.docs.examples import PICTURE
from service.openapi import document
from tests.openapi.conftest import Shop

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
DOCUMENT = document()
SUBMITTING = ("/recreate", "/customise", "/compare", "/generate", "/cutout", "/packshot", "/check")
BODIES = [
    (path, media_type, name)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    for name in content["examples"]
    if method == "post" and path in SUBMITTING
]
BYTES = "(the bytes)"


@pytest.fixture(scope="module")
def http(shop: Shop) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {shop.key}"}
    with httpx.Client(base_url=shop.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def sent(media_type: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return an example as httpx sends it; where a form's has bytes, those of the JSON example's picture are sent."""
    if media_type == "application/json":
        return {"json": value}
    picture = "shirt.png", b64decode(PICTURE.partition(",")[2])
    said = [(name, one) for name, ones in value.items() for one in (ones if isinstance(ones, list) else [ones])]
    return {"files": [(name, picture if one == BYTES else (None, str(one))) for name, one in said]}


@pytest.mark.parametrize(("path", "media_type", "name"), BODIES, ids=[" ".join(body) for body in BODIES])
def test_an_example_is_accepted_and_succeeds(http: httpx.Client, path: str, media_type: str, name: str) -> None:
    value = DOCUMENT["paths"][path]["post"]["requestBody"]["content"][media_type]["examples"][name]["value"]
    answer = http.post(path, **sent(media_type, value))
    if name in ("from_text", "images"):  # no model that it needs is here, and a code that the description lists says so
        assert (answer.status_code, answer.json()["code"]) == (422, "engine_not_installed")
        return
    assert answer.status_code == 202, answer.text
    job, limit = answer.json(), time.monotonic() + 200
    while job["status"] in ("queued", "running") and time.monotonic() < limit:
        job = http.get(job["links"]["self"], params={"wait": 25}).json()
    assert job["status"] == "succeeded", job["error"]
    assert job["kind"] == path[1:] and job["result"]["images"]
