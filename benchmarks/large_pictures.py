"""What the largest pictures take: memory and time to accept one, and to make one again or recolour it.

`python -m benchmarks.large_pictures [--megapixels 12 24 50]` prints a table. Each row is a process of its own, so that
its peak is its own; on Linux, where the kernel counts it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

EXAMPLE = Path(__file__).parents[1] / "examples" / "shirt-plaid.jpg"
ACCEPT = "import sys; from likeness.imaging.formats.decode import *; verify(open(sys.argv[1], 'rb').read(), Bounds())"
WORK = {
    "retouch: a colour": {"kind": "customise", "engine": "retouch", "recolour": {"to": "#1F4E79"}},
    "retouch: a colour, JPEG with a lock": {
        "kind": "customise",
        "engine": "retouch",
        "recolour": {"to": "#1F4E79"},
        "preserve": "background",
        "lossy_lock": True,
    },
    "starter: recreated": {"engine": "starter"},
}


def main() -> None:
    """Measure every row and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[12, 24, 50])
    parser.add_argument("--work", nargs="+", choices=list(WORK), default=list(WORK))
    args = parser.parse_args()
    table = Table("megapixels", "file", "work", "seconds", "peak memory")
    with tempfile.TemporaryDirectory(prefix="likeness-large-") as name:
        for megapixels in args.megapixels:
            _measure(table, Path(name), megapixels, args.work)
    Console(width=120).print(table)


def _measure(table: Table, folder: Path, megapixels: int, work: Sequence[str]) -> None:
    photo = _photo(folder, megapixels)
    size = f"{photo.stat().st_size / 1e6:.1f} MB"
    table.add_row(str(megapixels), size, "accepted: decoded once", *_run([sys.executable, "-c", ACCEPT, str(photo)]))
    for name in work:
        request = folder / "request.json"
        request.write_text(json.dumps({"image": str(photo), **WORK[name]}))
        command = [sys.executable, "-m", "worker.once", str(request), str(folder / "out")]
        table.add_row(str(megapixels), size, name, *_run(command))


def _photo(folder: Path, megapixels: int) -> Path:
    """Save an example at so many megapixels, as a phone would."""
    with Image.open(EXAMPLE) as image:
        scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        large = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.BICUBIC)
    file = folder / f"{megapixels}.jpg"
    large.save(file, quality=97)
    return file


def _run(command: list[str]) -> tuple[str, str]:
    """Return the seconds that a program takes and the most memory that it holds."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    return f"{seconds:.1f}", f"{used.ru_maxrss / 2**20:.2f} GiB" if status == 0 else "failed"


if __name__ == "__main__":
    main()
