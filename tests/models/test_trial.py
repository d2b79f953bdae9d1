"""What engines are tried with is what the service would take."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.tasks import EditType, Task
from likeness.models.trial import EDIT_FIELDS, request

TASKS: TypeAdapter[Task] = TypeAdapter(Task)
CATALOGUE = load_catalogue()


def test_every_way_of_customising_has_something_to_try() -> None:
    assert set(EDIT_FIELDS) == set(EditType)


ABLE = [(spec, spec) for spec in CATALOGUE.engines]
ABLE += [(spec, spec.model_copy(update={"kinds": ["customise"]})) for spec in CATALOGUE.engines if spec.ways]
"""Each engine as it is, and those with ways of customising as if they did nothing else."""


@pytest.mark.parametrize(("spec", "able"), ABLE, ids=lambda spec: f"{spec.name}-{spec.kinds[0]}")
def test_every_engine_is_asked_what_it_does(spec: EngineSpec, able: EngineSpec) -> None:
    asked = request(able, Path("given.png"))
    path = str(Path("given.png").resolve())
    assert (asked.pop("image", None) == path) == (asked["kind"] != "generate")
    task = TASKS.validate_python({name: "file" if value == path else value for name, value in asked.items()})
    assert CATALOGUE.choose(task) == spec
    spec.resolve(task)
