"""Schemathesis over the exported description, against a live service with a worker: no 5xx, every answer as said."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.auth.keys import create_key
from tests.service.conftest import Live, Stack, serving
from tests.support.leftovers import delete_all
from tests.support.places import ROOT

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "use_after_free",
    "ensure_resource_availability",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
"""All there are but `positive_data_acceptance`: no schema can say which strings are pictures."""


@pytest.fixture
def keyed(live: Live, stack: Stack, tmp_path: Path) -> Iterator[tuple[Live, str]]:
    """A service that asks for a key, before the same worker; and the key."""
    key = create_key(tmp_path / "keys.json", "schema")
    with serving(stack.settings(0, keys_file=tmp_path / "keys.json")) as service:
        service.http.headers["Authorization"] = f"Bearer {key}"
        yield service, key


def described(folder: Path) -> Path:
    """Write the exported description as it holds for a service with keys: no call but the open ones goes without.

    Bodies of JSON lines are left out: Schemathesis cannot write them.
    """
    found = json.loads((ROOT / "openapi/openapi.json").read_text("utf-8"))
    for methods in found["paths"].values():
        for operation in methods.values():
            operation["security"] = [one for one in operation["security"] if one]
            operation.get("requestBody", {"content": {}})["content"].pop("application/jsonl", None)
    path = folder / "openapi.json"
    path.write_text(json.dumps(found))
    return path


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_the_service_does_what_its_description_says(keyed: tuple[Live, str], tmp_path: Path) -> None:
    live, key = keyed
    live.finished()
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(described(tmp_path)), "--url", live.url]
    command += ["--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS), "--max-examples", "30"]
    command += ["--seed", "1", "--no-color", "--generation-database", "none", "--request-timeout", "10"]
    try:
        done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout[-8000:]
        assert re.search(r"API Links: +[1-9][0-9]* covered", done.stdout), "jobs were read after they were made"
    finally:
        delete_all(live.url, key)
