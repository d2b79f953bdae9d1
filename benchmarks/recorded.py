"""Where benchmarks record what they measured of engines: figures.json, which `GET /engines` tells."""

import platform
import re
from collections.abc import Sequence
from pathlib import Path

import torch

from likeness.contract.catalogue import Catalogue
from likeness.contract.figures import FILE, Figures, Measured
from worker.residency.engines import Residents

ROOT = Path(__file__).parent.parent
PLACE = Path("likeness/contract") / FILE
CPUINFO = Path("/proc/cpuinfo")


def keep(new: Sequence[Measured], catalogue: Catalogue, root: Path = ROOT) -> Figures:
    """Put what was measured into figures.json below `root`, in the place of what the same command measured before.

    Return all that is recorded then; what the catalogue no longer has is dropped.
    """
    file = root / PLACE
    known = Figures.model_validate_json(file.read_text("utf-8"))
    figures = known.with_new(new, [spec.name for spec in catalogue.engines])
    file.write_text(figures.model_dump_json(indent=1) + "\n", "utf-8")
    return figures


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Return figures to four digits, as they are recorded."""
    return {name: float(f"{value:.4g}") for name, value in figures.items()}


def machine(residents: Residents) -> str:
    """Return what the engines run on: the GPU, or the processor with its threads."""
    if residents.device != "cpu":
        return residents.device_name
    found = re.search(r"model name\s*:\s*(.+)", CPUINFO.read_text("utf-8") if CPUINFO.exists() else "")
    threads = torch.get_num_threads()
    return f"{found[1] if found else platform.machine()}, {threads} thread{'s' if threads > 1 else ''}"
