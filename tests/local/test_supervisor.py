"""The supervisor, with small programs in the place of the service and the workers: real processes, real Valkey."""

import os
import signal
import socket
import threading
import time
from contextlib import contextmanager

import pytest
from redis import Redis

from likeness.local import restarts, supervisor
from likeness.local.process import Child, Program
from likeness.local.restarts import Kept
from likeness.local.supervisor import BESIDE, Settings, Stack, signals_to
from likeness.local.valkey import free_port
from likeness.problems import LocalProblem
from tests.support.places import DRILL_CATALOGUE

pytestmark = [pytest.mark.processes, pytest.mark.alone]

SERVICE = """
import os, signal, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists(os.environ["READY"]) else 503)
        self.end_headers()
def stop(*_):
    open(os.environ["ORDER"], "a").write("service\\n"); os._exit(0)
signal.signal(signal.SIGTERM, stop)
HTTPServer((os.environ["LIKENESS_HOST"], int(os.environ["LIKENESS_PORT"])), Handler).serve_forever()
"""
WORKER = """
import os, signal, socket, sys, time
if os.environ.get("BROKEN"):
    sys.exit("the weights are gone")
def stop(*_):
    with socket.socket(socket.AF_UNIX) as valkey:
        valkey.connect(os.environ["LIKENESS_REDIS_URL"].removeprefix("unix://"))
    open(os.environ["ORDER"], "a").write("worker, with Valkey still there\\n"); os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("DEAF") else stop)
open(os.environ["READY"], "w")
while True: time.sleep(1)
"""
WAITING = "import signal; signal.pause()"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes stacks of the programs above."""
    for name, text in (("service", SERVICE), ("worker", WORKER)):
        (tmp_path / "programs" / name).mkdir(parents=True)
        (tmp_path / "programs" / name / "__init__.py").touch()
        (tmp_path / "programs" / name / "__main__.py").write_text(text)
    for name in BESIDE:
        (tmp_path / "programs" / "service" / f"{name}.py").write_text(WAITING)
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    path = os.pathsep.join([str(tmp_path / "programs"), root])
    told = []

    def make(**environment):
        own = {"PYTHONPATH": path, "READY": str(tmp_path / "ready"), "ORDER": str(tmp_path / "order"), **environment}
        stack = Stack(Settings(tmp_path / "home", port=free_port(), environment=own), told.append)
        stack.told = told
        return stack

    return make


def test_it_starts_gets_ready_and_stops_in_order(make, tmp_path):
    with make() as stack:
        stack.wait_until_ready()
    assert (tmp_path / "order").read_text().splitlines() == ["service", *["worker, with Valkey still there"] * 2]
    assert sorted(log.name for log in (tmp_path / "home" / "logs").iterdir()) == [
        "feeder.log",
        "service.log",
        "valkey.log",
        "webhooks.log",
        "worker-1.log",
        "worker-retouch.log",
    ]


@pytest.mark.parametrize(
    ("environment", "workers"),
    [
        ({}, {"worker-1": "null", "worker-retouch": '["retouch"]'}),
        ({"LIKENESS_POOLS": '["starter"]'}, {"worker-1": '["starter"]'}),
        ({"LIKENESS_CATALOGUE": str(DRILL_CATALOGUE)}, {"worker-1": "null"}),
        ({"LIKENESS_CATALOGUE": "/nowhere.toml"}, {"worker-1": "null"}),
    ],
)
def test_exact_edits_have_a_worker_of_their_own_unless_somebody_says_who_does_what(make, environment, workers):
    with make(**environment) as stack:
        asked = {kept.program.name: kept.program.environment.get("LIKENESS_POOLS", "null") for kept in stack._workers}
        stack.wait_until_ready()
    assert asked == workers


def test_a_dead_worker_is_started_again_as_a_fresh_process(make):
    with make() as stack:
        stack.wait_until_ready()
        worker = stack._workers[0]
        first = worker.child.process
        first.kill()
        wait_for(lambda: stack.look() or worker.child.process is not first)
        assert worker.child.alive
        assert worker.child.process.pid != first.pid
    assert "worker-1 was ended by SIGKILL" in stack.told[0]


def test_a_dead_valkey_is_started_again_where_it_was_with_what_it_held(make):
    with make() as stack:
        stack.wait_until_ready()
        first, valkey = stack._valkey.child.process, Redis.from_url(stack._valkey.url, retry=None)
        valkey.set("job", "accepted")
        assert valkey.execute_command("WAITAOF", 1, 0, 10_000)[0] == 1
        first.kill()
        wait_for(lambda: stack.look() or stack._valkey.address.answers())
        assert valkey.get("job") == b"accepted"
        second = stack._queue.child.process
    assert "valkey was ended by SIGKILL" in stack.told[0]
    assert second.pid != first.pid
    assert second.returncode == 0


def test_a_program_that_keeps_dying_is_given_up_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(restarts, "FIRST_PAUSE", 0.01)
    kept = Kept.start(Program("worker-1", ["sh", "-c", "echo no memory; exit 3"], tmp_path / "log"))
    with pytest.raises(LocalProblem, match=r"worker-1 died 6 times in a row(.|\n)*exit code 3(.|\n)*no memory"):
        wait_for(lambda: kept.look(time.monotonic()) and False)


@pytest.mark.parametrize("end", ["kill -9 $$", "exit 70"])
def test_a_program_that_its_jobs_take_down_is_never_given_up(tmp_path, monkeypatch, end):
    monkeypatch.setattr(restarts, "FIRST_PAUSE", 0.0001)
    kept = Kept.start(Program("worker-1", ["sh", "-c", end], tmp_path / "log"))
    wait_for(lambda: (kept.look(time.monotonic()), kept.deaths > restarts.MOST_DEATHS)[1])


def test_a_worker_that_cannot_start_is_told_and_everything_stops(make, tmp_path):
    stack = make(BROKEN="1")
    with pytest.raises(LocalProblem, match=r"worker-(1|retouch) cannot start(.|\n)*the weights are gone"), stack:
        stack.wait_until_ready()
    assert not stack._service.child.alive
    assert not stack._valkey.child.alive


def test_a_port_in_use_is_told_before_anything_starts(make, tmp_path):
    stack = make()
    wanted = pytest.raises(LocalProblem, match="Address already in use; choose another one with LIKENESS_PORT")
    with socket.create_server(("127.0.0.1", stack.settings.port)), wanted:
        stack.__enter__()
    assert not (tmp_path / "home").exists()


def test_a_worker_that_does_not_drain_is_killed(make, monkeypatch):
    monkeypatch.setattr(supervisor, "DRAIN_SECONDS", 0.2)
    with make(DEAF="1") as stack:
        stack.wait_until_ready()
    assert not stack._workers[0].child.alive
    killed = "did not stop in time and was killed; its jobs run again at the next start"
    assert stack.told == [f"worker-1 {killed}", f"worker-retouch {killed}"]


def test_ctrl_c_stops_it_and_a_second_one_hurries(make):
    began = time.monotonic()
    with make(DEAF="1") as stack, signals_to(stack):
        stack.wait_until_ready()
        with after(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)):
            stack.keep_running()
        stack.ask_to_stop()
    assert time.monotonic() - began < supervisor.DRAIN_SECONDS / 2


def test_a_command_that_does_not_exist_is_told(tmp_path):
    child = Child.start(Program("worker-1", ["/no/such/program"], tmp_path / "log"))
    child.process.wait()
    assert "No such file" in child.why()


@contextmanager
def after(seconds, act):
    timer = threading.Timer(seconds, act)
    timer.start()
    yield
    timer.join()


def wait_for(met, seconds=20):
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until
        time.sleep(0.01)
