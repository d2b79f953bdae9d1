"""The machine: its GPUs as their driver lists them, and the room on its disks."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from likeness.contract.about import WorkerAbout
from likeness.doctor.findings import Finding, Standing
from likeness.local.gpus import visible_gpus
from likeness.models.display import readable

FIELDS = "name,memory.total,memory.free,driver_version"
SECONDS = 20
"""How long the driver's own tool may take to answer."""
MIB = 2**20
TIGHT, FULL = 5_000_000_000, 500_000_000
"""Bytes left on a disk: below the first it is told, below the second nothing can be kept."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver tells it; memory in bytes."""

    name: str
    memory: int
    free: int
    driver: str


def gpus_of(environment: Mapping[str, str]) -> list[Gpu]:
    """Return the GPUs that NVIDIA's driver lists; none without its tool `nvidia-smi`, or where that finds none."""
    tool = shutil.which("nvidia-smi", path=environment.get("PATH"))
    if tool is None:
        return []
    command = [tool, f"--query-gpu={FIELDS}", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in said.splitlines()]
    return [_gpu(row) for row in rows if len(row) == FIELDS.count(",") + 1]


def _gpu(row: Sequence[str]) -> Gpu:
    name, memory, free, driver = row
    total, left = (int(cell) * MIB if cell.isdigit() else 0 for cell in (memory, free))  # some say [N/A]
    return Gpu(name, total, left, driver)


def about_gpus(gpus: Sequence[Gpu], worker: WorkerAbout | None, environment: Mapping[str, str]) -> Finding:
    """Return what the GPUs are, and whether torch uses them."""
    uses = worker is not None and (worker.device or "").startswith("cuda")
    if not gpus:
        if uses and worker:
            return Finding("gpu", Standing.OK, f"{worker.name}, used by torch {worker.torch}")
        return Finding(
            "gpu", Standing.NOTE, "none: engines run on the processor; docs/hardware.md says what a GPU brings"
        )
    names = ", ".join(f"{gpu.name} ({readable(gpu.memory)}, {readable(gpu.free)} free)" for gpu in gpus)
    said = f"{names}; driver {gpus[0].driver}"
    if worker is None or worker.device is None or uses:
        return Finding("gpu", Standing.OK, said)
    if not visible_gpus(environment) and environment.get("CUDA_VISIBLE_DEVICES") == "":
        return Finding("gpu", Standing.WARNING, f"{said}; hidden by CUDA_VISIBLE_DEVICES", "unset CUDA_VISIBLE_DEVICES")
    if environment.get("LIKENESS_DEVICE", "auto") not in ("auto", "cuda"):
        return Finding(
            "gpu", Standing.NOTE, f"{said}; LIKENESS_DEVICE={environment['LIKENESS_DEVICE']} leaves it unused"
        )
    if worker.cuda is None:
        build = f"{said}; torch {worker.torch} was built for processors alone"
        return Finding("gpu", Standing.PROBLEM, build, "make install TORCH=cuda")
    return Finding(
        "gpu", Standing.PROBLEM, f"{said}; torch {worker.torch} (CUDA {worker.cuda}) cannot use it", "nvidia-smi"
    )


def about_disk(name: str, folder: Path) -> Finding:
    """Return how much room there is where a folder lies, or would."""
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{readable(free)} free for {folder}"
    if free < FULL:
        return Finding(name, Standing.PROBLEM, said, f"make room on the disk of {place}")
    return Finding(name, Standing.WARNING if free < TIGHT else Standing.OK, said)
