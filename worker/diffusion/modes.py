"""What a run does to an image, and the canvas that this needs."""

from enum import StrEnum

from likeness.contract.engines import REFINING, CanvasSpec
from worker.engine import EngineTask

INSTRUCTED = 8
"""Channels that a UNet reads when it edits by instruction: noisy latents, and those of the original."""


class Mode(StrEnum):
    """What a run does to an image."""

    TEXT = "text"
    """Makes one from a prompt alone: nothing of the original is left at strength 1."""
    IMAGE = "image"
    """Adds noise to the original and denoises it (SDEdit)."""
    FILL = "fill"
    """Makes what a mask covers from scratch."""
    INSTRUCT = "instruct"
    """Changes the original by an instruction."""
    CONTROL = "control"
    """Makes one from a prompt, steered by control maps."""
    CONTROL_IMAGE = "control_image"
    """Adds noise to the original and denoises it, steered by control maps."""
    CONTROL_FILL = "control_fill"
    """Makes what a mask covers from scratch, steered by control maps."""


FROM_TEXT = (Mode.TEXT, Mode.CONTROL)
"""Modes that read nothing of the original."""
MASKED = (Mode.FILL, Mode.CONTROL_FILL)
"""Modes that read a mask."""
TILED = (Mode.IMAGE,)
"""Modes in which a picture larger than a tile may be worked on in windows, up to the strength REFINING."""


def mode_of(task: EngineTask, channels: int) -> Mode:
    """Return the mode in which a UNet that reads `channels` channels runs a task."""
    if channels == INSTRUCTED:
        return Mode.INSTRUCT
    if task.mask is not None:
        return Mode.CONTROL_FILL if task.controls else Mode.FILL
    from_scratch = task.number("strength", 1.0) >= 1
    if task.controls:
        return Mode.CONTROL if from_scratch else Mode.CONTROL_IMAGE
    return Mode.TEXT if from_scratch else Mode.IMAGE


def canvas_for(mode: Mode, canvas: CanvasSpec, task: EngineTask) -> CanvasSpec:
    """Return the canvas of an engine's row as a mode can work on it: in tiles, or made smaller.

    From more noise than is left for refining, each window would make its own picture.
    """
    return canvas if mode in TILED and task.number("strength", 1.0) <= REFINING else canvas.shrunk
