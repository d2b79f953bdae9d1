"""What a process that was killed while it stored an image leaves in a folder: obstore neither lists nor erases it.

obstore writes `<name>#<number>` and renames it once it is whole.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from likeness.queue.keys import STORE_PREFIX

STAGED: Final = re.compile(r".*#[0-9]+")
JOB_ID: Final = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Staging:
    """The half-written files in the folder of a store. Its methods raise OSError, but not for what is gone."""

    folder: Path

    def erase(self, job_id: str) -> None:
        """Erase those of a job, and its folder if nothing else is in it."""
        folder = self.folder / STORE_PREFIX.format(id=job_id)
        for path in _staged(folder):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # whole images are in it, or it is not there
            folder.rmdir()

    def erase_below(self, prefix: str) -> None:
        """Erase those anywhere below a folder, and every folder there that is empty then."""
        for place, _, _ in os.walk(self.folder / prefix, topdown=False):
            for path in _staged(Path(place)):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # whole files are in it, or it is not there
                Path(place).rmdir()

    def erase_old(self, prefix: str, moment: datetime) -> None:
        """Erase those in a folder that were written before `moment`."""
        for path in _staged(self.folder / prefix):
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment:
                    path.unlink()

    def newest(self, before: str) -> dict[str, datetime]:
        """Return when the newest was written, of each job whose id comes before another one."""
        found: dict[str, datetime] = {}
        for path in _entries(self.folder / STORE_PREFIX.partition("/")[0]):
            if not JOB_ID.fullmatch(path.name) or path.name >= before:
                continue
            for staged in _staged(path):
                with suppress(FileNotFoundError):
                    written = datetime.fromtimestamp(staged.stat().st_mtime, UTC)
                    found[path.name] = max(found.get(path.name, written), written)
        return found


def _staged(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if STAGED.fullmatch(path.name)]


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
