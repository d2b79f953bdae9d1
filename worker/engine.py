"""What an engine is, and the ways a run can be stopped from outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from likeness.contract.engines import EngineSpec
from likeness.contract.instructions import EditKind
from likeness.contract.jobs import Scalar
from likeness.contract.tasks import Control
from likeness.imaging.matting import Matte

if TYPE_CHECKING:
    from worker.components import Components

Canvas = NDArray[np.float32]
"""H x W x 3, RGB, 0..1; both sides multiples of what the engine's row in the catalogue says."""

Plane = NDArray[np.float32]
"""H x W, 0..1, of a canvas' size."""

Preview = Callable[[], Sequence[Canvas]]
"""Returns an engine's images so far: one canvas a task, in the order of its tasks, each of its task's size."""

Stage = Literal["loading", "preparing", "denoising", "decoding", "assessing"]


@dataclass(frozen=True)
class ExactEdit:
    """An edit that arithmetic makes.

    `colour` is sRGB in 0..255, of the product or of the background; `name` is a surface, `gradient`, `plain` or a
    light; of a `cut_out` the matte is the image's own alpha, in which its colours are mixed when it is shown.
    """

    kind: EditKind
    colour: tuple[int, int, int] | None = None
    name: str = ""
    cut_out: bool = False


@dataclass
class Findings:
    """What an engine found while it made an image, for the job's result.

    `kept`: how much of each pixel is of the product and was left alone, because it is not cloth. `garments`: how many
    large parts of different colours stand out, the dyed one included.
    """

    kept: Plane | None = None
    garments: int = 1


@dataclass(frozen=True)
class EngineTask:
    """One image to make.

    `text` is the prompt or the instruction; `mask` is 1 where the product is, or where the image is to be filled;
    `maps` are the control maps that were sent, by their kind, of the canvas' size; `loras` are adapters with their
    weights. With `from_scratch` there is no original: the image is made from the text, and the canvas gives its size
    and no more. With `keep_detail` only what the engine changed is put on the canvas, whose own fine detail stays where
    that plane is 1. `style` is the image whose style is to be taken over, of its own size, upright; `references` are
    further images that the text speaks of, from the second on, likewise; `edit` is what an
    engine that makes exact edits is to do, to the product of `matte`; it says in `findings` what it found.
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
    references: Sequence[Canvas] = ()
    edit: ExactEdit | None = None
    matte: Matte | None = None
    findings: Findings = field(default_factory=Findings)

    def number(self, name: str, default: float) -> float:
        """Return a parameter that is a number, or the default where it is not one."""
        value = self.parameters.get(name)
        return float(value) if isinstance(value, int | float) else default

    def word(self, name: str) -> str | None:
        """Return a parameter that is a word, or None."""
        value = self.parameters.get(name)
        return None if value is None else str(value)


class StepHook(Protocol):
    """Called by an engine after every step. It raises Stopped when the run must not go on."""

    def __call__(self, step: int, steps: int, stage: Stage, preview: Preview | None = None, /) -> None:
        """Report that `step` of `steps` is done, and which stage it belonged to.

        An engine that can show its result so far at little cost passes `preview`; it is called before this returns, now
        and then.
        """


def silent(step: int, steps: int, stage: Stage, preview: Preview | None = None) -> None:
    """Report nothing: the StepHook of a caller that only waits for the end."""


def part_hook(on_step: StepHook, part: int, parts: int) -> StepHook:
    """Return the hook of one of several parts with equally many steps, reported as one run.

    Previews are dropped: those of a part show some tasks, or some of an image.
    """

    def report(step: int, steps: int, stage: Stage, _preview: Preview | None = None) -> None:
        on_step(part * steps + step, parts * steps, stage)

    return report


class Engine(Protocol):
    """A named, ready-to-run method of making images. It knows nothing of queues, stores or HTTP."""

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
    """The run must not go on: every job is cancelled, or it is out of time."""


class AllCancelled(Stopped):
    """Every job that this call of the engine is for was cancelled, or is no longer this worker's."""


class OutOfTime(Stopped):
    """The run passed its time limit."""


class Draining(Stopped):
    """The worker has to stop: the jobs it holds go back to the queue."""


class GivesWay(Stopped):
    """Interactive jobs wait: the batch jobs of this run go back to the queue."""


class DeviceLost(Stopped):
    """The device rejects every call until this process ends; the jobs run again in another one."""
