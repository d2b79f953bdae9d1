"""Programs of others that read image files, as a second opinion; tests skip where they are not installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def exiftool(data: bytes, *options: str) -> dict[str, Any]:
    """Return what ExifTool reads of a file, by `Group:Tag`, numbers as they are stored. Fails where it warns."""
    found = json.loads(_run(["exiftool", "-json", "-G1", "-n", *options, "-"], "libimage-exiftool-perl", data))[0]
    assert not {name: text for name, text in found.items() if name.endswith((":Warning", ":Error"))}
    return found


def pngcheck(data: bytes, folder: Path) -> str:
    """Return how pngcheck describes a PNG, chunk by chunk. Fails where it finds a fault."""
    file = folder / "checked.png"
    file.write_bytes(data)
    return _run(["pngcheck", "-v", str(file)], "pngcheck").decode("utf-8", "replace")


def _run(command: list[str], package: str, data: bytes = b"") -> bytes:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (package {package})")
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout
