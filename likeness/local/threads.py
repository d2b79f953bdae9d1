"""What a worker's environment must say before torch is imported: how many threads calculate, and how they wait.

OpenMP's threads wait for each other by spinning. As soon as anything else wants a core, a thread that is not on one
keeps all the others spinning: the same call took 3.2 s beside other work instead of 0.9 s; idle, it is the same.
"""

import os
from collections.abc import Mapping
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""How much processor time this container may take: microseconds out of each so many (cgroup v2), or `max`."""
WORKERS = "LIKENESS_WORKERS"
"""Names how many workers share this machine, or this container."""
UNLESS_SET = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "PYTORCH_ALLOC_CONF": "expandable_segments:True",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
"""GPU memory that grows instead of breaking into pieces, and a workspace in which cuBLAS adds in a set order."""


def worker_environment(given: Mapping[str, str], cores: int) -> dict[str, str]:
    """Return what to add to the environment of a worker that has so many cores to share with others."""
    workers = given.get(WORKERS, "")
    share = max(1, cores // max(1, int(workers) if workers.isdecimal() else 1))
    return {name: value for name, value in {**UNLESS_SET, "OMP_NUM_THREADS": str(share)}.items() if name not in given}


def usable_cores(quota: Path = QUOTA) -> int:
    """Return how many cores this process may use: those it is bound to, and no more than its container's share."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given, period = (quota.read_text().split() if quota.exists() else ("max", "1"))[:2]
    return bound if given == "max" else max(1, min(bound, round(int(given) / int(period))))
