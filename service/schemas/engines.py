"""Engines as callers see them."""

from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from likeness.contract.engines import CanvasSpec, EngineSpec, Kind, ParameterSpec
from likeness.contract.figures import Figures, Measured
from likeness.contract.instructions import EditKind
from likeness.contract.preferences import Choice, Wanted
from likeness.contract.residency import Residency
from likeness.contract.tasks import ControlKind, EditType


class Resident(BaseModel):
    """A worker that holds an engine in memory."""

    worker: str
    device: str
    memory: int | None = Field(description="bytes of memory its engines may use")
    exact: bool = Field(description="byte-identical output in any run; other workers give it only to jobs with `exact`")


class EngineView(BaseModel):
    """One engine of the catalogue, and where it is in memory."""

    name: str
    family: str
    summary: str
    use: str = Field(description="when to choose it over another engine")
    kinds: list[Kind]
    ways: list[EditType] = Field(description="the edit types it supports")
    default_for: list[Wanted] = Field(description="what it is taken for now when no engine is named")
    closed: bool = Field(description="supports only the instructions listed in `instructions`")
    edits: list[EditKind] = Field(
        default=[], description="of an engine that makes exact edits by arithmetic: the kinds of edit it makes"
    )
    instructions: list[str] = Field(description="the instructions that a closed engine supports, one line per kind")
    pool: str
    weights: str
    parts: dict[str, str] = Field(description="other models it uses")
    controls: list[ControlKind] = Field(description="control maps it supports")
    loras: list[str] = Field(description="LoRA adapters that a job may use")
    references: int = Field(default=0, description="how many further images (`images`) it takes at most")
    captioned: bool = Field(description="needs a prompt to recreate an image; a captioner writes it if none is given")
    memory: int | None = Field(description="bytes of memory it needs for one image, including weights")
    revision: str
    licence: str = Field(description="of its weights")
    commercial: Literal["yes", "no", "conditions"] = Field(
        description="whether its licence allows commercial use; with conditions: read it"
    )
    licence_url: str | None = Field(description="where the licence can be read")
    permitted: bool = Field(
        description="whether this service runs it: one whose licence forbids commercial use only where that is allowed"
    )
    batch: int = Field(description="maximum number of jobs in one run")
    timeout: int = Field(description="time limit of a job in seconds, per candidate and attempt")
    timeout_per_megapixel: float = Field(description="additional seconds per megapixel")
    max_candidates: int
    drifts: bool = Field(
        description="tends to shift or zoom the image; the service undoes this when it is small and certain"
    )
    canvas: CanvasSpec
    parameters: dict[str, ParameterSpec]
    figures: list[Measured] = Field(description="metrics measured with its default parameters; may be empty")
    installed: bool = Field(description="whether a worker has all the models it needs")
    resident: list[Resident]

    @classmethod
    def of(
        cls,
        spec: EngineSpec,
        workers: Sequence[Residency],
        missing: Collection[str],
        default_for: Sequence[Wanted],
        figures: Figures,
        *,
        noncommercial: bool,
    ) -> "EngineView":
        """Return an engine with what was measured of it, and the workers that hold it."""
        resident = [
            Resident(**worker.model_dump(include={"worker", "device", "memory"}), exact=worker.device == "cpu")
            for worker in workers
            if spec.name in worker.engines
        ]
        said = spec.model_dump(include=set(cls.model_fields) - {"default_for"})
        return cls(
            **said,
            default_for=list(default_for),
            instructions=spec.instructions(),
            figures=figures.of(spec),
            permitted=noncommercial or spec.commercial != "no",
            installed=spec.name not in missing,
            resident=resident,
        )


class PreferenceView(BaseModel):
    """Which engine a request of one kind gets that names none."""

    of: Wanted = Field(description="the kind of job, the edit type, or what an instruction asks for")
    engines: list[str] = Field(description="the engines that can do it, best first")
    engine: str | None = Field(description="the one that is taken now; null if none can be used here")
    why: str = Field(description="why it is this one: which better ones are not installed, or do not fit a worker")

    @classmethod
    def of_choice(cls, choice: Choice, ranked: Sequence[EngineSpec]) -> "PreferenceView":
        """Return a choice of the catalogue among engines, best first."""
        taken = choice.spec and choice.spec.name
        return cls(of=choice.wanted, engines=[spec.name for spec in ranked], engine=taken, why=choice.why)


class EngineList(BaseModel):
    """The catalogue."""

    engines: list[EngineView]
    preferences: list[PreferenceView] = Field(
        description="for each kind of edit which engine is taken when none is named; one that does not take a "
        "parameter that is given is passed over, which the dry run and the result say"
    )
