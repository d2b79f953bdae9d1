"""Whether a pulled model is still what was pulled, byte for byte."""

from collections.abc import Callable
from pathlib import Path

from likeness.models.lockfile import LOCKFILE, Lockfile, digest


def faults(folder: Path, lockfile: Lockfile, watch: Callable[[str, int], None]) -> list[str]:
    """Return what is wrong with a model's folder, in a line each; nothing when it is whole.

    `watch` is told each file before it is read, and its bytes.
    """
    found = [f"{name}: it was not pulled" for name in _strangers(folder, lockfile)]
    for name, expected in lockfile.files.items():
        watch(name, expected.size)
        path = folder / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif path.stat().st_size != expected.size:
            found.append(f"{name}: {path.stat().st_size} bytes, not {expected.size}")
        elif (sha256 := digest(path).sha256) != expected.sha256:
            found.append(f"{name}: its sha256 is {sha256}, not {expected.sha256}")
    return found


def _strangers(folder: Path, lockfile: Lockfile) -> list[str]:
    known = {LOCKFILE, *lockfile.files}
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name not in known)
