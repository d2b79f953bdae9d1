"""Schemathesis over the exported description, against a live service with a worker: no 5xx, every answer as said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.conftest import Live

ROOT = Path(__file__).parent.parent.parent
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "use_after_free",
    "unsupported_method",
)


@pytest.mark.processes
@pytest.mark.timeout(180)
def test_the_service_does_what_its_description_says(live: Live, tmp_path: Path) -> None:
    live.finished()
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "openapi/openapi.json"), "--url", live.url]
    command += ["--checks", ",".join(CHECKS), "--max-examples", "40", "--seed", "1", "--no-color"]
    command += ["--generation-database", "none", "--request-timeout", "10"]
    try:
        done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stdout[-8000:]
    finally:
        _delete_all(live)


def _delete_all(live: Live) -> None:
    while jobs := live.http.get("/jobs", params={"limit": 100}).json()["jobs"]:
        for job in jobs:
            live.http.delete(job["links"]["self"])
