"""Who is kept out where no key is in use, or none any more, and what becomes of the jobs of a key that is gone."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from service.auth.keys import Keys, create_key, revoke_key
from tests.service.auth.test_keys import ENVIRONMENT, as_owner, hand_in
from tests.service.auth.test_keys import file as file
from tests.service.conftest import Live
from tests.service.http.test_bad_input import assert_problem


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via"])
def test_a_service_without_keys_serves_nobody_through_a_proxy(idle: Live, name: str) -> None:
    assert idle.http.get("/jobs").status_code == 200
    assert_problem(idle.http.get("/jobs", headers={name: "192.0.2.7"}), 403, "origin_not_allowed")


def test_a_file_whose_last_key_was_revoked_lets_nobody_in_after_a_restart_either(
    serve: Callable[..., Live], file: Path
) -> None:
    create_key(file, "shop")
    revoke_key(file, "shop")
    assert file.exists() and Keys.load(file).required
    assert_problem(serve(keys_file=file).http.get("/jobs"), 401, "not_authenticated")


def test_revoking_can_cancel_the_jobs_that_nobody_else_can(serve: Callable[..., Live], file: Path) -> None:
    shop, other = create_key(file, "shop"), create_key(file, "other")
    live = serve(keys_file=file)
    with as_owner(live, shop) as http, as_owner(live, other) as another:
        mine, theirs = [hand_in(http).json()["id"] for _ in range(3)], hand_in(another).json()["id"]
        redis_url = live.app.state.services.settings.redis_url
        done = subprocess.run(
            [sys.executable, "-m", "service.auth", "--file", str(file), "revoke", "shop", "--cancel"],
            capture_output=True,
            text=True,
            env={**ENVIRONMENT, "LIKENESS_REDIS_URL": redis_url},
            timeout=30,
        )
        assert (done.returncode, done.stdout) == (0, "3 jobs cancelled\n"), done.stderr
        assert_problem(http.get("/jobs"), 401, "not_authenticated")
        with redis.Redis.from_url(redis_url) as client:
            assert {client.hget(f"rq:job:{job}", "status") for job in mine} == {b"canceled"}
        assert another.get(f"/jobs/{theirs}").json()["status"] == "queued"
