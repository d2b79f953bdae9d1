"""What the client hands in, as a form or as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from likeness.problems import LikenessProblem

Fields = str | int | float | bool | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
File = str | Path | bytes
"""A picture: the path of its file, or its bytes."""


def read(picture: File) -> tuple[str, bytes]:
    """Return the name and the bytes of a picture. Raises LikenessProblem when its file cannot be read."""
    if isinstance(picture, bytes):
        return "image", picture
    try:
        return Path(picture).name, Path(picture).read_bytes()
    except OSError as error:
        raise LikenessProblem(0, "unreadable_file", f"{picture} cannot be read: {error.strerror}") from error


def form(fields: Mapping[str, Fields]) -> dict[str, str]:
    """Return the fields as form parts: those that are None left out, objects and lists as JSON."""
    return {name: _part(value) for name, value in fields.items() if value is not None}


def content_of(files: Mapping[str, File | None], fields: Mapping[str, Fields]) -> dict[str, Any]:
    """Return the content of a request as httpx takes it: a form where there are files, else JSON."""
    sent = {name: read(file) for name, file in files.items() if file is not None}
    if sent:
        return {"files": sent, "data": form(fields)}
    return {"json": {name: value for name, value in fields.items() if value is not None}}


def _part(value: Fields) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=dict)
