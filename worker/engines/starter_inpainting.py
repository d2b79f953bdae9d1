"""Fills what a mask covers by a prompt: inpainting with the masked original and the mask beside the noise.

diffusers' inpainting pipeline takes networks of 4 or 9 channels alone; ours has 33, in the same order, and the same
order is what the InstructPix2Pix pipeline makes of a mask and an original (docs/decisions/0004).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.engine import Canvas, EngineTask, StepHook
from worker.engines.starter_instruct_pix2pix import InstructPix2PixEngine, pipeline

HOLE = 0.5
"""The value in the hole: 0 in the -1..1 that networks see."""


class InpaintingEngine:
    """A resident pipeline that fills holes."""

    def __init__(self, editing: InstructPix2PixEngine) -> None:
        self.editing = editing

    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas with what its mask covers made from scratch; the rest is only close to what it was."""
        return self.editing.generate([_holed(task) for task in tasks], on_step)


def _holed(task: EngineTask) -> EngineTask:
    if task.mask is None:
        raise ValueError("nothing to fill: no mask")
    hole = (task.mask > 0.5).astype(np.float32)
    return replace(task, canvas=task.canvas * (1 - hole[..., None]) + HOLE * hole[..., None], mask=hole)


def load(spec: EngineSpec, components: Components) -> InpaintingEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    return InpaintingEngine(InstructPix2PixEngine(pipeline(spec, components), spec.canvas))
