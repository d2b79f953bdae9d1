"""The threads of a worker: as many as its share of the machine, waiting without taking a core."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeness.local.threads import UNLESS_SET, usable_cores, worker_environment


@pytest.mark.parametrize(
    ("given", "cores", "threads"),
    [({}, 8, "8"), ({"LIKENESS_WORKERS": "3"}, 8, "2"), ({"LIKENESS_WORKERS": "9"}, 4, "1"), ({}, 1, "1")],
)
def test_each_worker_has_its_share_of_the_cores(given: dict[str, str], cores: int, threads: str) -> None:
    assert worker_environment(given, cores) == UNLESS_SET | {"OMP_NUM_THREADS": threads}


def test_what_is_set_already_stays() -> None:
    added = worker_environment({"OMP_NUM_THREADS": "6", "OMP_WAIT_POLICY": "ACTIVE"}, 8)
    assert "OMP_NUM_THREADS" not in added and "OMP_WAIT_POLICY" not in added and added["GOMP_SPINCOUNT"] == "0"


def test_a_container_has_as_many_cores_as_its_quota(tmp_path: Path) -> None:
    every, quota = usable_cores(tmp_path / "none"), tmp_path / "cpu.max"
    for said, cores in (
        ("max 100000", every),
        ("100000 100000", 1),
        ("20000 100000", 1),
        (f"{every * 400000} 100000", every),
    ):
        quota.write_text(f"{said}\n")
        assert usable_cores(quota) == cores


def test_a_process_that_is_told_so_before_it_imports_torch_heeds_it() -> None:
    code = (
        "import os, sys; import worker.__main__ as started; assert 'torch' not in sys.modules;"
        "os.environ.update(started.worker_environment(os.environ, 1)); import torch; print(torch.get_num_threads())"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "LIKENESS_"))}
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "OMP_DISPLAY_ENV": "VERBOSE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "1"
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in told.stderr and "GOMP_SPINCOUNT = '0'" in told.stderr
