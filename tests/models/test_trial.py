"""What engines are tried with is what the service would take."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.tasks import Task, Way
from likeness.models.trial import WISHES, request

TASKS: TypeAdapter[Task] = TypeAdapter(Task)
CATALOGUE = load_catalogue()


def test_every_way_of_customising_has_something_to_try() -> None:
    assert set(WISHES) == set(Way)


@pytest.mark.parametrize("spec", CATALOGUE.engines, ids=lambda spec: spec.name)
@pytest.mark.parametrize("recreates", [True, False])
def test_every_engine_is_asked_what_it_does(spec: EngineSpec, recreates: bool) -> None:
    """Also where an engine of the same ways would not recreate."""
    able = spec if recreates else spec.model_copy(update={"kinds": ["customise"]})
    asked = request(able, Path("given.png"))
    path = str(Path("given.png").resolve())
    assert asked.pop("image") == path
    task = TASKS.validate_python({name: "file" if value == path else value for name, value in asked.items()})
    assert CATALOGUE.choose(task) == spec
    spec.resolve(task)
