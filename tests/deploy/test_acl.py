"""The users of Redis: the real service and a real worker do all they do as themselves, and nothing else is theirs."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.app import create_app
from service.config import Settings
from service.jobs.retention import sweep
from tests.conftest import server_binary
from tests.service.conftest import listening, png
from tests.service.webhooks.conftest import PATIENCE, SECRET, Receiver, delivering
from tests.support import stub
from tests.support.feeding import feeding
from tests.support.places import ROOT
from tests.worker.drill import CATALOGUE, Drill

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
FOLDER = ROOT / "deploy" / "kubernetes" / "valkey"
ONCE = Retry(NoBackoff(), 0)
PASSWORDS = {name: f"{name}-secret" for name in ("service", "worker", "webhooks", "metrics")}
KEDA = """
local kind = redis.call('type', KEYS[1]).ok
if kind == 'zset' then return redis.call('zcard', KEYS[1]) end
return redis.call('llen', KEYS[1])
"""
"""What KEDA's scaler asks: the type of a key, then its length."""


@dataclass
class Guarded:
    """A Valkey started by start.sh, with one more user for the test itself."""

    socket: Path
    folder: Path

    def url(self, user: str) -> str:
        return f"unix://{user}:{PASSWORDS.get(user, 'test')}@{self.socket}?db=0"

    def client(self, user: str) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), username=user, password=PASSWORDS.get(user, "test"))


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    binary = server_binary()
    if binary is None or shutil.which("sha256sum") is None:
        pytest.skip("no Valkey or Redis server, or no sha256sum, is installed")
    with tempfile.TemporaryDirectory(prefix="lk-") as name:
        folder = Path(name)
        (folder / "valkey-server").symlink_to(binary)
        users = (FOLDER / "users.acl").read_text("utf-8") + "user test on >test ~* &* +@all\n"
        (folder / "users").write_text(users)
        environment = {f"{user.upper()}_PASSWORD": password for user, password in PASSWORDS.items()}
        environment |= {"USERS": str(folder / "users"), "RUN": name, "DATA": name, "MAXMEMORY": "200mb"}
        process = subprocess.Popen(
            ["sh", str(FOLDER / "start.sh"), "--port", "0", "--unixsocket", str(folder / "s")],
            env={"PATH": f"{folder}:{os.environ['PATH']}", **environment},
            stdout=subprocess.DEVNULL,
        )
        own = Guarded(folder / "s", folder)
        limit = time.monotonic() + 20
        while not own.socket.exists() and time.monotonic() < limit:
            time.sleep(0.02)
        yield own
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def drill(guarded: Guarded) -> Iterator[Drill]:
    """A worker that speaks to Valkey as `worker`; the drill's own queue speaks as `service`."""
    own = Drill(guarded.url("service"), guarded.folder)
    own.worker(redis_url=guarded.url("worker"))
    yield own
    own.stop()


@pytest.fixture(scope="module")
def http(guarded: Guarded, drill: Drill) -> Iterator[httpx.Client]:
    app = create_app(Settings(redis_url=guarded.url("service"), store_url=drill.store_url, catalogue=CATALOGUE))
    with listening(app) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        yield http


def post(http: httpx.Client, wait: int = 0, path: str = "/recreate", **fields: str) -> dict:
    headers = {"Prefer": f"wait={wait}", "Idempotency-Key": os.urandom(8).hex()}
    answer = http.post(path, files={"image": ("a.png", png())}, data=fields, headers=headers)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


def test_nothing_that_service_or_worker_do_is_refused(guarded: Guarded, drill: Drill, http: httpx.Client) -> None:
    done = post(http, wait=30)
    assert done["status"] == "succeeded"
    review = http.post(f"/jobs/{done['id']}/review", json={"decision": "approved"})
    assert review.json()["review"] == "approved"
    assert http.get("/jobs?review=approved").json()["jobs"][0]["id"] == done["id"]
    assert http.delete(f"/jobs/{done['id']}/review").json()["review"] == "none"
    running = post(http, steps="400")
    drill.until(lambda: http.get(f"/jobs/{running['id']}").json().get("progress"), 30)
    queued = [post(http, priority="batch", steps=str(2 + ahead)) for ahead in range(3)][-1]  # the first is prepared
    assert http.post(f"/jobs/{queued['id']}/cancel").json()["status"] == "cancelled"
    http.post(f"/jobs/{running['id']}/cancel").raise_for_status()
    assert http.get(f"/jobs/{running['id']}", params={"wait": 30}).json()["status"] == "cancelled"
    assert post(http, wait=30, prompt="raise")["status"] == "failed"
    erased = post(http, steps="400")
    assert http.delete(f"/jobs/{erased['id']}").status_code == 204
    again = http.post(f"/jobs/{done['id']}/reproduce", json={}, headers={"Prefer": "wait=30"})
    assert again.json()["status"] == "succeeded"
    assert "event: " in http.get(f"/jobs/{done['id']}/events").text
    for path in ("/jobs", "/engines", "/metrics", "/readyz", f"/jobs/{done['id']}/report"):
        http.get(path).raise_for_status()
    drill.call(lambda queue: sweep(drill.store, queue, 1))
    refused = guarded.client("test").acl_log()
    assert [(entry["username"], entry["object"], entry["context"]) for entry in refused] == []


