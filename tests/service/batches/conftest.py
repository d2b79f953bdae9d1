"""A live service with a worker and a feeder, and batches to post to it."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.service.conftest import Live, Stack, png, serving
from tests.support.feeding import feeding

WHITE = {"name": "again", "kind": "recreate", "seed": 3}


@dataclass
class Shop:
    """A caller of a live service."""

    live: Live

    @property
    def http(self) -> httpx.Client:
        return self.live.http

    def upload(self, data: bytes) -> str:
        """Upload an image and return its sha256."""
        digest = hashlib.sha256(data).hexdigest()
        answer = self.http.put(f"/uploads/{digest}", content=data)
        assert answer.status_code in (200, 201), answer.text
        return digest

    def items(self, count: int, **more: Any) -> list[dict[str, Any]]:
        """Return items, each with an upload of its own."""
        return [
            {"reference": f"SKU-{number}", "image": {"upload": self.upload(picture(number))}, **more}
            for number in range(count)
        ]

    def post(self, items: list[dict[str, Any]], *recipes: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Post a batch that is taken, and return it."""
        answer = self.http.post("/batches", json={"recipes": list(recipes) or [WHITE], "items": items, **more})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        return self.http.get(batch["links"]["self"]).json()

    def until(
        self, batch: dict[str, Any], reached: Callable[[dict[str, Any]], bool], seconds: float = 60
    ) -> dict[str, Any]:
        """Return a batch once it is so far."""
        limit = time.monotonic() + seconds
        while not reached(now := self.batch(batch)):
            assert time.monotonic() < limit, now
            time.sleep(0.05)
        return now

    def ended(self, batch: dict[str, Any]) -> dict[str, Any]:
        return self.until(batch, lambda now: now["state"] == "ended")

    def manifest(self, batch: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        answer = self.http.get(batch["links"]["manifest"], params=query)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


def picture(number: int) -> bytes:
    return png((24, 16), "RGB", (number % 256, 90, 40))


@pytest.fixture(scope="session")
def fed(live: Live, stack: Stack) -> Iterator[Shop]:
    """The live service with a worker, and a feeder beside it."""
    with feeding(live.app.state.services.settings):
        yield Shop(live)


@pytest.fixture
def unfed(idle: Live) -> Shop:
    """A service of the test's own without worker and feeder."""
    return Shop(idle)


__all__ = ["Shop", "serving"]
