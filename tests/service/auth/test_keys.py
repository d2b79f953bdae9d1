"""API keys: who may in, who sees what, and that a service without keys stays on its machine."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from service.auth.keys import Keys, KeysError, Scope, create_key, find_key, list_keys, revoke_key
from service.auth.local_only import why_not_local
from service.config import is_loopback
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.support.places import ROOT

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def owner_of(keys: Keys, key: str) -> str | None:
    record = keys.find(key)
    return record.name if record else None


def as_owner(live: Live, key: str) -> httpx.Client:
    return httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)


def hand_in(http: httpx.Client, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return http.post("/recreate", files={"image": ("a.png", png())}, headers=headers)


def test_the_file_holds_hashes_only_and_belongs_to_its_owner(file: Path) -> None:
    key = create_key(file, "shop")
    assert key.startswith("lk_") and len(key) == 46
    assert key not in file.read_text() and key.removeprefix("lk_") not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    limits = ["scopes", "concurrency", "daily_quota"]
    assert list(json.loads(file.read_text())[0]) == [
        *limits,
        "name",
        "sha256",
        "created_at",
        "owner",
        "webhook_secrets",
    ]
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


def test_making_and_revoking(file: Path) -> None:
    keys = Keys.load(file)
    assert not keys.required
    first, second = create_key(file, "shop"), create_key(file, "other")
    assert (owner_of(keys, first), owner_of(keys, second), owner_of(keys, "lk_x")) == ("shop", "other", None)
    assert keys.required and list_keys(file) == ["shop", "other"]
    revoke_key(file, "shop")
    assert (owner_of(keys, first), owner_of(keys, second)) == (None, "other")
    for name in ("other", "local", "a:b", "", "A", "x" * 65):
        with pytest.raises(KeysError):
            create_key(file, name)
    with pytest.raises(KeysError):
        revoke_key(file, "shop")


def test_a_file_made_before_there_were_limits_is_read(file: Path) -> None:
    old = {"name": "shop", "sha256": "0" * 64, "created_at": "2026-01-02T03:04:05Z"}
    file.write_text(json.dumps([old]))
    record = find_key(file, "shop")
    assert record.scopes == list(Scope) and record.webhook_secrets == []
    assert record.concurrency is None and record.daily_quota is None


@pytest.mark.parametrize("damage", ["lost", "damaged", "emptied"])
def test_a_file_that_is_lost_lets_nobody_in(file: Path, damage: str) -> None:
    key = create_key(file, "shop")
    keys = Keys.load(file)
    {"lost": file.unlink, "damaged": lambda: file.write_text("{"), "emptied": lambda: file.write_text("[]")}[damage]()
    assert owner_of(keys, key) is None and keys.required


def test_tokens_are_for_one_job_one_owner_and_one_hour(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key(file, "shop")
    create_key(file, "other")
    keys = Keys.load(file)
    token = keys.token("job", "shop")
    assert keys.owner_of_token(token, "job") == "shop"
    assert Keys.load(file).owner_of_token(token, "job") == "shop", "another service with the same file agrees"
    assert keys.owner_of_token(token, "other-job") is None
    assert keys.owner_of_token(token.replace("shop", "other"), "job") is None
    for bad in ("", ".", "shop", "shop.1", "shop.9999999999.x", token + "0", token.replace(".", "\ud800", 1)):
        assert keys.owner_of_token(bad, "job") is None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert keys.owner_of_token(token, "job") is None
    monkeypatch.undo()
    revoke_key(file, "other")
    assert keys.owner_of_token(token, "job") is None, "tokens end with any change of the keys"


def test_a_lost_file_makes_no_token_valid(file: Path) -> None:
    create_key(file, "shop")
    keys = Keys.load(file)
    file.unlink()
    forged = Keys(None).token("job", "shop")
    assert keys.owner_of_token(forged, "job") is None


def test_a_key_that_is_revoked_meanwhile_may_have_no_more_jobs(file: Path) -> None:
    assert Keys.load(file).limits_of("local").daily_quota is None
    create_key(file, "shop")
    keys = Keys.load(file)
    assert keys.limits_of("shop").daily_quota is None
    revoke_key(file, "shop")
    keys.refresh()
    assert keys.limits_of("shop").daily_quota == 0


def test_changes_at_the_same_time_are_all_kept(file: Path) -> None:
    """Each reads the file, changes it and writes it: without a lock a revoked key comes back."""
    names = [f"shop-{number}" for number in range(16)]
    for name in names[:8]:
        create_key(file, name)
    with ThreadPoolExecutor(16) as pool:
        made = [pool.submit(create_key, file, name) for name in names[8:]]
        gone = [pool.submit(revoke_key, file, name) for name in names[:8]]
        for change in (*made, *gone):
            change.result()
    assert sorted(list_keys(file)) == sorted(names[8:])


def test_every_call_but_health_needs_a_key(serve, file: Path) -> None:
    create_key(file, "shop")
    live = serve(keys_file=file)
    job = f"/jobs/{'0' * 32}"
    for method, path in [
        ("POST", "/recreate"),
        ("POST", "/compare"),
        ("GET", "/jobs"),
        ("GET", job),
        ("POST", f"{job}/cancel"),
        ("POST", f"{job}/reproduce"),
        ("GET", f"{job}/sheet"),
        ("DELETE", job),
        ("GET", f"{job}/events"),
        ("GET", f"{job}/events?token=shop.9999999999.00"),
        ("GET", f"{job}/preview"),
        ("GET", f"{job}/preview?token=shop.9999999999.00"),
        ("GET", f"{job}/images/0"),
        ("GET", f"{job}/images/0/matte"),
        ("GET", f"{job}/report"),
        ("GET", "/engines"),
        ("GET", "/metrics"),
    ]:
        for header in ({}, {"Authorization": "Bearer lk_wrong"}, {"Authorization": "Basic lk_wrong"}):
            answer = live.http.request(method, path, headers=header)
            assert_problem(answer, 401, "not_authenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert live.http.get("/healthz").status_code == 200
    assert live.http.get("/readyz").status_code == 503


def test_a_key_is_asked_for_before_the_body_is_read(serve, file: Path) -> None:
    create_key(file, "shop")
    answer = serve(keys_file=file).http.post("/recreate", content=b"{", headers={"Content-Type": "text/plain"})
    assert_problem(answer, 401, "not_authenticated")


def test_one_key_cannot_see_the_jobs_of_another(serve, file: Path) -> None:
    one, other = create_key(file, "one"), create_key(file, "other")
    live = serve(keys_file=file)
    with as_owner(live, one) as mine, as_owner(live, other) as theirs:
        job = hand_in(mine, "key").json()
        here = f"/jobs/{job['id']}"
        for method, path in [
            ("GET", here),
            ("GET", f"{here}?wait=1"),
            ("POST", f"{here}/cancel"),
            ("POST", f"{here}/reproduce"),
            ("GET", f"{here}/sheet"),
            ("DELETE", here),
            ("GET", f"{here}/events"),
            ("GET", f"{here}/preview"),
            ("GET", f"{here}/images/0"),
            ("GET", f"{here}/images/0/matte"),
            ("GET", f"{here}/report"),
        ]:
            assert_problem(theirs.request(method, path), 404, "job_not_found")
        assert theirs.get("/jobs").json()["jobs"] == []
        assert theirs.get("/jobs", params={"cursor": job["id"]}).json()["jobs"] == []
        assert hand_in(theirs, "key").json()["id"] != job["id"], "idempotency keys belong to an API key"
        assert mine.get(here).json()["status"] == "queued"
        mine.delete(here)
        assert_problem(mine.get(here), 410, "job_expired")
        assert_problem(theirs.get(here), 404, "job_not_found")


def test_the_link_of_events_works_without_a_header(serve, file: Path) -> None:
    key = create_key(file, "shop")
    live = serve(keys_file=file)
    with as_owner(live, key) as mine:
        job, other = hand_in(mine).json(), hand_in(mine).json()
        mine.post(job["links"]["cancel"])
    answer = live.http.get(job["links"]["events"])
    assert answer.status_code == 200 and "cancelled" in answer.text
    token = job["links"]["events"].partition("?")[2]
    assert_problem(live.http.get(f"/jobs/{other['id']}/events?{token}"), 401, "not_authenticated")
    assert_problem(live.http.get(f"/jobs/{job['id']}?{token}"), 422, "invalid_field")
    assert "token" not in job["links"]["self"]


def test_keys_made_while_the_service_runs_lock_it(serve, file: Path) -> None:
    live = serve(keys_file=file)
    assert live.http.get("/jobs").status_code == 200
    key = create_key(file, "shop")
    assert_problem(live.http.get("/jobs"), 401, "not_authenticated")
    with as_owner(live, key) as mine:
        assert mine.get("/jobs").status_code == 200


def test_a_web_page_cannot_use_a_local_service(idle: Live) -> None:
    for headers in (
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
    ):
        answer = idle.http.post("/recreate", files={"image": ("a.png", png())}, headers=headers)
        assert_problem(answer, 403, "origin_not_allowed")
    assert_problem(idle.http.get("/jobs", headers={"Host": "evil.example"}), 403, "origin_not_allowed")
    own = {"Origin": idle.url}
    assert idle.http.post("/recreate", files={"image": ("a.png", png())}, headers=own).status_code == 202
    assert idle.http.get("/jobs", headers={"Host": "localhost"}).status_code == 200


def test_another_machine_cannot_use_a_local_service() -> None:
    scope = {"headers": [(b"host", b"localhost")], "method": "GET", "client": ("192.0.2.7", 1)}
    assert why_not_local(scope)
    assert why_not_local({**scope, "client": ("::1", 1)}) is None
    assert why_not_local({**scope, "client": None}) is None
    assert why_not_local({**scope, "headers": []})


def test_names_of_this_machine() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "192.168.1.2", "example.com", "", "127.0.0.1.example.com"]))


@pytest.mark.processes
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LIKENESS_HOST": "0.0.0.0"}, "needs API keys"),
        ({"LIKENESS_HOST": "0.0.0.0", "LIKENESS_KEYS_FILE": "none.json"}, "needs API keys"),
        ({"LIKENESS_KEYS_FILE": "damaged.json"}, "not a file of API keys"),
        ({"LIKENESS_PORT": "many"}, "LIKENESS_PORT"),
        ({"LIKENESS_CATALOGUE": "none.toml"}, "none.toml"),
        ({"LIKENESS_REDIS_URL": "nonsense"}, "redis"),
    ],
)
def test_it_refuses_to_start_with_one_sentence(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    (tmp_path / "damaged.json").write_text("{}")
    root = ROOT
    where = {**ENVIRONMENT, "PYTHONPATH": str(root), "LIKENESS_STORE_URL": "memory://", **environment}
    done = subprocess.run([sys.executable, "-m", "service"], cwd=tmp_path, env=where, capture_output=True, timeout=30)
    assert done.returncode not in (0, -9)
    assert said.lower() in done.stderr.decode().lower()
    assert done.stderr.decode().startswith("likeness service: ") and len(done.stderr.decode().splitlines()) == 1


def test_the_command(tmp_path: Path, stack: Stack) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "service.auth", "--file", str(tmp_path / "keys.json"), *words]
        return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=30)

    key = run("create", "shop").stdout.strip()
    assert owner_of(Keys.load(tmp_path / "keys.json"), key) == "shop"
    assert run("list").stdout == "shop\n"
    again = run("create", "shop")
    assert again.returncode == 1 and again.stderr == "likeness: there is a key called 'shop' already; revoke it first\n"
    assert run("limit", "shop", "--scope=jobs:read", "--concurrency=2", "--daily-quota=9").returncode == 0
    assert run("list").stdout == "shop jobs:read concurrency=2 daily-quota=9\n"
    assert run("limit", "shop", "--concurrency=none").returncode == 0
    assert run("list").stdout == "shop jobs:read daily-quota=9\n", "what is not named stays as it is"
    refused = run("create", "other", "--concurrency=0")
    assert refused.returncode == 1 and refused.stderr.startswith("likeness: --concurrency: ")
    assert run("revoke", "shop").returncode == 0
