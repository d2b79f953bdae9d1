"""One model from the hub into its folder: all of it, checked, or not at all."""

import re
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from likeness.contract.engines import ModelSpec
from likeness.models import hub
from likeness.models.files import check, wanted
from likeness.models.folder import ModelsFolder, State, Watch
from likeness.models.hub import HubFile
from likeness.models.lockfile import COMMIT, LOCKFILE, Lockfile, PulledFile, digest
from likeness.problems import LocalProblem

UNCHECKED = ".unchecked"
"""Appended to the name of a file that came whole and has not been looked at."""
ROOM = 64 * 1024**2
"""Bytes of disk to leave free."""


def pull(spec: ModelSpec, models: ModelsFolder, watch: Watch) -> Lockfile | None:
    """Bring a model; return what came, None when it is already as the catalogue asks for: then no hub is asked.

    Raises HubUnreachable, or LocalProblem saying what is wrong; what came until then is gone on with next time.
    """
    state = models.state(spec)
    if state is State.INSTALLED:
        return None
    if state is State.FOREIGN:
        raise LocalProblem(f"{models.place(spec.name)} was not pulled (it has no lock.json): remove it by hand first")
    with models.changing():
        folder = models.unfinished(spec.name)
        there = _snapshot(spec, folder)
        begun = Lockfile(
            repository=spec.repository, revision=spec.revision, commit=there.commit, patterns=spec.files, files={}
        )
        files = wanted(spec, there.files)
        _begin(begun, folder)
        _need_room(files, folder)
        lockfile = begun.model_copy(update={"files": _bring(begun, files, folder, watch)})
        lockfile.write(folder)
        models.install(spec.name)
    return lockfile


def _snapshot(spec: ModelSpec, folder: Path) -> hub.Snapshot:
    """Ask for the commit that an interrupted pull was of, while the catalogue asks for the same; else what it asks."""
    begun = Lockfile.read(folder)
    revision = begun.commit if begun and begun.fits(spec) else spec.revision
    there = hub.snapshot(spec.repository, revision)
    if re.fullmatch(COMMIT, revision) and there.commit != revision:
        raise LocalProblem(f"{spec.repository}: asked for {revision}, the hub gives {there.commit}")
    return there


def _begin(begun: Lockfile, folder: Path) -> None:
    """Make the folder, empty unless what lies there is of the same pull."""
    if folder.is_dir() and Lockfile.read(folder) != begun:
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    begun.write(folder)


def _need_room(files: Mapping[str, HubFile], folder: Path) -> None:
    """Raise LocalProblem when the disk cannot take what is still to come."""
    there = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    needed = sum(file.size for file in files.values()) - there + ROOM
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise LocalProblem(f"{needed / 1e9:.1f} GB are needed in {folder.parent}, {free / 1e9:.1f} GB are free")


def _bring(begun: Lockfile, files: Mapping[str, HubFile], folder: Path, watch: Watch) -> dict[str, PulledFile]:
    total, done, brought = sum(file.size for file in files.values()), 0, {}
    _drop_strangers(folder, files)
    for stored, file in files.items():
        seen = partial(_seen, watch, done, total)
        brought[stored] = _bring_one(begun, file, folder / stored, seen)
        done += file.size
        watch(file.path, done, total)
    return brought


def _seen(watch: Watch, before: int, total: int, what: str, there: int) -> None:
    watch(what, before + there, total)


def _bring_one(begun: Lockfile, file: HubFile, target: Path, seen: Callable[[str, int], None]) -> PulledFile:
    """Bring one file. One that is there under its own name was checked before it got that name."""
    if target.is_file() and target.stat().st_size == file.size:
        return PulledFile(sha256=file.sha256, size=file.size) if file.sha256 else digest(target)
    arrived = target.with_name(target.name + UNCHECKED)
    if not arrived.is_file():
        hub.download(begun.repository, begun.commit, file, arrived, partial(seen, file.path))
    try:
        found = check(arrived, file, partial(seen, f"checking {file.path}"))
    except LocalProblem:
        arrived.unlink()
        raise
    arrived.rename(target)
    return found


def _drop_strangers(folder: Path, files: Mapping[str, HubFile]) -> None:
    """Remove what no file of this pull is called: nothing unknown gets installed."""
    known = {LOCKFILE, *(name + end for name in files for end in ("", UNCHECKED, UNCHECKED + hub.UNFINISHED))}
    for path in folder.rglob("*"):
        if path.is_symlink() or (path.is_file() and path.relative_to(folder).as_posix() not in known):
            path.unlink()
