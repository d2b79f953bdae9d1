"""What engines are tried with is what the service would take."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from likeness.contract.catalogue import EngineSpec, load_catalogue
from likeness.contract.tasks import Task, Way
from likeness.models.trial import WISHES, request

TASKS: TypeAdapter[Task] = TypeAdapter(Task)
CATALOGUE = load_catalogue()


def test_every_way_of_customising_has_something_to_try() -> None:
    assert set(WISHES) == set(Way)


@pytest.mark.parametrize("spec", CATALOGUE.engines, ids=lambda spec: spec.name)
def test_every_engine_is_asked_what_it_does(spec: EngineSpec) -> None:
    asked = request(spec, Path("given.png"))
    assert asked.pop("image") == str(Path("given.png").resolve())
    task = TASKS.validate_python(asked)
    assert CATALOGUE.choose(task) == spec
    spec.resolve(task)
