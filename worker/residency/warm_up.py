"""The first picture of a compiled engine, made before anyone waits for it."""

import numpy as np

from likeness.contract.engines import EngineSpec, ParameterSpec
from likeness.contract.errors import EngineFailed
from likeness.contract.instructions import EditKind
from likeness.contract.jobs import Scalar
from likeness.contract.tasks import Control, EditType
from worker.engine import Engine, EngineTask, ExactEdit, silent

STEPS = 2
"""Enough for every network to run, the first step and a later one."""


def warm_up(engine: Engine, spec: EngineSpec) -> None:
    """Make one picture of the smallest size and drop it. Raises EngineFailed."""
    try:
        engine.generate([small_task(spec)], silent)
    except Exception as error:  # compiling fails in as many ways as there are compilers
        raise EngineFailed(f"the engine {spec.name} could not make its first picture: {error}") from error


def small_task(spec: EngineSpec) -> EngineTask:
    """Return a grey canvas of the engine's smallest size, with all that its ways of customising need."""
    side = -(-spec.canvas.minimum // spec.canvas.multiple) * spec.canvas.multiple
    return EngineTask(
        canvas=np.full((side, side, 3), 0.5, np.float32),
        seed=0,
        parameters=_parameters(spec),
        text="a photo",
        mask=np.ones((side, side), np.float32) if {EditType.FILL, EditType.COMPLETE} & set(spec.ways) else None,
        controls=[Control(kind=kind) for kind in spec.controls[:1]],
        style=np.full((side, side, 3), 0.5, np.float32) if EditType.STYLE in spec.ways else None,
        edit=ExactEdit(EditKind.LIGHT, name="brighter") if spec.edits else None,
    )


def _parameters(spec: EngineSpec) -> dict[str, Scalar]:
    """Return the defaults, with few steps, and a strength at which a picture is both read and denoised."""
    wanted = {"steps": STEPS, "strength": 0.9}
    return {name: _bounded(one, wanted.get(name)) for name, one in spec.parameters.items() if name != "seed"}


def _bounded(spec: ParameterSpec, value: float | None) -> Scalar:
    if value is None:
        return spec.default
    at_most = value if spec.maximum is None else min(value, spec.maximum)
    return at_most if spec.minimum is None else max(at_most, spec.minimum)
