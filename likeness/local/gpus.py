"""A worker for each GPU of this machine, kept running and stopped together.

One process that several GPUs share would run one batch at a time; several on one GPU would each take its memory for
their own. So each GPU has a process of its own, which sees no other.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from likeness.local.process import Program
from likeness.local.restarts import LOOK_SECONDS, Kept
from likeness.local.threads import WORKERS
from likeness.problems import LocalProblem

VISIBLE = "CUDA_VISIBLE_DEVICES"
LISTED = Path("/proc/driver/nvidia/gpus")
"""Where NVIDIA's driver lists the GPUs that this machine, or this container, has."""
GRACE_SECONDS = 10.0
"""How much longer than its own `LIKENESS_DRAIN_SECONDS` a worker may take to end."""
DRAIN_SECONDS = 25.0
PORT, ALIVE = "LIKENESS_METRICS_PORT", "LIKENESS_ALIVE_FILE"
"""What two workers cannot share: each but the first has a number added to it."""


def visible_gpus(environment: Mapping[str, str], listed: Path = LISTED) -> list[str]:
    """Return the GPUs that workers may use, as VISIBLE names them; none where another device is set."""
    if environment.get("LIKENESS_DEVICE", "auto") not in ("auto", "cuda"):
        return []
    if VISIBLE in environment:
        return [one.strip() for one in environment[VISIBLE].split(",") if one.strip()]
    return [str(number) for number, _ in enumerate(listed.iterdir())] if listed.is_dir() else []


def chosen_gpus(gpus: Sequence[str], count: int | None) -> list[str]:
    """Return the first `count` of them, all where none is said. Raises LocalProblem when there are fewer."""
    if count is not None and count > len(gpus):
        raise LocalProblem(f"{count} GPUs are asked for, and this machine has {len(gpus)}")
    return list(gpus[:count])


def worker_of(number: int, gpus: Sequence[str], environment: Mapping[str, str]) -> Program:
    """Return the worker of GPU number `number` of several."""
    own = {VISIBLE: gpus[number], WORKERS: str(len(gpus))}
    if number and environment.get(PORT):
        own[PORT] = str(int(environment[PORT]) + number)
    if number and environment.get(ALIVE):
        own[ALIVE] = f"{environment[ALIVE]}-{number}"
    return Program(f"the worker of GPU {gpus[number]}", [sys.executable, "-P", "-m", "worker"], None, own)


class GpuWorkers:
    """Workers that run side by side. `tell` gets a line when one died."""

    def __init__(self, programs: Sequence[Program], tell: Callable[[str], None]) -> None:
        self._programs, self._tell = programs, tell
        self._kept: list[Kept] = []
        self._asked = 0

    def ask_to_stop(self) -> None:
        """Ask to stop: each worker finishes its run, or hands it back at once when it is asked again."""
        self._asked += 1

    def run(self) -> None:
        """Keep them running until asked to stop and all have ended. Raises LocalProblem when one keeps dying."""
        self._kept = [Kept.start(program) for program in self._programs]
        try:
            while not self._asked:
                for kept in self._kept:
                    if told := kept.look(time.monotonic()):
                        self._tell(told)
                time.sleep(LOOK_SECONDS)
        finally:
            self._end(float(os.environ.get("LIKENESS_DRAIN_SECONDS", DRAIN_SECONDS)) + GRACE_SECONDS)

    def _end(self, seconds: float) -> None:
        until, told = time.monotonic() + seconds, 0
        while any(kept.child.alive for kept in self._kept) and time.monotonic() < until:
            if told < max(1, self._asked):
                told = max(1, self._asked)
                for kept in self._kept:
                    kept.child.ask()
            time.sleep(LOOK_SECONDS)
        for kept in self._kept:
            kept.child.wait(0)
