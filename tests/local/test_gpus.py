"""Workers side by side, one for each GPU: real processes in the place of workers."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.local.gpus import GpuWorkers, chosen_gpus, visible_gpus, worker_of
from likeness.local.process import Program
from likeness.problems import LocalProblem

WORKER = """
import os, signal, sys, time
from pathlib import Path
folder, name = Path(sys.argv[1]), sys.argv[2]
asked = folder / f"{name}.asked"
def stop(*_):
    with asked.open("a") as file:
        file.write("x")
    if len(asked.read_text()) >= int(sys.argv[3]):
        os._exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / f"{name}.{os.getpid()}.up").touch()
while True: time.sleep(0.05)
"""


def test_the_driver_or_the_environment_says_which_gpus_there_are(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"0000:0{number}:00.0").mkdir()
    assert visible_gpus({}, tmp_path) == ["0", "1", "2"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "3, GPU-1a"}, tmp_path) == ["3", "GPU-1a"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == []
    assert visible_gpus({"LIKENESS_DEVICE": "cpu"}, tmp_path) == visible_gpus({}, tmp_path / "none") == []


def test_as_many_are_used_as_are_asked_for_and_no_more_than_there_are() -> None:
    assert chosen_gpus(["4", "5", "6"], 2) == ["4", "5"] and chosen_gpus(["4"], None) == ["4"]
    with pytest.raises(LocalProblem, match="2 GPUs are asked for, and this machine has 1"):
        chosen_gpus(["4"], 2)


def test_each_worker_sees_one_gpu_and_has_a_port_and_a_file_of_its_own() -> None:
    given = {"LIKENESS_METRICS_PORT": "9100", "LIKENESS_ALIVE_FILE": "/run/alive"}
    first, second = (worker_of(number, ["4", "5"], given).environment for number in range(2))
    assert first == {"CUDA_VISIBLE_DEVICES": "4", "LIKENESS_WORKERS": "2"}
    assert second == {
        "CUDA_VISIBLE_DEVICES": "5",
        "LIKENESS_WORKERS": "2",
        "LIKENESS_METRICS_PORT": "9101",
        "LIKENESS_ALIVE_FILE": "/run/alive-1",
    }


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not there():
        assert time.monotonic() < until
        time.sleep(0.02)


def running(folder: Path, asks: int, told: list[str]) -> tuple[GpuWorkers, threading.Thread]:
    command = [sys.executable, "-c", WORKER, str(folder)]
    workers = GpuWorkers([Program(name, [*command, name, str(asks)], None) for name in ("a", "b")], told.append)
    thread = threading.Thread(target=workers.run)
    thread.start()
    wait_for(lambda: len(list(folder.glob("*.up"))) == 2)
    return workers, thread


def test_one_that_dies_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    told: list[str] = []
    workers, thread = running(tmp_path, 1, told)
    (up,) = tmp_path.glob("a.*.up")
    os.kill(int(up.name.split(".")[1]), signal.SIGKILL)
    wait_for(lambda: len(list(tmp_path.glob("a.*.up"))) == 2)
    workers.ask_to_stop()
    thread.join(10)
    assert not thread.is_alive() and "a was ended by SIGKILL" in told[0]
    assert sorted(file.name for file in tmp_path.glob("*.asked")) == ["a.asked", "b.asked"]


def test_asked_again_they_are_told_again(tmp_path: Path) -> None:
    """A worker hands its run back at once when it is asked a second time."""
    workers, thread = running(tmp_path, 2, [])
    workers.ask_to_stop()
    wait_for(lambda: len(list(tmp_path.glob("*.asked"))) == 2)
    assert thread.is_alive()
    workers.ask_to_stop()
    thread.join(10)
    assert not thread.is_alive()
    assert {file.read_text() for file in tmp_path.glob("*.asked")} == {"xx"}
