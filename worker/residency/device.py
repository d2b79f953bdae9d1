"""The device that engines run on, and its memory."""

import os
from pathlib import Path

import structlog

CGROUP = Path("/sys/fs/cgroup/memory.max")

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
    bound = CGROUP.read_text().strip() if CGROUP.exists() else "max"
    return whole if bound == "max" else min(whole, int(bound))


def free_memory() -> int:
    """Return the bytes of the machine's memory that are free."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def name_of(device: str) -> str:
    """Return what images are made on: the model of the GPU, or `cpu`. Two of another name may give other bytes."""
    if not device.startswith("cuda"):
        return device
    import torch  # slow to import, and the drill needs none of it

    return str(torch.cuda.get_device_name(device))


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
