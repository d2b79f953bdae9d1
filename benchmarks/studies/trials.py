"""What is compared: an engine with one setting of its parameters."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from pydantic import ValidationError

from likeness.contract.catalogue import Catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import InvalidField
from likeness.contract.jobs import Scalar
from likeness.contract.tasks import Recreate

SWEPT = "layer"
"""The parameter all of whose choices are tried without being asked: what a network still knows there is the study."""

Values = dict[str, Scalar]
Grids = Mapping[str, Mapping[str, Sequence[Scalar]]]
"""By engine and parameter the values to try."""


@dataclass(frozen=True)
class Trial:
    """An engine, what it is asked, and which of its parameters say so beside its name."""

    spec: EngineSpec
    task: Recreate
    varied: Values

    @property
    def name(self) -> str:
        """The engine, and the values that tell this trial from its others."""
        return " ".join([self.spec.name, *(f"{name}={value}" for name, value in self.varied.items())])


def grids_of(given: Sequence[str]) -> dict[str, dict[str, list[Scalar]]]:
    """Return `ENGINE:PARAMETER=VALUE,VALUE` read, values as JSON has them, else as texts. Raises ValueError."""
    grids: dict[str, dict[str, list[Scalar]]] = {}
    for one in given:
        engine, colon, rest = one.partition(":")
        name, equals, values = rest.partition("=")
        if not (engine and colon and name and equals and values):
            raise ValueError(f"{one!r} is not ENGINE:PARAMETER=VALUE,VALUE")
        grids.setdefault(engine, {})[name] = [_read(value) for value in values.split(",")]
    return grids


def _read(value: str) -> Scalar:
    try:
        read = json.loads(value)
    except json.JSONDecodeError:
        return value
    return read if isinstance(read, Scalar) else value


def trials_of(catalogue: Catalogue, installed: Collection[str], names: Sequence[str], grids: Grids) -> list[Trial]:
    """Return the trials of the recreate engines that are installed, or of those named, in the catalogue's order.

    Every combination of an engine's grid is one. Raises ValueError naming an engine that is not there, does not
    recreate, or a value that it does not take.
    """
    able = [spec for spec in catalogue.engines if "recreate" in spec.kinds and spec.name in installed]
    unknown = {*names, *grids} - {spec.name for spec in able}
    if unknown:
        raise ValueError(f"not installed, or no recreate engine: {', '.join(sorted(unknown))}")
    return [trial for spec in able if not names or spec.name in names for trial in _of_engine(spec, grids)]


def _of_engine(spec: EngineSpec, grids: Grids) -> Iterator[Trial]:
    swept = spec.parameters.get(SWEPT)
    grid = ({SWEPT: swept.choices} if swept and swept.choices else {}) | dict(grids.get(spec.name, {}))
    for values in product(*grid.values()):
        yield _trial(spec, dict(zip(grid, values, strict=True)))


def _trial(spec: EngineSpec, varied: Values) -> Trial:
    try:
        task = Recreate.model_validate({"engine": spec.name} | varied)
        spec.resolve(task)
    except ValidationError as error:
        raise ValueError(f"{spec.name}: {error.errors()[0]['msg']}: {varied}") from error
    except InvalidField as error:
        raise ValueError(f"{spec.name}: {error.detail}") from error
    return Trial(spec, task, varied)
