"""Every route of the app asks for a scope, but the few that everyone may read."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from service.auth.keys import KeyLimits, Scope, create_key
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem

OPEN = ("/healthz", "/readyz", "/openapi.json", "/", "/review", "/console/{name}")
"""What tells nothing of anyone's jobs: health, the description, and the files of the console."""
PUBLIC = {(method, path) for method in ("GET", "HEAD") for path in OPEN}
READING = {"GET", "HEAD"}


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Return the method and path of each route, also of routers that are kept as they were included."""
    found, stack = set(), list(app.router.routes)
    while stack:
        route = stack.pop()
        stack += getattr(getattr(route, "original_router", None), "routes", [])
        if isinstance(route, APIRoute) or hasattr(route, "methods"):
            found |= {(method, route.path) for method in route.methods}
    return found


def needed(method: str, path: str) -> Scope:
    if path == "/metrics":
        return Scope.METRICS
    if path.endswith("/review"):
        return Scope.REVIEW
    return Scope.READ if method in READING else Scope.WRITE


@pytest.fixture
def keys(tmp_path: Path) -> dict[Scope, str]:
    """A key with each scope alone."""
    file = tmp_path / "keys.json"
    return {scope: create_key(file, scope.replace(":", "-"), KeyLimits(scopes=[scope])) for scope in Scope}


def test_each_route_needs_its_scope(serve, keys: dict[Scope, str], tmp_path: Path) -> None:
    live: Live = serve(keys_file=tmp_path / "keys.json")
    found = routes(live.app)
    assert {("POST", "/recreate"), ("GET", "/jobs/{job_id}/images/{n}"), ("GET", "/usage")} <= found
    for method, template in sorted(found - PUBLIC):
        path = re.sub(r"\{[^}]+\}", "0" * 32, re.sub(r"\{n\}", "0", template))
        for scope, key in keys.items():
            answer = live.http.request(method, path, headers={"Authorization": f"Bearer {key}"})
            if scope is needed(method, template):
                assert answer.status_code not in (401, 403), f"{method} {template} takes {scope}"
            else:
                assert answer.status_code == 403, f"{method} {template} takes {scope}"
                assert method == "HEAD" or "scope" in answer.text, "each API has its own form of telling it"


def test_these_need_no_key(serve, keys: dict[Scope, str], tmp_path: Path) -> None:
    live: Live = serve(keys_file=tmp_path / "keys.json")
    for method, path in PUBLIC & routes(live.app):
        assert live.http.request(method, path).status_code not in (401, 403)


def test_a_key_that_may_only_write_follows_its_job_by_the_links_token(serve, keys, tmp_path: Path) -> None:
    live: Live = serve(keys_file=tmp_path / "keys.json")
    write = {"Authorization": f"Bearer {keys[Scope.WRITE]}"}
    job = live.http.post("/recreate", files={"image": ("a.png", png())}, headers=write).json()
    assert live.http.post(job["links"]["cancel"], headers=write).status_code == 200
    followed = live.http.get(job["links"]["events"])
    assert followed.status_code == 200 and "cancelled" in followed.text
    assert_problem(live.http.get(job["links"]["self"], headers=write), 403, "scope_missing")
    token = job["links"]["events"].partition("?")[2]
    assert_problem(live.http.get(f"{job['links']['self']}?{token}"), 422, "invalid_field")
