"""What the client hands in, as a form or as JSON."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final

from likeness.problems import LikenessProblem

Fields = str | int | float | bool | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
File = str | PathLike[str] | bytes | IO[bytes]
"""A picture: the path of its file, its bytes, an open file, or a URL (https or data) that the service is to read."""

ADDRESS: Final = re.compile(r"(?:https?://|data:)", re.IGNORECASE)


def read(picture: File) -> tuple[str, bytes]:
    """Return the name and the bytes of a picture. Raises LikenessProblem when its file cannot be read."""
    try:
        if isinstance(picture, bytes):
            return "image", picture
        if isinstance(picture, str | PathLike):
            return Path(picture).name, Path(picture).read_bytes()
        return Path(str(getattr(picture, "name", "image"))).name, picture.read()
    except OSError as error:
        raise LikenessProblem(0, "unreadable_file", f"{picture!s} cannot be read: {error.strerror}") from error


def form(fields: Mapping[str, Fields]) -> dict[str, str]:
    """Return the fields as form parts: those that are None left out, objects and lists as JSON."""
    return {name: _part(value) for name, value in fields.items() if value is not None}


def content_of(files: Mapping[str, File | None], fields: Mapping[str, Fields]) -> dict[str, Any]:
    """Return the content of a request as httpx takes it: a form where there are files, else JSON.

    One picture that is given as a URL makes it JSON, with the others in base64: a form has no place for a URL.
    """
    given = {name: file for name, file in files.items() if file is not None}
    said = {name: value for name, value in fields.items() if value is not None}
    if not given:
        return {"json": said}
    if any(is_address(file) for file in given.values()):
        return {"json": {**said, **{name: _text(file) for name, file in given.items()}}}
    return {"files": {name: read(file) for name, file in given.items()}, "data": form(said)}


def is_address(file: File) -> bool:
    """Return whether a picture is given as a URL."""
    return isinstance(file, str) and ADDRESS.match(file) is not None


def _text(file: File) -> str:
    return str(file) if is_address(file) else base64.b64encode(read(file)[1]).decode()


def _part(value: Fields) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=dict)
