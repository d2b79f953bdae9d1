"""An engine with the images of this checkout."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.bases import BASES, bring
from tests.containers.engine import WANTED, Engine, reason_against

BUILD_SECONDS = 1800
IMAGES = {"likeness-service": ("Dockerfile", "service"), "likeness-worker-cpu": ("Dockerfile", "worker")}
"""Each image with its file and stage."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks take minutes and both cores: `make test` leaves them out."""
    if WANTED not in os.environ:
        for item in items:
            if item.get_closest_marker("containers"):
                item.add_marker(pytest.mark.skip(reason="make test-containers runs whole stacks"))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine that answers; for `make test-containers` one of our own, with the base images."""
    if reason := reason_against():
        pytest.skip(reason)
    engine = Engine(own=WANTED in os.environ and not Engine(own=False).answers())
    if engine.own:
        engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def bases(engine: Engine) -> dict[str, str]:
    """How each base image came."""
    return {base.name: bring(engine, base) for base in BASES}


def build(engine: Engine, name: str, folder: Path | None = None, data: bytes | None = None) -> None:
    """Build an image from a folder, or from a tar file's bytes; its label makes images of other names others."""
    file, stage = IMAGES[name.partition(":")[0]]
    command = ["build", "--network", "host", "--target", stage, "--tag", name, "--label", f"tested={name}"]
    if index := os.environ.get("TORCH_INDEX"):
        command += ["--build-arg", f"TORCH_INDEX={index}"]
    if folder is not None:
        command += ["--file", str(folder / file)]
    engine.run(*command, str(folder) if folder else "-", seconds=BUILD_SECONDS, data=data)
