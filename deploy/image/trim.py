"""Remove from this Python's packages what nothing in an image runs: `python trim.py [--headers]`.

The installers, which would install into a read-only folder; the libraries' own tests; stubs for type checkers and
libraries for linkers. With `--headers` C headers too, which only a compiler reads.
"""

import shutil
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

INSTALLERS = ("pip", "setuptools", "wheel")
UNUSED = ("*.pyi", "*.a", "*.lib")


def remove_installers(packages: Path) -> None:
    """Remove the packages that install others, with their commands."""
    for name in INSTALLERS:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        for file in files:
            if ".." in file.parts:
                Path(str(file.locate())).unlink(missing_ok=True)
        for top in {packages / file.parts[0] for file in files} - {packages / ".."}:
            shutil.rmtree(top) if top.is_dir() else top.unlink(missing_ok=True)


def remove_unused(packages: Path, headers: bool) -> None:
    """Remove tests, stubs and what only linkers read; headers where they are not wanted either."""
    folders = ["tests", "include"] if headers else ["tests"]
    for name in folders:
        for folder in [found for found in packages.rglob(name) if found.is_dir()]:
            shutil.rmtree(folder, ignore_errors=True)
    for pattern in UNUSED:
        for file in packages.rglob(pattern):
            file.unlink()


if __name__ == "__main__":
    here = Path(sysconfig.get_path("purelib"))
    remove_installers(here)
    remove_unused(here, "--headers" in sys.argv[1:])
