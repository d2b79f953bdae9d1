"""Schedulers by name, each made from a model's own configuration, and the steps to request of them."""

import math
from typing import Any

from diffusers.schedulers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

from worker.networks.starter import TIMES

UNBOUNDED = {"clip_sample": False}
"""Latents are not pixels in -1..1, and where a model's own scheduler does not say so, these would cut them."""
SCHEDULERS: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "ddim": (DDIMScheduler, UNBOUNDED),
    "dpmpp-2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp-2m-karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler-trailing": (EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    "euler-ancestral": (EulerAncestralDiscreteScheduler, {}),
    "lcm": (LCMScheduler, UNBOUNDED),
    "unipc": (UniPCMultistepScheduler, {}),
}
"""Those of one network evaluation a step; the names are those of likeness.contract.tasks.SchedulerName."""


TRAILING = "euler-trailing"
"""The scheduler whose times are those that SDXL-Lightning was trained at."""


def scheduler_of(own: Any, name: str | None) -> Any:  # noqa: ANN401  diffusers' schedulers share no public base
    """Return a new scheduler called `name`, or of the kind that the model itself names, with the model's settings."""
    if name is None:
        return type(own).from_config(own.config)
    kind, settings = SCHEDULERS[name]
    return kind.from_config(own.config, **settings)


def requested_steps(steps: int, strength: float) -> tuple[int, int]:
    """Return how many steps to request of an img2img pipeline so that it runs `steps`, and how many it will run.

    It leaves out the steps before the strength; no more than TIMES can be requested.
    """
    if strength <= 0:
        return 0, 0
    requested = math.ceil(steps / strength)
    requested = min(TIMES, requested if int(requested * strength) >= steps else requested + 1)
    return requested, min(int(requested * strength), requested)


def last_steps(steps: int, strength: float) -> tuple[int, float]:
    """Return how many of the last of `steps` times a strength leaves, one at least, and the strength that runs so many.

    For a network that was trained at these times alone (Lin et al. 2024, SDXL-Lightning, arXiv:2402.13929).
    """
    run = max(1, min(steps, round(steps * strength)))
    return run, min(1.0, (run + 0.5) / steps)
