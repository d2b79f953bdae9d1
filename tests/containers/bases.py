"""The images that ours are made from: pulled where that can be done, else made by debootstrap under the same names.

A made one has the programs that ours need of it, and the settings and certificates that pip has on this machine.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.containers.engine import Engine, EngineError, checked, packages_settings

PULL_SECONDS = 300
MADE_SECONDS = 1200


@dataclass(frozen=True)
class Base:
    """A base image, and what stands in for it: a suite of Debian with packages, links and folders."""

    name: str
    suite: str
    packages: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, int], ...] = ()
    """Each with the user that it belongs to."""


VALKEY = Base("valkey/valkey:9.1.4", "trixie", ("valkey-server", "valkey-tools"), folders=(("data", 999),))
BASES = (
    Base("python:3.11-slim-bookworm", "bookworm", ("python3", "python3-venv"), (("usr/bin/python", "python3"),)),
    Base("ubuntu:24.04", "trixie", ()),
    VALKEY,
)


def bring(engine: Engine, base: Base) -> str:
    """Have a base image, and return how it came: `there`, `pulled` or `made`."""
    try:
        engine.inspect(base.name, "{{.Id}}")
    except EngineError:
        pass
    else:
        return "there"
    try:
        engine.run("pull", "--quiet", base.name, seconds=PULL_SECONDS)
    except (EngineError, subprocess.TimeoutExpired):
        _make(engine, base)
        return "made"
    return "pulled"


def _make(engine: Engine, base: Base) -> None:
    with tempfile.TemporaryDirectory(prefix="likeness-base-", dir="/var/tmp") as name:
        root = Path(name) / "root"
        packages = ",".join(("ca-certificates", *base.packages))
        checked(["debootstrap", "--variant=minbase", f"--include={packages}", base.suite, str(root)], MADE_SECONDS)
        for link, target in base.links:
            (root / link).unlink(missing_ok=True)
            (root / link).symlink_to(target)
        for folder, user in base.folders:
            (root / folder).mkdir(exist_ok=True)
            shutil.chown(root / folder, user, user)
        for file in (root / "var/cache/apt/archives").glob("*.deb"):
            file.unlink()
        _give_settings(root)
        tar = Path(name) / "root.tar"
        checked(["tar", "-C", str(root), "-cf", str(tar), "."], MADE_SECONDS)
        engine.run("import", str(tar), base.name, seconds=MADE_SECONDS)


def _give_settings(root: Path) -> None:
    """Let pip within find packages as it does here: files and folders that it is told are copied to the same paths."""
    settings = packages_settings()
    lines = ["[global]"]
    for name in ("index-url", "cert", "find-links"):
        value = settings.get(name)
        if not value:
            continue
        lines.append(f"{name} = {value}")
        here, there = Path(value), root / value.lstrip("/")
        if here.is_dir():
            shutil.copytree(here, there, dirs_exist_ok=True)
        elif here.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, there)
    (root / "etc/pip.conf").write_text("\n".join(lines) + "\n", "utf-8")
