"""`lock.json`: what a pulled model's folder holds, and of which commit.

A branch may move and a mirror may lie; the commit and the sha256 of every file say whether two machines run the same.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likeness.contract.engines import ModelSpec
from likeness.problems import LocalProblem

LOCKFILE = "lock.json"
COMMIT = "^[0-9a-f]{40}$"
CHUNK = 16 * 1024**2
"""Bytes read at once."""


class PulledFile(BaseModel):
    """One file, as it came."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")


class Lockfile(BaseModel):
    """What was pulled: from where, which commit of what was asked, and every file by its path in the folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str
    revision: str = Field(description="as the catalogue had it: a commit or a branch")
    commit: str = Field(pattern=COMMIT)
    patterns: list[str] = Field(description="as the catalogue had them")
    files: dict[str, PulledFile] = Field(description="empty while the pull is under way")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read the one of `folder`, None when it has none. Raises LocalProblem when it cannot be read."""
        path = folder / LOCKFILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValidationError) as error:
            raise LocalProblem(f"{path} cannot be read: {_first_line(error)}") from error

    def write(self, folder: Path) -> None:
        """Write it into `folder`, whole or not at all."""
        unfinished = folder / f".{LOCKFILE}"
        unfinished.write_text(json.dumps(self.model_dump(), indent=2) + "\n", "utf-8")
        unfinished.replace(folder / LOCKFILE)

    def fits(self, spec: ModelSpec) -> bool:
        """Return whether this is what the catalogue asks for: a branch is fitted by whatever commit it was."""
        asked = spec.revision in (self.commit, self.revision)
        return asked and (self.repository, self.patterns) == (spec.repository, spec.files)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files.values())


def digest(path: Path, watch: Callable[[int], None] | None = None) -> PulledFile:
    """Return the sha256 and the size of a file; `watch` is told how many bytes were read."""
    whole, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            whole.update(chunk)
            size += len(chunk)
            if watch:
                watch(size)
    return PulledFile(sha256=whole.hexdigest(), size=size)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
