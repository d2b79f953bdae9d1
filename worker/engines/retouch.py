"""Exact edits by arithmetic at the original's size: a colour, a pattern, a background, light, a size, or a print.

Nothing is left to chance and no network draws: the product's matte comes with the task, its cloth is dyed in OKLCh with
the shading kept, and the rest of the image stays as it is. Prints and other sizes are on the canvas already, drawn by
the plan of the edit.
"""

from collections.abc import Sequence

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed
from likeness.contract.instructions import EditKind
from likeness.imaging.colour import Floats
from likeness.imaging.edits.colourway import Parts, recoloured, recoloured_cutout
from likeness.imaging.edits.patterned import patterned, patterned_cutout
from likeness.imaging.edits.scene import Shadow, before, plain
from likeness.imaging.edits.surfaces import SURFACES, gradient
from likeness.imaging.edits.tone import toned
from likeness.imaging.matting import Matte
from worker.components import Components
from worker.engine import Canvas, EngineTask, ExactEdit, StepHook

PARTS: dict[str, Parts] = {"main": "main", "all": "all"}
SHADOWS: dict[str, Shadow] = {"keep": "keep", "contact": "contact", "none": "none"}


class RetouchEngine:
    """Edits canvases one by one; each is one step."""

    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas with its exact edit made."""
        made: list[Canvas] = []
        for number, task in enumerate(tasks, start=1):
            made.append(edited(task))
            on_step(number, len(tasks), "denoising")
        return made


def edited(task: EngineTask) -> Canvas:
    """Return a task's canvas with its edit made. Raises EngineFailed for an edit that arithmetic does not do."""
    edit, matte = task.edit, task.matte
    if edit is None:
        raise EngineFailed("no exact edit was asked")
    if edit.kind in (EditKind.TEXT, EditKind.SIZE):
        return task.canvas
    if edit.kind is EditKind.LIGHT:
        return toned(task.canvas, edit.name)
    if matte is None:
        raise EngineFailed("the product is not known")
    if edit.kind is EditKind.BACKGROUND:
        behind = _background(edit, *matte.alpha.shape)
        return before(task.canvas, matte, behind, SHADOWS[str(task.parameters["shadow"])])
    if edit.kind not in (EditKind.RECOLOUR, EditKind.PATTERN) or edit.colour is None:
        raise EngineFailed(f"arithmetic does not do {edit.kind.value}")
    return _dyed(task, edit, matte, edit.colour)


def _dyed(task: EngineTask, edit: ExactEdit, matte: Matte, colour: tuple[int, int, int]) -> Canvas:
    parts = PARTS[str(task.parameters["parts"])]
    if edit.kind is EditKind.PATTERN:
        named = matte, edit.name, colour, parts
        made = patterned_cutout(*named) if edit.cut_out else patterned(task.canvas, *named)
    else:
        asked = matte, colour, parts
        made = recoloured_cutout(*asked) if edit.cut_out else recoloured(task.canvas, *asked)
    task.findings.kept, task.findings.garments = made.kept, made.garments
    return made.rgb


def _background(edit: ExactEdit, height: int, width: int) -> Floats:
    if edit.name in SURFACES:
        return SURFACES[edit.name](height, width)
    colour = edit.colour or (255, 255, 255)
    return gradient(height, width, colour) if edit.name == "gradient" else plain(height, width, colour)


def load(spec: EngineSpec, components: Components) -> RetouchEngine:
    """Return the engine, which holds nothing; the worker's segmenter finds the product."""
    return RetouchEngine()