def test_nothing_that_makes_a_batch_is_refused(guarded: Guarded, drill: Drill, http: httpx.Client) -> None:
    data = png()
    upload = hashlib.sha256(data).hexdigest()
    http.put(f"/uploads/{upload}", content=data).raise_for_status()
    body = {
        "recipes": [{"name": "again", "kind": "recreate"}],
        "items": [{"reference": str(number), "image": {"upload": upload}} for number in range(2)],
    }
    answer = http.post("/batches", json=body, headers={"Idempotency-Key": os.urandom(8).hex()})
    assert answer.status_code == 202, answer.text
    batch = answer.json()["links"]["self"]
    common = {"redis_url": guarded.url("service"), "store_url": drill.store_url, "catalogue": CATALOGUE}
    with feeding(Settings(**common)):
        drill.until(lambda: http.get(batch).json()["state"] == "ended", 30)
        http.post(f"{batch}/retry", params={"what": "all"}).raise_for_status()
        http.post(f"{batch}/cancel").raise_for_status()
        drill.until(lambda: http.get(batch).json()["state"] == "ended", 30)
    assert http.delete(batch).status_code == http.delete(f"/uploads/{upload}").status_code == 204
    refused = guarded.client("test").acl_log()
    assert [(entry["username"], entry["object"], entry["context"]) for entry in refused] == []


def test_nothing_that_delivers_a_webhook_is_refused(guarded: Guarded, drill: Drill) -> None:
    common = {"store_url": drill.store_url, "catalogue": CATALOGUE, "webhook_secret": SECRET, "webhook_private": True}
    app = create_app(Settings(redis_url=guarded.url("service"), **common))
    with stub.running() as server, delivering(Settings(redis_url=guarded.url("webhooks"), **common)):
        receiver = Receiver(server)
        with listening(app) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
            job = post(http, wait=30, webhook=receiver.url)
            assert receiver.next()[1]["data"]["id"] == job["id"]
            told = f"/jobs/{job['id']}"
            drill.until(lambda: http.get(told).json()["webhook"]["state"] == "delivered", PATIENCE)
            receiver.statuses = [410]
            post(http, wait=30, webhook=f"{receiver.url}&gone=1")
            receiver.next()
    refused = guarded.client("test").acl_log()
    assert [(entry["username"], entry["object"], entry["context"]) for entry in refused] == []


def test_a_worker_that_dies_or_stops_loses_nothing_under_its_rights(guarded: Guarded, drill: Drill) -> None:
    dying = drill.worker(redis_url=guarded.url("worker"))
    jobs = [drill.submit(steps=10, prompt=prompt) for prompt in ("a", "b")]
    drill.until(lambda: all(drill.status(job) != "queued" for job in jobs), 30)
    drill.kill(dying)
    Drill(guarded.url("test"), guarded.folder).lapse(dying)
    assert {job.status for job in drill.ended(jobs, 90)} == {"succeeded"}
    drill.workers[0].terminate()
    assert drill.workers[0].wait(60) == 0
    assert [(entry["username"], entry["object"]) for entry in guarded.client("test").acl_log()] == []


NOBODY = ["FLUSHALL", "FLUSHDB", "CONFIG GET *", "KEYS *", "SCAN 0", "ACL LIST", "SHUTDOWN", "MONITOR"]
NOBODY += [
    "SAVE",
    "SCRIPT FLUSH",
    "FUNCTION LIST",
    "REPLICAOF NO ONE",
    "MIGRATE x 1 k 0 1",
    "CLIENT KILL ID 1",
    "GET other",
]


@pytest.mark.parametrize("user", PASSWORDS)
@pytest.mark.parametrize("command", NOBODY)
def test_what_nobody_may(guarded: Guarded, user: str, command: str) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        guarded.client(user).execute_command(*command.split())


OTHERS = [
    ("service", "SADD rq:workers rq:worker:mine"),
    ("service", "SET likeness:resident:mine {}"),
    ("service", "EVAL return(redis.call('set','likeness:installed','x')) 0"),
    ("worker", "SMEMBERS likeness:owner:shop:jobs"),
    ("worker", "HGET likeness:idempotency:shop:key job"),
    ("webhooks", "LRANGE rq:queue:starter-interactive 0 -1"),
    ("webhooks", "SMEMBERS likeness:owner:shop:jobs"),
    ("metrics", "HGETALL rq:job:1"),
    ("metrics", "LRANGE rq:queue:starter-interactive 0 -1"),
    ("metrics", "RPUSH rq:queue:starter-interactive 1"),
    ("metrics", "EVAL return(redis.call('del','rq:queue:starter-interactive')) 0"),
]


@pytest.mark.parametrize(("user", "command"), OTHERS)
def test_what_is_not_this_users(guarded: Guarded, user: str, command: str) -> None:
    with pytest.raises((redis.exceptions.NoPermissionError, redis.exceptions.ResponseError), match=r"(?i)permission"):
        guarded.client(user).execute_command(*command.split())


def test_nobody_comes_in_without_a_password(guarded: Guarded) -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(unix_socket_path=str(guarded.socket), retry=ONCE).ping()
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(unix_socket_path=str(guarded.socket), username="service", password="@SERVICE@", retry=ONCE).ping()
    assert not re.search("@[A-Z]+@", (guarded.folder / "users.acl").read_text())


def test_a_scaler_can_count_what_waits_and_what_runs(guarded: Guarded) -> None:
    test, metrics = guarded.client("test"), guarded.client("metrics")
    test.rpush("rq:queue:count", "a", "b")
    test.zadd("rq:wip:count", {json.dumps(1): 1})
    assert metrics.eval(KEDA, 1, "rq:queue:count") == 2
    assert metrics.eval(KEDA, 1, "rq:wip:count") == 1
    assert metrics.eval(KEDA, 1, "rq:queue:none") == 0
