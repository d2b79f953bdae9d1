"""A service that is told to stop answers what is under way, takes nothing new, and ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from likeness.local.valkey import free_port
from service.app import STOP_SECONDS
from tests.conftest import Server
from tests.service.conftest import png
from tests.worker.drill import CATALOGUE, Drill

pytestmark = pytest.mark.processes


@pytest.fixture
def service(server: Server, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service as a process of its own, once it answers, and its address."""
    port = free_port()
    environment = {
        **os.environ,
        "LIKENESS_PORT": str(port),
        "LIKENESS_REDIS_URL": server.url,
        "LIKENESS_STORE_URL": f"file://{tmp_path / 'store'}",
        "LIKENESS_CATALOGUE": str(CATALOGUE),
    }
    with (tmp_path / "service.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "service"], env=environment, stderr=log)
    Drill(server.url, tmp_path).until(lambda: answers(port), 60)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_a_request_under_way_is_answered_and_its_job_is_kept(
    service: tuple[subprocess.Popen[bytes], str], server: Server, tmp_path: Path
) -> None:
    process, url = service
    refused = threading.Event()
    boundary, picture = "half", png()
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'.encode()

    def body() -> Iterator[bytes]:
        yield head + picture[:40]
        process.terminate()
        Drill(server.url, tmp_path).until(lambda: not answers(int(url.rpartition(":")[2])), STOP_SECONDS)
        refused.set()
        yield picture[40:] + f"\r\n--{boundary}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = httpx.post(f"{url}/recreate", content=body(), headers=headers, trust_env=False, timeout=30)
    assert refused.is_set(), "nothing new is taken"
    assert answer.status_code == 202, answer.text
    assert process.wait(STOP_SECONDS + 10) == -signal.SIGTERM, "uvicorn passes the signal on once it is done"
    drill = Drill(server.url, tmp_path)
    try:
        drill.worker()
        job = drill.call(lambda queue: queue.wait(answer.json()["id"], "local", 60))
    finally:
        drill.stop()
    assert job.status == "succeeded"
