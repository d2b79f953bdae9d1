"""The content of a request, as a form or as JSON."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final

from likeness.problems import LikenessProblem, unreadable

Fields = str | int | float | bool | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
File = str | PathLike[str] | bytes | IO[bytes]
"""An image: the path of its file, its bytes, an open file, or a URL (https or data) that the service fetches."""
Picture = File | Mapping[str, Any]
"""An image, or one that an earlier job made: {"job": id, "image": number}."""
Pictures = Picture | list[File] | None
"""What a field of a call takes that images are sent in."""

URL: Final = re.compile(r"(?:https?://|data:)", re.IGNORECASE)


def read(file: File) -> tuple[str, bytes]:
    """Return the name and bytes of an image. Raises LikenessProblem (`unreadable_file`) if it cannot be read."""
    try:
        if isinstance(file, bytes):
            return "image", file
        if isinstance(file, str | PathLike):
            return Path(file).name, Path(file).read_bytes()
        return Path(str(getattr(file, "name", "image"))).name, file.read()
    except OSError as error:
        raise LikenessProblem(0, "unreadable_file", unreadable(file, error)) from error


def form(fields: Mapping[str, Fields]) -> dict[str, str]:
    """Return the fields as form parts, without those that are None; objects and lists become JSON."""
    return {name: _part(value) for name, value in fields.items() if value is not None}


def content_of(files: Mapping[str, Pictures], fields: Mapping[str, Fields]) -> dict[str, Any]:
    """Return httpx's arguments for the content of a request: a form if there are files, otherwise JSON.

    If one image is a URL, the request is JSON and the other images are sent as base64: a form cannot hold a URL.
    """
    made = {name: file for name, file in files.items() if isinstance(file, Mapping)}
    lists = {name: file for name, file in files.items() if isinstance(file, list)}
    given = {name: file for name, file in files.items() if file is not None and not isinstance(file, Mapping | list)}
    values = {name: value for name, value in {**fields, **made}.items() if value is not None}
    every = [*given.items(), *((name, file) for name, several in lists.items() for file in several)]
    if not every:
        return {"json": values}
    if any(is_url(file) for _, file in every):
        texts = {name: [_text(file) for file in several] for name, several in lists.items()}
        return {"json": {**values, **{name: _text(file) for name, file in given.items()}, **texts}}
    return {"files": [(name, read(file)) for name, file in every], "data": form(values)}


def is_url(file: File) -> bool:
    """Return whether an image is given as a URL."""
    return isinstance(file, str) and URL.match(file) is not None


def _text(file: File) -> str:
    return str(file) if is_url(file) else base64.b64encode(read(file)[1]).decode()


def _part(value: Fields) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=dict)
