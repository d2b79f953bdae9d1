"""Where what the documents show is run: a stack with the starter engines, and a folder with the examples."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from service.webhooks.secrets import new_secret
from tests.support.places import EXAMPLES

ENVIRONMENT = {
    "LIKENESS_OPENAI_MODELS": '{"gpt-image-1": "default"}',
    "LIKENESS_WEBHOOK_SECRET": new_secret(),
    "LIKENESS_WEBHOOK_PRIVATE": "true",  # for receivers on this machine
    "LIKENESS_PRELOAD": "[]",
}
"""Settings that documents tell to make; and no engine is loaded that none of them asks for."""


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of one stack that serves the tests of all files."""
    settings = Settings(tmp_path_factory.mktemp("home"), port=free_port(), environment=ENVIRONMENT)
    with Stack(settings, print) as stack:
        stack.wait_until_ready()
        yield settings


@pytest.fixture(scope="package")
def url(running: Settings) -> str:
    return running.url


@pytest.fixture(scope="package")
def port(running: Settings) -> int:
    return running.port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with examples/, as the root of a checkout has it."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    return tmp_path
