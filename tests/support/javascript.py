"""The JavaScript client as npm packs and installs it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.places import ROOT

SOURCE = ROOT / "clients/javascript"


def node(*command: object, cwd: Path, limit: float = 200, **environment: str) -> str:
    """Run a program of Node's and return what it prints."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    known = os.environ | environment
    ran = subprocess.run([*map(str, command)], cwd=cwd, env=known, capture_output=True, text=True, timeout=limit)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def packed(folder: Path) -> Path:
    """Pack the client from a copy of it, since packing adds the types to the folder, and return the archive."""
    shutil.copytree(SOURCE, folder / "clients/javascript")
    (folder / "openapi").mkdir()
    for name in ("openapi/likeness.d.ts", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder / node("npm", "pack", "--silent", folder / "clients/javascript", cwd=folder).split()[-1]


def installed(archive: Path, folder: Path) -> Path:
    """Install the packed client into a folder, offline, and return where it lies."""
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    node("npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", archive, cwd=folder)
    return folder / "node_modules/likeness-client"
