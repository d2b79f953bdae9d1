"""A real receiver, and the real deliverer: in a thread of the test, or as the process that it is."""

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from likeness.contract.catalogue import load_catalogue
from service.auth.keys import Keys
from service.config import Settings
from service.webhooks.deliverer import Deliverer
from service.webhooks.outbox import Outbox
from service.webhooks.secrets import new_secret
from tests.service.conftest import Live, png
from tests.support import stub

SECRET = new_secret()
PATIENCE = 30
"""Seconds that an event of a busy machine may take."""


class Receiver:
    """A server that verifies what it is sent with the public library, and answers as a test says."""

    def __init__(self, server: stub.Stub) -> None:
        self.server = server
        self.url = f"{server.url}/hook?token=s3cret"
        self.statuses: list[int] = []
        self.got: queue.Queue[stub.Asked] = queue.Queue()
        self.hold: threading.Event | None = None
        server.answer = self._answer

    def _answer(self, asked: stub.Asked) -> stub.Answer:
        self.got.put(asked)
        if self.hold is not None:
            self.hold.wait(PATIENCE)
        return stub.Answer({}, self.statuses.pop(0) if self.statuses else 204)

    def next(self, secret: str = SECRET) -> tuple[str, dict[str, Any], stub.Asked]:
        """Return the next webhook's id, its body once verified, and the request."""
        asked = self.got.get(timeout=PATIENCE)
        return asked.headers["webhook-id"], Webhook(secret).verify(asked.body, dict(asked.headers)), asked


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with stub.running() as server:
        receiver = Receiver(server)
        yield receiver
        if receiver.hold is not None:
            receiver.hold.set()


@contextmanager
def delivering(settings: Settings) -> Iterator[Deliverer]:
    """Deliver in a thread, as `python -m service.webhooks` does."""
    started: queue.Queue[tuple[Deliverer, asyncio.AbstractEventLoop]] = queue.Queue()

    async def run() -> None:
        outbox = Outbox.connect(settings.redis_url)
        deliverer = Deliverer(outbox, settings, Keys.load(settings.keys_file), load_catalogue(settings.catalogue))
        started.put((deliverer, asyncio.get_running_loop()))
        await deliverer.run()
        await outbox.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    deliverer, loop = started.get(timeout=PATIENCE)
    try:
        yield deliverer
    finally:
        loop.call_soon_threadsafe(deliverer.stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def process(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the deliverer as a process; it is killed at the end."""
    given = settings.model_dump(mode="json", include={"redis_url", "webhook_secret", "webhook_private", "catalogue"})
    own = {**given, "webhook_seconds": settings.webhook_seconds, "webhook_retries": list(settings.webhook_retries)}
    environment = {
        f"LIKENESS_{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in own.items()
    }
    command = [sys.executable, "-m", "service.webhooks"]
    with log.open("ab") as file:
        running = subprocess.Popen(command, env={**os.environ, **environment}, stdout=file, stderr=file)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def hooked(serve: Callable[..., Live]) -> Live:
    """A service without a worker that delivers to this machine; its jobs end when they are cancelled."""
    return serve(
        webhook_private=True, webhook_secret=SECRET, webhook_seconds=2, webhook_retries=[0.05, 0.4, 0.8, 1.2, 20]
    )


def hand_in(http: httpx.Client, webhook: str, **fields: str) -> str:
    """Hand a job in and return its id."""
    answer = http.post("/recreate", files={"image": ("a.png", png())}, data={"webhook": webhook, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def cancelled(live: Live, webhook: str) -> str:
    """Have a job end by being cancelled while it is queued; return its id."""
    job_id = hand_in(live.http, webhook)
    assert live.http.post(f"/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    return job_id


def told(http: httpx.Client, job_id: str, state: str) -> dict[str, Any]:
    """Return the job's webhook once it stands so."""
    limit = time.monotonic() + PATIENCE
    while (found := http.get(f"/jobs/{job_id}").json()["webhook"])["state"] != state:
        assert time.monotonic() < limit, json.dumps(found)
        time.sleep(0.02)
    return found
