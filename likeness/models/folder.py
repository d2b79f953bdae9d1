"""The folder of pulled models: one folder for each, put there only when it is whole."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from likeness.contract.engines import ModelSpec
from likeness.models.lockfile import Lockfile
from likeness.problems import LocalProblem

MODELS = Path(".likeness/models")
"""Where models lie unless LIKENESS_MODELS says otherwise."""
Watch = Callable[[str, int, int], None]
"""Told which file is under way, and how many bytes of all are there, and how many there will be."""


class State(StrEnum):
    """What is there of a model."""

    ABSENT = "no"
    """Nothing."""
    BEGUN = "begun"
    """A pull was interrupted; the next one goes on with it."""
    INSTALLED = "yes"
    """What the catalogue asks for."""
    OTHER = "other"
    """Pulled, but the catalogue has meanwhile come to ask for another commit or other files."""
    FOREIGN = "by hand"
    """A folder that was not pulled: it has no lock.json, so nothing can be said about it."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when nothing more can be written."""


@dataclass(frozen=True)
class ModelsFolder:
    """A folder of models; each lies in a folder of its name."""

    root: Path

    def place(self, name: str) -> Path:
        """Return where the model called `name` lies, or would."""
        return self.root / name

    def unfinished(self, name: str) -> Path:
        """Return where it lies while it is pulled: beside its place, so that it can be renamed."""
        return self.root / f".{name}.part"

    def lockfile(self, name: str) -> Lockfile | None:
        """Return what is said about an installed model. Raises LocalProblem when its lock.json cannot be read."""
        return Lockfile.read(self.place(name))

    def state(self, spec: ModelSpec) -> State:
        """Return what is there of a model. Raises LocalProblem when its lock.json cannot be read."""
        if not self.place(spec.name).is_dir():
            return State.BEGUN if self.unfinished(spec.name).is_dir() else State.ABSENT
        lockfile = self.lockfile(spec.name)
        if lockfile is None:
            return State.FOREIGN
        return State.INSTALLED if lockfile.fits(spec) else State.OTHER

    def has(self, spec: ModelSpec) -> bool:
        """Return whether a worker would find it."""
        return self.place(spec.name).is_dir()

    def missing(self, specs: Sequence[ModelSpec]) -> list[ModelSpec]:
        """Return those that are not as the catalogue asks for."""
        return [spec for spec in specs if self.state(spec) is not State.INSTALLED]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep every other change away. Raises LocalProblem when one is under way, or the folder is read-only."""
        with self.writable():
            self.root.mkdir(parents=True, exist_ok=True)
            guard = os.open(self.root / ".changing", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalProblem(f"another command is changing {self.root}; wait for it to end") from None
        else:
            with self.writable():
                yield
        finally:
            os.close(guard)

    @contextmanager
    def writable(self) -> Iterator[None]:
        """Tell that the folder cannot be written to, when it cannot. Raises LocalProblem."""
        try:
            yield
        except OSError as error:
            more = "; make room and try again: what came so far is kept" if error.errno in FULL else ""
            raise LocalProblem(f"{self.root} cannot be changed: {error.strerror or error}{more}") from error

    def install(self, name: str) -> None:
        """Put a finished pull in its place; what lay there before goes."""
        place, before = self.place(name), self.root / f".{name}.before"
        shutil.rmtree(before, ignore_errors=True)
        if place.exists():
            place.rename(before)
        self.unfinished(name).rename(place)
        shutil.rmtree(before, ignore_errors=True)

    def remove(self, name: str) -> int:
        """Remove a model and what an interrupted pull left of it; return the bytes that were freed.

        Raises LocalProblem for a folder that was not pulled.
        """
        place, freed = self.place(name), 0
        if place.is_dir() and (place.is_symlink() or self.lockfile(name) is None):
            raise LocalProblem(f"{place} was not pulled (it has no lock.json, or is a link): remove it by hand")
        with self.changing():
            for folder in (place, self.unfinished(name)):
                if folder.is_dir():
                    freed += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
                    shutil.rmtree(folder)
        return freed
