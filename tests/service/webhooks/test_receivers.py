"""The receivers that the documentation shows, and libraries of others: each takes what the sender sends."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from likeness.contract.deliveries import Delivery
from likeness.local.valkey import free_port
from service.webhooks.secrets import new_secret
from service.webhooks.sender import Sender
from tests.service.webhooks.conftest import PATIENCE, SECRET, Receiver
from tests.support.snippets import snippets

BODY = b'{"type":"job.succeeded","timestamp":"2026-01-15T10:30:02+00:00","data":{"id":"1","kind":"recreate",'
BODY += '"status":"succeeded","created_at":"2026-01-15T10:30:00Z","ended_at":null,"links":{},"note":"é 鞋"}}'.encode()


def deliver(url: str, event_id: str = "msg_1", secret: str = SECRET) -> Delivery:
    return asyncio.run(Sender(PATIENCE, private=True).deliver(url, event_id, BODY, [new_secret(), secret]))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a receiver on a free port."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "LIKENESS_WEBHOOK_SECRET": SECRET}
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=2, text=True)
    try:
        limit = time.monotonic() + PATIENCE
        while not listens(port):
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.kill()
        process.communicate()


def takes_each_once(url: str, process: subprocess.Popen[str]) -> None:
    assert [deliver(url).status, deliver(url).status, deliver(url, "msg_2").status] == [204] * 3
    assert deliver(url, "msg_3", new_secret()).status == 400
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["job.succeeded 1\n"] * 2
    process.kill()
    assert process.stdout.read() == ""


def test_the_receiver_in_python(tmp_path: Path) -> None:
    (text,) = snippets("docs/webhooks.md", "python")
    (tmp_path / "receiver.py").write_text(text)
    with running([sys.executable, "receiver.py"], tmp_path) as (url, process):
        takes_each_once(url, process)


def test_the_receiver_in_node(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if subprocess.run([node, "-e", "require('standardwebhooks')"], cwd=tmp_path, capture_output=True).returncode:
        pytest.skip("npm's standardwebhooks is not where Node looks; NODE_PATH names a folder of packages")
    (text,) = snippets("docs/webhooks.md", "javascript")
    (tmp_path / "receiver.cjs").write_text(text)
    with running([node, "receiver.cjs"], tmp_path) as (url, process):
        takes_each_once(url, process)


def test_replicates_client_verifies_it(receiver: Receiver) -> None:
    webhook = pytest.importorskip("replicate.webhook", reason="replicate is not installed")
    assert deliver(receiver.url).status == 204
    asked = receiver.got.get()
    secret = webhook.WebhookSigningSecret(key=SECRET)
    webhook.Webhooks.validate(headers=dict(asked.headers), body=asked.body.decode(), secret=secret)
    with pytest.raises(webhook.InvalidSignatureError):
        webhook.Webhooks.validate(headers=dict(asked.headers), body=asked.body.decode() + " ", secret=secret)


def test_openais_client_verifies_it(receiver: Receiver) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    assert deliver(receiver.url).status == 204
    asked = receiver.got.get()
    webhooks = openai.OpenAI(api_key="none").webhooks
    webhooks.verify_signature(asked.body, dict(asked.headers), secret=SECRET)
    with pytest.raises(openai.InvalidWebhookSignatureError):
        webhooks.verify_signature(asked.body + b" ", dict(asked.headers), secret=SECRET)
