from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.worker.drill import Drill


@pytest.fixture
def drill(server: Server, tmp_path: Path) -> Iterator[Drill]:
    """A drill on a fresh server."""
    own = Drill(server.url, tmp_path)
    yield own
    own.stop()
