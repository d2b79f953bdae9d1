"""Which files of a repository are taken, and whether a file is what it was said to be."""

import json
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from hashlib import sha1
from pathlib import Path, PurePosixPath

from likeness.contract.engines import ModelSpec
from likeness.models.hub import HubFile
from likeness.models.lockfile import PulledFile, digest
from likeness.problems import LocalProblem

HARMLESS = (".safetensors", ".json", ".txt", ".model", ".jinja")
"""What a file's name may end in: weights, settings, vocabularies, chat templates. No pickle, no code."""
NAME = re.compile(r"[\w.+-]+(/[\w.+-]+)*")
MOST_HEADER = 100_000_000
"""Bytes of a safetensors header, at most, as its own readers have it."""


def wanted(spec: ModelSpec, files: Sequence[HubFile]) -> dict[str, HubFile]:
    """Return the files that a model takes, by the path each is stored at.

    Raises LocalProblem for a file that may hold code or leaves the folder, and when a file that the catalogue names,
    or all that a pattern of weights stands for, is missing.
    """
    for pattern in spec.files:
        needed = "*" not in pattern or pattern.endswith(".safetensors")
        if needed and not any(matches(file.path, pattern) for file in files):
            raise LocalProblem(f"{spec.repository} has no {pattern} at {spec.revision}")
    taken = [file for file in files if any(matches(file.path, pattern) for pattern in spec.files)]
    for file in taken:
        _refuse_harm(spec, file.path)
    stored = {stored_as(file.path): file for file in taken}
    if len(stored) < len(taken):
        raise LocalProblem(f"{spec.name}: its patterns take the same weights in 16 and in 32 bits")
    return stored


def matches(path: str, pattern: str) -> bool:
    """Return whether a pattern stands for a path: `*` is anything but a slash."""
    parts, wanted_parts = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted_parts) and all(map(fnmatchcase, parts, wanted_parts))


def stored_as(path: str) -> str:
    """Return the path a file is stored at: its own, but 16-bit weights get the plain name that loaders look for."""
    return re.sub(r"\.fp16\.safetensors$", ".safetensors", path)


def check(path: Path, file: HubFile, watch: Callable[[int], None] | None = None) -> PulledFile:
    """Return the digest of a file that came; `watch` is told how many bytes were read.

    Raises LocalProblem when it is not the one the hub told of.
    """
    found = digest(path, watch)
    if file.sha256 is None and file.blob is None:
        raise LocalProblem(f"{file.path}: the hub told no digest of it")
    if file.sha256 is not None and found.sha256 != file.sha256:
        raise LocalProblem(f"{file.path}: its sha256 is {found.sha256}, not {file.sha256}")
    if file.sha256 is None and (blob := git_blob(path)) != file.blob:
        raise LocalProblem(f"{file.path}: its git object id is {blob}, not {file.blob}")
    if file.path.endswith(".safetensors") and not is_safetensors(path):
        raise LocalProblem(f"{file.path}: not a safetensors file, whatever its name")
    return found


def git_blob(path: Path) -> str:
    """Return the id that git gives a file's content."""
    data = path.read_bytes()  # small: a large one is known by its sha256
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def is_safetensors(path: Path) -> bool:
    """Return whether a file has the header of a safetensors file: its length in 8 bytes, then an object in JSON."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(MOST_HEADER, path.stat().st_size - 8):
            return False
        try:
            return isinstance(json.loads(file.read(length)), dict)
        except ValueError:
            return False


def _refuse_harm(spec: ModelSpec, path: str) -> None:
    inside = NAME.fullmatch(path) and ".." not in PurePosixPath(path).parts
    if not inside or PurePosixPath(path).suffix not in HARMLESS:
        raise LocalProblem(
            f"{spec.name}: {path!r} of {spec.repository} is rejected: only {', '.join(HARMLESS)} are taken, "
            "because a pickle or a script can run any code"
        )
