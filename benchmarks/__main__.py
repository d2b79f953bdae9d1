"""Run every benchmark: `python -m benchmarks [PICTURES_FOLDER]`."""

import sys
from pathlib import Path

from benchmarks import recreation, service


def main() -> None:
    """Run them all on a folder of pictures, `examples/` when none is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("examples")
    recreation.measure(folder, sheet=None)
    service.measure()


if __name__ == "__main__":
    main()
