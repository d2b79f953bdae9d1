"""The shipped engines behind a real service that asks for a key, for the examples to be run against."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from service.auth.keys import create_key


@dataclass
class Shop:
    """A service and a key to it."""

    url: str
    key: str

    @property
    def environment(self) -> dict[str, str]:
        return {"LIKENESS_URL": self.url, "LIKENESS_KEY": self.key}


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One stack for all examples."""
    home = tmp_path_factory.mktemp("home")
    key = create_key(home / "keys.json", "shop")
    settings = Settings(home, port=free_port(), environment={"LIKENESS_PRELOAD": "[]"})
    with Stack(settings, print) as stack:
        stack.wait_until_ready()
        yield Shop(settings.url, key)
