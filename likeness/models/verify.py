"""Whether a pulled model is still what was pulled, byte for byte."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from likeness.models.folder import Watch
from likeness.models.lockfile import LOCKFILE, Lockfile, PulledFile, digest


def faults(folder: Path, lockfile: Lockfile, watch: Watch) -> list[str]:
    """Return what is wrong with a model's folder, in a line each; nothing when it is whole."""
    found, done = [f"{name}: it was not pulled" for name in _strangers(folder, lockfile)], 0
    for name, expected in lockfile.files.items():
        fault = _fault(folder / name, expected, partial(_seen, watch, name, done, lockfile.size))
        found += [f"{name}: {fault}"] if fault else []
        done += expected.size
    return found


def _fault(path: Path, expected: PulledFile, seen: Callable[[int], None]) -> str | None:
    if not path.is_file():
        return "missing"
    if (size := path.stat().st_size) != expected.size:
        return f"{size} bytes, not {expected.size}"
    sha256 = digest(path, seen).sha256
    return None if sha256 == expected.sha256 else f"its sha256 is {sha256}, not {expected.sha256}"


def _seen(watch: Watch, name: str, before: int, total: int, there: int) -> None:
    watch(name, before + there, total)


def _strangers(folder: Path, lockfile: Lockfile) -> list[str]:
    known = {LOCKFILE, *lockfile.files}
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name not in known)
