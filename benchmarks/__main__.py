"""Run every benchmark: `python -m benchmarks [PICTURES_FOLDER]`."""

import sys
from pathlib import Path

from rich.console import Console

from benchmarks import full_size, recreation, service
from benchmarks.customisation.__main__ import measure as measure_customisation
from benchmarks.customisation.workbench import with_masks


def main() -> None:
    """Run them all on a folder of images, `examples/` when none is named; customisation where they have masks."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("examples")
    recreation.measure(folder, sheet=None)
    if photos := with_masks(folder):
        measure_customisation(photos)
    service.measure()
    for measure in full_size.MEASURES.values():
        Console().print(measure())


if __name__ == "__main__":
    main()
