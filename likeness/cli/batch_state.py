"""What `likeness batch run` keeps in its folder, so that the same command goes on where it stopped."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from likeness.problems import LocalProblem, writing

STATE: Final = "batch.json"
MANIFEST: Final = "manifest.jsonl"


@dataclass
class Posted:
    """One batch that was posted: its id, and of each of its jobs the key, in the order of items and recipes."""

    batch: str
    references: list[str]
    recipes: list[str]
    keys: list[str]
    step: int = 0
    """Up to which step of the batch its results are here."""


@dataclass
class Folder:
    """The folder of a run: which batches were posted, and the lines of its manifest. Its methods raise LocalProblem."""

    path: Path
    posted: list[Posted] = field(default_factory=list)
    lines: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """By reference and recipe."""

    @classmethod
    def open(cls, path: Path) -> "Folder":
        """Return the folder as it was left, or a new one."""
        folder = cls(path)
        state = path / STATE
        if state.exists():
            try:
                known = json.loads(state.read_text("utf-8"))
                folder.posted = [Posted(**one) for one in known["batches"]]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise LocalProblem(f"{state} cannot be read: {error}") from error
        for line in _whole_lines(path / MANIFEST):
            folder.lines[line["reference"], line["recipe"]] = line
        return folder

    def save(self) -> None:
        """Write down which batches were posted."""
        known = {"batches": [vars(one) for one in self.posted]}
        self._replace(self.path / STATE, json.dumps(known))

    def add(self, line: dict[str, Any]) -> None:
        """Add a line to the manifest; it is on the disk when this returns."""
        self.lines[line["reference"], line["recipe"]] = line
        target = self.path / MANIFEST
        with writing(target), target.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def sort(self, order: Mapping[tuple[str, str], int]) -> None:
        """Write the manifest anew in the order of the plan, each job once; what is no longer planned comes last."""
        found = sorted(self.lines.items(), key=lambda item: order.get(item[0], len(order)))
        self._replace(self.path / MANIFEST, "".join(json.dumps(line, ensure_ascii=False) + "\n" for _, line in found))

    def _replace(self, target: Path, text: str) -> None:
        part = target.with_name(f".{target.name}.part")
        with writing(target):
            self.path.mkdir(parents=True, exist_ok=True)
            part.write_text(text, "utf-8")
            part.replace(target)


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a manifest; the last one may have been cut short, and then its job comes again."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise LocalProblem(f"{path} cannot be read: {error}") from error
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        with writing(path):
            os.truncate(path, len(whole.encode()))  # not written anew: on a full disk all of it would be lost
    for line in whole.splitlines():
        try:
            yield json.loads(line)
        except ValueError as error:
            raise LocalProblem(f"{path} is not JSONL: {error}") from error
