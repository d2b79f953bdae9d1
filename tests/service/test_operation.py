"""The catalogue, readiness, metrics, logs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import structlog

from likeness.contract.engines import EngineSpec
from likeness.local.valkey import free_port
from likeness.observability.logs import log_as_json
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.worker.drill import CATALOGUE


def test_engines(live: Live) -> None:
    engine = live.http.get("/engines").json()["engines"][0]
    assert set(engine) == {*EngineSpec.model_fields, "instructions", "figures", "permitted", "installed", "resident"}
    assert engine["name"] == "drill" and engine["default_for"] == ["recreate", "generate"]
    steps = {"default": 1, "by_way": {}, "only_for": [], "minimum": 1, "maximum": 1000, "choices": []}
    assert engine["parameters"]["steps"] == steps
    assert [worker["device"] for worker in engine["resident"]] == ["cpu"]
    assert engine["resident"][0]["memory"] > 10**8, "what the machine has, less a share"


def test_engines_say_what_can_be_asked_of_them(serve) -> None:
    engines = {engine["name"]: engine for engine in serve(catalogue=None).http.get("/engines").json()["engines"]}
    edit = engines["starter-edit"]
    assert edit["closed"] and edit["ways"] == ["instruction", "colourway", "resize"]
    assert edit["default_for"] == ["material", "same"], "retouch makes the rest"
    assert any(line.startswith("colour: 'make it orange'") for line in edit["instructions"])
    assert not any(line.startswith("text") for line in edit["instructions"])
    assert engines["starter"]["instructions"] == ["text: 'add the text \"Just do it\"'"]
    assert engines["starter-inpaint"]["instructions"] == []


def test_engines_say_when_to_take_them_and_what_was_measured(serve) -> None:
    engines = {engine["name"]: engine for engine in serve(catalogue=None).http.get("/engines").json()["engines"]}
    assert "recreate a photo" in engines["starter"]["use"]
    (measured,) = engines["starter"]["figures"]
    assert measured["kind"] == "recreate" and measured["pictures"] == 36 and "benchmarks.studies" in measured["command"]
    assert {"ssim", "psnr", "seconds"} <= set(measured["figures"])
    assert engines["flux-kontext"]["figures"] == []


def test_ready_once_a_worker_holds_the_default_engine(live: Live, idle: Live) -> None:
    assert live.http.get("/readyz").json() == {"status": "ready"}
    answer = idle.http.get("/readyz")
    assert_problem(answer, 503, "not_ready")
    assert "no worker serves the engine drill" in answer.json()["detail"]


@pytest.mark.processes
def test_not_ready_where_the_store_takes_no_images(live: Live, stack: Stack, tmp_path: Path) -> None:
    """As on a full disk, or one mounted read-only: this process may list files, and write none of any size."""
    environment = {
        **os.environ,
        "LIKENESS_PORT": str(port := free_port()),
        "LIKENESS_REDIS_URL": f"unix://{stack.server.socket}?db=0",
        "LIKENESS_STORE_URL": f"file://{tmp_path / 'store'}",
        "LIKENESS_CATALOGUE": str(CATALOGUE),
    }
    no_files = "import resource, service.app; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); service.app.main()"
    command = [sys.executable, "-c", no_files]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        transport = httpx.HTTPTransport(retries=8)  # each after twice as long as the one before, from half a second
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=20) as http:
            answer = http.get("/readyz")
    finally:
        process.kill()
        process.wait()
    assert_problem(answer, 503, "not_ready")
    assert answer.json()["detail"] == "storage takes no images"


def test_metrics(serve) -> None:
    live = serve(max_queued=1)
    for _ in range(2):
        live.http.post("/recreate", files={"image": ("a.png", png())})
    live.http.get("/nothing")
    live.http.request("BREW", "/healthz")
    text = live.http.get("/metrics").text
    assert 'likeness_jobs_accepted_total{engine="drill",kind="recreate"} 1.0' in text
    assert 'likeness_jobs_refused_total{code="queue_full"} 1.0' in text
    assert 'likeness_queue_depth{queue="drill-interactive"} 1.0' in text
    assert 'likeness_engine_residents{engine="drill"} 0.0' in text
    assert 'likeness_http_requests_total{method="POST",route="/recreate",status="202"} 1.0' in text
    assert 'route="none",status="404"' in text and "BREW" not in text


def test_metrics_are_told_while_redis_and_the_store_are_away(serve, tmp_path: Path) -> None:
    live = serve(redis_url=f"unix://{tmp_path}/none.sock")
    live.http.get("/healthz")
    shutil.rmtree(live.store)
    live.store.write_text("not a folder")
    text = live.http.get("/metrics").text
    assert 'likeness_dependency_up{dependency="redis"} 0.0' in text
    assert 'likeness_dependency_up{dependency="store"} 0.0' in text
    assert 'likeness_http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
    assert "likeness_queue_depth{" not in text, "what is not known is not told"


def test_logs_are_json_and_hold_no_picture(
    serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = structlog.get_config()
    log_as_json("info")
    try:
        live: Live = serve()
        answer: httpx.Response = live.http.post(
            "/recreate", files={"image": ("a.png", png())}, data={"prompt": "a secret shirt"}
        )
    finally:
        structlog.configure(**before)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    accepted = next(line for line in lines if line["event"] == "accepted")
    assert accepted["job"] == answer.json()["id"]
    assert accepted["request_id"] == answer.headers["x-request-id"]
    assert not any("secret" in str(line) or "PNG" in str(line) for line in lines)
