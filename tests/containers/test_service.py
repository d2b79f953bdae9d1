"""The service's image, closed as its pod is: the part that `make test` runs too, where an engine answers."""

import subprocess
from pathlib import Path

import httpx
import pytest

from likeness.local.valkey import free_port
from service.auth.keys import create_key
from tests.containers.conftest import build
from tests.containers.engine import Engine, EngineError
from tests.containers.stack import until
from tests.support.places import ROOT

pytestmark = [pytest.mark.alone, pytest.mark.timeout(1200)]
BASE = "python:3.11-slim-bookworm"
FOLDERS = "--tmpfs /tmp --tmpfs /var/lib/likeness:uid=10001,gid=10001"
CLOSED = f"--read-only {FOLDERS} --cap-drop ALL --security-opt no-new-privileges --memory 2g".split()
LISTENS = ("--env", "LIKENESS_REDIS_URL=redis://127.0.0.1:1/0", "--env", "LIKENESS_HOST=127.0.0.1")


def test_it_is_built_and_answers_without_root_or_anything_that_can_be_written(engine: Engine, tmp_path: Path) -> None:
    try:
        engine.inspect(BASE, "{{.Id}}")
    except EngineError:
        try:
            engine.run("pull", "--quiet", BASE, seconds=120)
        except (EngineError, subprocess.TimeoutExpired):
            pytest.skip(f"{BASE} cannot be pulled here (make test-containers makes one)")
    build(engine, "likeness-service:tested", ROOT)
    key = create_key(tmp_path / "keys.json", "shop")
    (tmp_path / "keys.json").chmod(0o644)
    tmp_path.chmod(0o755)
    port = free_port()
    settings = (*LISTENS, "--env", f"LIKENESS_PORT={port}", "--volume", f"{tmp_path}:/etc/likeness:ro")
    started = engine.run("run", "--detach", "--network", "host", *CLOSED, *settings, "likeness-service:tested")
    container = started.strip()
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    def answered(path: str, **headers: str) -> int:
        try:
            return http.get(path, headers=headers).status_code
        except httpx.TransportError:
            return 0

    try:
        until(lambda: answered("/healthz") == httpx.codes.OK, 120, lambda: engine.run("logs", container))
        assert answered("/jobs") == httpx.codes.UNAUTHORIZED
        assert answered("/jobs", Authorization=f"Bearer {key}") == httpx.codes.SERVICE_UNAVAILABLE, "there is no Redis"
        assert engine.run("exec", container, "id", "-u").strip() == "10001"
    finally:
        http.close()
        engine.run("rm", "--force", "--volumes", container)
