"""Schedulers by name, each made from a model's own configuration."""

from typing import Any

from diffusers.schedulers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

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


def scheduler_of(own: Any, name: str | None) -> Any:  # noqa: ANN401  diffusers' schedulers share no public base
    """Return a fresh scheduler called `name`, or of the kind that the model itself names, with the model's settings."""
    if name is None:
        return type(own).from_config(own.config)
    kind, settings = SCHEDULERS[name]
    return kind.from_config(own.config, **settings)
