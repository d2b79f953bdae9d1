"""What the programs of Likeness say of themselves to `likeness doctor`."""

from pydantic import Field

from likeness.contract.residency import Residency
from likeness.contract.strict import Strict


class WorkerAbout(Strict):
    """What a worker started here would run on. All but `problem` and `settings` is null where it could not start."""

    problem: str | None = Field(default=None, description="why it could not start, in words")
    settings: list[str] = Field(default=[], description="the variables that it reads")
    device: str | None = Field(default=None, description="the torch device")
    name: str | None = Field(default=None, description="the model of the GPU, or `cpu`")
    budget: int | None = Field(default=None, description="bytes of memory for engines")
    torch: str | None = Field(default=None, description="version of torch")
    cuda: str | None = Field(default=None, description="version of CUDA that torch was built for; null: for CPUs alone")
    installed: list[str] = Field(default=[], description="the engines whose weights are here")


class ServiceAbout(Strict):
    """How the service started here would find its queue and its store."""

    problem: str | None = Field(default=None, description="why it could not start, in words")
    settings: list[str] = Field(default=[], description="the variables that it reads")
    noncommercial: bool = Field(default=False, description="runs engines whose licence forbids commercial use")
    queue: str | None = Field(default=None, description="what is wrong with the queue, in words; null: nothing")
    store: str | None = Field(default=None, description="what is wrong with the store, in words; null: nothing")
    workers: list[Residency] = Field(default=[], description="the workers that live")
