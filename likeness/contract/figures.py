"""What was measured of the engines that ship: figures.json, which the benchmarks write and nobody types."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import Scalar

FILE = "figures.json"
"""Beside this module."""
Kind = Literal["recreate", "generate"]


class Measured(BaseModel):
    """What one program measured of one engine with one setting of its parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    engine: str
    revision: str = Field(description="of the engine, when it was measured")
    kind: Kind = Field(description="what it was measured at")
    parameters: dict[str, Scalar] = Field(description="what it ran with")
    pictures: int = Field(gt=0, description="number of images it was measured on")
    figures: dict[str, float] = Field(
        description="by name; metrics of a report are medians, their units those of a report; `seconds` is the median "
        "of the engine alone, loaded before; `million_parameters` is what its networks hold, `megabytes` their files; "
        "a `frechet_distance` is on MobileNetV2's features, to as many real images, and `within` these the floor"
    )
    command: str = Field(description="the program that prints them")
    machine: str = Field(description="what it ran on")


class Figures(BaseModel):
    """All that was measured, in the order of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measured: list[Measured] = []

    def of(self, spec: EngineSpec) -> list[Measured]:
        """Return what was measured of an engine as it is when nothing is asked of it but its default parameters.

        What was measured of another revision or with other parameters is left out.
        """
        return [one for one in self.measured if one.revision == spec.revision and _is_default(one, spec)]

    def with_new(self, new: Sequence[Measured], order: Sequence[str]) -> "Figures":
        """Return these with `new` in the place of what was measured of the same engines by the same command.

        `order` names the engines; what was measured of others is dropped.
        """
        replaced = {(one.engine, one.command) for one in new}
        kept = [one for one in self.measured if (one.engine, one.command) not in replaced and one.engine in order]
        return Figures(measured=sorted([*kept, *new], key=lambda one: order.index(one.engine)))


def _is_default(one: Measured, spec: EngineSpec) -> bool:
    return one.engine == spec.name and one.parameters == defaults(spec, one.kind)


def defaults(spec: EngineSpec, kind: Kind) -> dict[str, Scalar]:
    """Return the parameters that an engine runs with when a job of this kind names none."""
    return {name: one.default_of(kind) for name, one in spec.parameters.items() if name != "seed"}


@cache
def load_figures() -> Figures:
    """Read what ships. Raises pydantic.ValidationError when the file is not one of ours."""
    return Figures.model_validate_json(resources.files("likeness.contract").joinpath(FILE).read_text("utf-8"))
