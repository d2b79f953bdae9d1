"""How errors leave the service."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from likeness.contract.errors import LikenessError, every_error
from service.app import create_app
from service.config import Settings
from service.http import problems
from tests.service.conftest import Live, listening
from tests.service.http.test_bad_input import assert_problem

SERVICE = Path(problems.__file__).parent


def test_every_error_has_a_status_and_nothing_else_has() -> None:
    assert set(problems.STATUS) == set(every_error())
    for kind, status in problems.STATUS.items():
        fault = {"caller": range(400, 500), "engine": range(500, 501), "service": range(500, 504)}[kind.fault]
        assert status in fault, kind


def test_only_one_file_knows_status_numbers_of_errors() -> None:
    wrong = [
        f"{path.name}: {line.strip()}"
        for path in SERVICE.rglob("*.py")
        if path.name != "problems.py"
        for line in path.read_text().splitlines()
        if re.search(r"\b[45]\d\d\b", line) and "PORT" not in line and not line.lstrip().startswith(('"""', "#", '"'))
    ]
    assert not wrong


@pytest.fixture
def broken() -> FastAPI:
    app = create_app(Settings(host="127.0.0.1", store_url="memory://", keys_file=None))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret://internal")

    return app


def test_an_exception_nobody_foresaw(broken: FastAPI) -> None:
    with listening(broken) as url, httpx.Client(base_url=url, trust_env=False) as http:
        answer = http.get("/broken", headers={"X-Request-ID": "mine-1"})
        assert_problem(answer, 500, "internal_error")
        assert "secret" not in answer.text and answer.json()["request_id"] == "mine-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert http.get("/healthz").status_code == 200


def test_request_ids(idle: Live) -> None:
    assert idle.http.get("/healthz", headers={"X-Request-ID": "a.b-C_9"}).headers["x-request-id"] == "a.b-C_9"
    for bad in ("x" * 65, "a b", '"', "é".encode().decode("latin-1"), "<script>"):
        given = idle.http.get("/healthz", headers=[(b"X-Request-ID", bad.encode("latin-1"))]).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{16}", given)


def test_all_answers_have_the_headers_that_protect(idle: Live) -> None:
    for path in ("/healthz", "/nothing", "/jobs", "/readyz"):
        headers = idle.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers or "uvicorn" in headers["server"]


def test_a_long_detail_is_cut() -> None:
    problem = problems.problem_of(LikenessError("x" * 9999), 500, "/", "id")
    assert len(problem.detail) == problems.LONGEST_TEXT


def test_pointers() -> None:
    assert problems.pointer(["a", 0, "b/c~d"]) == "#/a/0/b~1c~0d"
    assert problems.pointer(["\ud800", "é"]) == "#/%3F/%C3%A9"
    assert problems.pointer([]) == "#/"
