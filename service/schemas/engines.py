"""Engines as callers see them."""

from collections.abc import Collection, Sequence

from pydantic import BaseModel, Field

from likeness.contract.engines import CanvasSpec, EngineSpec, Kind, ParameterSpec
from likeness.contract.figures import Figures, Measured
from likeness.contract.jobs import (
    Residency,
)
from likeness.contract.tasks import ControlKind, EditType, Purpose


class Resident(BaseModel):
    """A worker that holds an engine in memory."""

    worker: str
    device: str
    memory: int | None = Field(description="bytes its engines may take")
    exact: bool = Field(description="gives the same bytes in any batch; elsewhere only to jobs that ask for `exact`")


class EngineView(BaseModel):
    """One engine of the catalogue, and where it is in memory."""

    name: str
    family: str
    summary: str
    use: str = Field(description="when to take it rather than another")
    kinds: list[Kind]
    ways: list[EditType] = Field(description="the edit types it does")
    default_for: list[Purpose] = Field(description="what it does when no engine is named")
    closed: bool = Field(description="takes only the instructions that `instructions` lists")
    instructions: list[str] = Field(description="what can be asked of a closed engine in words, a line for each kind")
    pool: str
    weights: str
    parts: dict[str, str] = Field(description="further models it runs on")
    controls: list[ControlKind] = Field(description="maps that steer it")
    loras: list[str] = Field(description="adapters that a job may put on")
    captioned: bool = Field(description="needs a text to recreate a picture; one is written when none is given")
    memory: int | None = Field(description="bytes it needs to make one picture, weights included")
    revision: str
    licence: str
    batch: int = Field(description="most jobs in one run")
    timeout: int = Field(description="seconds a job may run, for each candidate and attempt")
    timeout_per_megapixel: float = Field(description="seconds more for each megapixel")
    max_candidates: int
    drifts: bool = Field(description="is known to shift or zoom the picture; undone where it is small and sure")
    canvas: CanvasSpec
    parameters: dict[str, ParameterSpec]
    figures: list[Measured] = Field(description="what was measured of it with its default parameters; may be empty")
    installed: bool = Field(description="whether a worker has everything it runs on")
    resident: list[Resident]

    @classmethod
    def of(
        cls, spec: EngineSpec, workers: Sequence[Residency], missing: Collection[str], figures: Figures
    ) -> "EngineView":
        """Return an engine with what was measured of it, and the workers that hold it."""
        resident = [
            Resident(**worker.model_dump(include={"worker", "device", "memory"}), exact=worker.device == "cpu")
            for worker in workers
            if spec.name in worker.engines
        ]
        said = spec.model_dump(include=set(cls.model_fields))
        return cls(
            **said,
            instructions=spec.instructions(),
            figures=figures.of(spec),
            installed=spec.name not in missing,
            resident=resident,
        )


class EngineList(BaseModel):
    """The catalogue."""

    engines: list[EngineView]
