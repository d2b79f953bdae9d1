from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.worker.drill import CATALOGUE, Drill


@pytest.fixture
def drill(server: Server, tmp_path: Path) -> Iterator[Drill]:
    """A drill on a fresh server; its jobs may run for a minute: a slow machine or an outage does not use that up."""
    patient = tmp_path / "patient.toml"
    patient.write_text(CATALOGUE.read_text().replace("timeout = 3\n", "timeout = 60\n"))
    own = Drill(server.url, tmp_path, patient)
    yield own
    own.stop()


@pytest.fixture
def hasty(server: Server, tmp_path: Path) -> Iterator[Drill]:
    """A drill whose jobs may run for three seconds."""
    own = Drill(server.url, tmp_path)
    yield own
    own.stop()
