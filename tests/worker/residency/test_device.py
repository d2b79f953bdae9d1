"""How much memory there is for engines that wait beside the GPU."""

import os
from pathlib import Path

import pytest
import torch

from worker.residency.device import MEMINFO, deterministic, free_memory, prepare

MEMORY = """MemTotal:       49152000 kB
MemFree:        13086720 kB
MemAvailable:   22949000 kB
HugePages_Total:       0
"""
"""After a large file was read: nearly all that is not free holds files."""
MIB = 2**20


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    (tmp_path / "meminfo").write_text(MEMORY)
    return tmp_path / "meminfo"


def container(folder: Path, bound: str, current: int, inactive: int) -> Path:
    folder.mkdir()
    (folder / "memory.max").write_text(f"{bound}\n")
    (folder / "memory.current").write_text(f"{current}\n")
    (folder / "memory.stat").write_text(f"anon 12345\ninactive_file {inactive}\nactive_file 0\n")
    return folder


def test_memory_that_only_caches_files_is_free(meminfo: Path, tmp_path: Path) -> None:
    assert free_memory(meminfo, tmp_path / "no container") == 22949000 * 1024
    assert free_memory(meminfo, container(tmp_path / "unbound", "max", 5, 5)) == 22949000 * 1024


def test_a_container_may_take_no_more_than_its_bound(meminfo: Path, tmp_path: Path) -> None:
    bound = container(tmp_path / "bound", str(8192 * MIB), 6144 * MIB, 1024 * MIB)
    assert free_memory(meminfo, bound) == 3072 * MIB
    over = container(tmp_path / "over", str(8192 * MIB), 9000 * MIB, 0)
    assert free_memory(meminfo, over) == 0


@pytest.mark.skipif(not MEMINFO.exists(), reason="only Linux says so")
def test_of_this_machine_something_is_free() -> None:
    assert 0 < free_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_an_exact_run_adds_in_a_set_order_and_no_other() -> None:
    with deterministic():
        assert torch.are_deterministic_algorithms_enabled() and torch.backends.cudnn.deterministic
    assert not torch.are_deterministic_algorithms_enabled() and not torch.backends.cudnn.deterministic


def test_a_gpu_takes_whole_float32_for_float32() -> None:
    before = torch.backends.cudnn.conv.fp32_precision
    try:
        prepare("cpu")
        assert torch.backends.cudnn.conv.fp32_precision == before
        prepare("cuda:0")
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"
    finally:
        torch.backends.cudnn.conv.fp32_precision = before
