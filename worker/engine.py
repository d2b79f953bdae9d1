"""What an engine is, and the ways a run can be stopped from outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import Scalar
from likeness.contract.tasks import Control

if TYPE_CHECKING:
    from worker.components import Components

Canvas = NDArray[np.float32]
"""H x W x 3, RGB, 0..1; both sides multiples of what the engine's row in the catalogue says."""

Plane = NDArray[np.float32]
"""H x W, 0..1, of a canvas' size."""

Preview = Callable[[], Sequence[Canvas]]
"""Gives an engine's pictures so far: one canvas a task, in the order of its tasks, each of its task's size."""

Stage = Literal["loading", "preparing", "denoising", "decoding", "assessing"]


@dataclass(frozen=True)
class EngineTask:
    """One picture to make.

    `text` says what is asked; `mask` is 1 where the product is, or where the picture is to be filled; `maps` are the
    maps that were sent for controls, by their kind, of the canvas' size; `loras` are adapters with their weights. With
    `from_scratch` no picture is given: it is made from the text, and the canvas says its size and no more. With
    `keep_detail` only what the engine changed is put on the canvas, whose own fine detail stays where that plane is 1.
    `style` is the picture whose style is to be taken over, of its own size, upright.
    """

    canvas: Canvas
    seed: int
    parameters: dict[str, Scalar] = field(default_factory=dict)
    text: str = ""
    mask: Plane | None = None
    controls: Sequence[Control] = ()
    keep_detail: Plane | None = None
    maps: Mapping[str, Canvas] = field(default_factory=dict)
    loras: Mapping[str, float] = field(default_factory=dict)
    from_scratch: bool = False
    style: Canvas | None = None


class StepHook(Protocol):
    """Called by an engine after every step. It raises Stopped when the run must not go on."""

    def __call__(self, step: int, steps: int, stage: Stage, preview: Preview | None = None) -> None:
        """Say that `step` of `steps` is done, and which stage it belonged to.

        An engine that can show cheaply what it has passes `preview`; it is called before this returns, now and then.
        """


def silent(step: int, steps: int, stage: Stage, preview: Preview | None = None) -> None:
    """Tell nobody how far a run is: the StepHook of who waits for the end alone."""


class Engine(Protocol):
    """A named, ready-to-run way of making images. It knows nothing of queues, stores or HTTP."""

    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return one canvas per task, in order, each of its task's size."""


@runtime_checkable
class SavesMemory(Protocol):
    """An engine that can do with less memory, at the cost of time."""

    def save_memory(self) -> str | None:
        """Take one more measure and return its name, or None when none is left."""

    def spend_memory(self) -> None:
        """Undo every measure."""


class Family(Protocol):
    """A module in worker/engines."""

    def load(self, spec: EngineSpec, components: "Components") -> Engine:
        """Load the engine, taking its networks from `components`. Raises OSError when one is not there."""


class Stopped(Exception):
    """The run must not go on: nobody wants it, or it is out of time."""


class AllCancelled(Stopped):
    """Every job that this call of the engine was for is cancelled or no longer ours."""


class OutOfTime(Stopped):
    """The run passed its time bound."""


class Draining(Stopped):
    """The worker has to go: what it holds is handed back."""


class DeviceLost(Stopped):
    """The device refuses every call until this process ends; the jobs run again in another one."""
