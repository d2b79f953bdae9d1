"""The images: how large they are, what is in them, and under which licences."""

import json

import pytest

from tests.containers.conftest import IMAGES, build
from tests.containers.engine import Engine
from tests.support.places import ROOT

pytestmark = [pytest.mark.containers, pytest.mark.alone, pytest.mark.timeout(1800)]
BASE = "python:3.11-slim-bookworm"
LARGEST = {"likeness-service": 320e6, "likeness-worker-cpu": 1500e6}
"""Bytes that an image may add to its base; more than half of the service's are OpenCV and NumPy."""
ABSENT = {"likeness-service": {"torch", "likeness-worker"}, "likeness-worker-cpu": {"fastapi", "uvicorn"}}


@pytest.fixture(scope="module", params=IMAGES)
def image(request: pytest.FixtureRequest, engine: Engine, bases: dict[str, str]) -> str:
    build(engine, request.param, ROOT)
    return request.param


def size(engine: Engine, name: str) -> int:
    return int(engine.inspect(name, "{{.Size}}"))


def test_it_is_no_larger_than_said(engine: Engine, image: str) -> None:
    assert size(engine, image) - size(engine, BASE) < LARGEST[image]


def test_its_bill_of_materials_is_what_it_holds(engine: Engine, image: str) -> None:
    bill = json.loads(engine.run("run", "--rm", image, "cat", "/opt/likeness/bill-of-materials.json"))
    listed = {one["name"].lower(): one for one in bill["components"]}
    held = engine.run("run", "--rm", image, "python", "-c", LISTING).split()
    assert sorted(listed) == sorted(held)
    assert all(one["licenses"] and one["version"] for one in listed.values())
    licences = json.dumps([one["licenses"] for one in listed.values()])
    assert "GPL" not in licences.replace("LGPL", ""), "what ships must not bind those who ship it"
    assert not ABSENT[image] & set(listed)


def test_nothing_in_it_installs_or_belongs_to_another_program(engine: Engine, image: str) -> None:
    for module in ("pip", "setuptools", {"likeness-service": "worker", "likeness-worker-cpu": "service"}[image]):
        found = engine.run(
            "run", "--rm", image, "python", "-c", f"import importlib.util as u; print(u.find_spec('{module}'))"
        )
        assert found.strip() == "None", module


LISTING = "from importlib.metadata import distributions as d; print(*{x.metadata['Name'].lower() for x in d()})"
