"""The files of the console as they are served, and the report as a page."""

import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from service.auth.keys import create_key
from service.routes.console import FILES, POLICY
from tests.service.conftest import Live
from tests.service.http.test_bad_input import assert_problem
from tests.support.places import ROOT

CONSOLE = ROOT / "service" / "console"
LONGEST = 300


@pytest.mark.parametrize("path", ["/", "/review"])
def test_a_page_and_every_file_it_names(live: Live, path: str) -> None:
    page = live.http.get(path)
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="(console/[^"]+)"', page.text)
    assert len(named) >= 7
    for name in named:
        assert live.http.get(f"/{name}").status_code == 200, name
    assert not re.search(r"<style|style=|<script(?![^>]*src)|\son\w+=", page.text), "nothing inline"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file(live: Live, name: str) -> None:
    answer = live.http.get(f"/console/{name}")
    assert answer.content == (CONSOLE / name).read_bytes()
    kind = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
    assert answer.headers["content-type"].startswith(kind[Path(name).suffix])
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY and POLICY.startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-cache"
    again = live.http.get(f"/console/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = live.http.head(f"/console/{name}")
    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])


@pytest.mark.parametrize(
    "name", ["..%2fapp.py", "%2e%2e/app.py", "../app.py", "nothing.js", "__init__.py", "a/b.js", ""]
)
def test_nothing_else_is_served(live: Live, name: str) -> None:
    assert_problem(live.http.get(f"/console/{name}"), 404, "no_such_route")


def test_only_the_console_may_run_its_scripts(live: Live) -> None:
    assert live.http.get("/engines").headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert live.http.get("/review").headers["content-security-policy"] == POLICY
    assert "/" not in live.http.get("/openapi.json").json()["paths"]


def test_it_loads_without_a_key(serve, tmp_path: Path) -> None:
    create_key(tmp_path / "keys.json", "shop")
    keyed = serve(keys_file=tmp_path / "keys.json")
    assert keyed.http.get("/").status_code == keyed.http.get("/review").status_code == 200
    assert keyed.http.get("/console/app.js").status_code == 200
    assert keyed.http.get("/engines").status_code == 401


def test_an_installed_service_has_it() -> None:
    held = {path.name for path in files("service").joinpath("console").iterdir()}
    assert set(FILES) == held, "all that lies there is served"
    package_data = (CONSOLE.parents[1] / "pyproject.toml").read_text()
    assert 'service = ["console/*"]' in package_data


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".js")))
def test_scripts_are_short_and_whole(name: str) -> None:
    assert len((CONSOLE / name).read_text().splitlines()) <= LONGEST
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    assert subprocess.run([node, "--check", str(CONSOLE / name)], timeout=60).returncode == 0


def test_no_markup_is_made_of_texts() -> None:
    wrong = [
        name for name, file in FILES.items() if re.search(rb"innerHTML|outerHTML|insertAdjacentHTML|eval\(", file.data)
    ]
    assert not wrong
