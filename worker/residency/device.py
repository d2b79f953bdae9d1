"""The device that engines run on, and its memory."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

CGROUP = Path("/sys/fs/cgroup")
"""What says how much memory this container may take and has taken (cgroup v2)."""
MEMINFO = Path("/proc/meminfo")

log = structlog.get_logger()


def pick_device(asked: str) -> str:
    """Return a torch device: `asked`, or with `auto` the GPU when there is one."""
    if asked != "auto":
        return asked
    import torch  # slow to import, and the drill needs none of it

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_memory(device: str) -> int:
    """Return the bytes of memory that a device has; of the machine, those its container may take."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[1])
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    bound = _container_bound()
    return whole if bound is None else min(whole, bound)


def room_on(device: str) -> float:
    """Return the bytes of a GPU that are free, whoever took the others; without a GPU there is no such bound."""
    if not device.startswith("cuda"):
        return math.inf
    import torch

    try:
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(torch.cuda.mem_get_info(device)[0] + unused)
    except (RuntimeError, AssertionError):  # a device that does not answer; what is loaded onto it says so
        return math.inf


def free_memory(meminfo: Path = MEMINFO, cgroup: Path = CGROUP) -> int:
    """Return the bytes of the machine's memory that may be had, and no more than its container may still take.

    Files that are only cached count as free: Linux gives their memory up when it is asked for, and after a model was
    read from disk nearly all memory holds files.
    """
    free = _counts(meminfo)["MemAvailable:"] * 1024
    bound = _container_bound(cgroup)
    if bound is None:
        return free
    cached = _counts(cgroup / "memory.stat")["inactive_file"]
    return max(0, min(free, bound - int((cgroup / "memory.current").read_text()) + cached))


def _container_bound(cgroup: Path = CGROUP) -> int | None:
    """Return how many bytes this container may take; None where there is no bound."""
    file = cgroup / "memory.max"
    said = file.read_text().strip() if file.exists() else "max"
    return None if said == "max" else int(said)


def _counts(file: Path) -> dict[str, int]:
    """Return the numbers of a file that has a name and a number in each line."""
    return {name: int(number) for name, number, *_ in map(str.split, file.read_text().splitlines())}


def name_of(device: str) -> str:
    """Return what images are made on: the model of the GPU, or `cpu`. Two of another name may give other bytes."""
    if not device.startswith("cuda"):
        return device
    import torch  # slow to import, and the drill needs none of it

    return str(torch.cuda.get_device_name(device))


def prepare(device: str) -> None:
    """Set torch up for a GPU, before it is first used: whole float32 where float32 is said, and memory that grows.

    Convolutions would else take TF32, which has the 10 bits of float16, and show it in flat areas of decoded images.
    """
    if not device.startswith("cuda"):
        return
    import torch

    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]  # missing in its annotations


@contextmanager
def deterministic() -> Iterator[None]:
    """Let a GPU choose only methods that add in a set order, where there is one."""
    import torch

    before = torch.are_deterministic_algorithms_enabled()
    cudnn = torch.backends.cudnn.deterministic
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=True)
        torch.backends.cudnn.deterministic = cudnn


def works(device: str) -> bool:
    """Return whether the device still works: after a failed assert, say, CUDA refuses every call of the process."""
    if not device.startswith("cuda"):
        return True
    import torch

    try:
        torch.cuda.synchronize(device)
    except (RuntimeError, AssertionError) as error:
        log.error("the device is lost", error=str(error))  # noqa: TRY400  the trace says nothing of the cause
        return False
    return True
