"""Calls of diffusers' pipelines: what they take, how they report their steps, and images of their latents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from diffusers.models import AutoencoderKL
from torch import Tensor

from worker.diffusion.modes import FROM_TEXT, MASKED, Mode
from worker.diffusion.prompts import collate, group_by_prompt_length
from worker.diffusion.schedulers import last_steps, requested_steps
from worker.diffusion.tensors import generators, pixels, plane_to_size_of, signed_to_canvas, to_size_of
from worker.engine import Canvas, EngineTask, StepHook, part_hook
from worker.networks.starter import TIMES

Pipeline = TypeVar("Pipeline")
Run = Callable[[Sequence[EngineTask], Mapping[str, Tensor], StepHook], list[Canvas]]
"""Makes the images of tasks whose prompts are one batch."""

WITHOUT_CHECKER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
"""What Stable Diffusion's pipelines take so as to check nothing: that is done for every engine (worker/runs)."""


def build_pipeline(kind: Callable[..., Pipeline], parts: Mapping[str, Any]) -> Pipeline:
    """Return a pipeline made of parts, which shows no progress bar."""
    pipe: Any = kind(**parts)
    pipe.set_progress_bar_config(disable=True)
    built: Pipeline = pipe
    return built


def latents_of(pipe: Any, call: Mapping[str, Any]) -> Tensor:  # noqa: ANN401  diffusers' pipelines share no typed base
    """Return the latents, N x C x h x w, that a pipeline's call makes."""
    latents: Tensor = pipe(**call, output_type="latent").images
    return latents


def run_by_prompt_length(
    tasks: Sequence[EngineTask],
    prompts: Sequence[Mapping[str, Tensor]],
    device: torch.device,
    run: Run,
    on_step: StepHook,
) -> list[Canvas]:
    """Return the canvas of each task, made on a device together with those whose prompts are equally long."""
    groups = group_by_prompt_length(prompts)
    made: dict[int, Canvas] = {}
    for number, group in enumerate(groups):
        hook = part_hook(on_step, number, len(groups))
        batch = collate([prompts[index] for index in group], device)
        made |= zip(group, run([tasks[index] for index in group], batch, hook), strict=True)
    return [made[index] for index in range(len(tasks))]


# What a call takes.


def pipeline_call(
    tasks: Sequence[EngineTask],
    smalls: Sequence[Canvas],
    mode: Mode,
    pipe: Any,  # noqa: ANN401  diffusers' pipelines share no typed base
    *,
    few_times: bool = False,
) -> dict[str, Any]:
    """Return what a pipeline's call takes besides prompts, controls and callback; `smalls` are the canvases to run.

    The steps are those requested, as far as the pipeline's scheduler knows so many times: LCM's was trained on 50. With
    `few_times` the network knows only those of `steps` steps, and a strength leaves the last of them.
    """
    first = tasks[0]
    most = int(getattr(pipe.scheduler.config, "original_inference_steps", TIMES))
    steps, strength = min(most, int(first.number("steps", 1))), first.number("strength", 1.0)
    call: dict[str, Any] = {
        "num_inference_steps": steps,
        "guidance_scale": first.number("guidance_scale", 1.0),
        "generator": generators(tasks),
    }
    if mode in (*FROM_TEXT, *MASKED):  # of its own accord the pipeline would squash images to a square
        call["height"], call["width"] = smalls[0].shape[:2]
    if mode in FROM_TEXT:
        return call
    call["image"] = pixels(smalls, pipe.device)
    if mode is Mode.INSTRUCT:
        return call | {"image_guidance_scale": first.number("image_guidance_scale", 1.5)}
    if mode in MASKED:
        call["mask_image"] = fill_masks(tasks, smalls[0], pipe.device)
    if few_times:
        return call | {"strength": last_steps(steps, strength)[1]}
    return call | {"strength": strength, "num_inference_steps": min(most, requested_steps(steps, strength)[0])}


def fill_masks(tasks: Sequence[EngineTask], like: Canvas, device: torch.device) -> Tensor:
    """Return N x 1 x H x W, 1 where the images are to be made from scratch."""
    planes = [plane_to_size_of(task.mask, like) for task in tasks if task.mask is not None]
    return torch.from_numpy(np.stack(planes))[:, None].gt(0.5).float().to(device)


def control_call(tasks: Sequence[EngineTask], maps: Sequence[Tensor], mode: Mode) -> dict[str, Any]:
    """Return what a ControlNet pipeline's call takes in addition; `maps` has one batch of maps for each control."""
    controls = tasks[0].controls
    return {
        "image" if mode is Mode.CONTROL else "control_image": list(maps),
        "controlnet_conditioning_scale": [one.weight for one in controls],
        "control_guidance_start": [one.start for one in controls],
        "control_guidance_end": [one.end for one in controls],
    }


# How it reports its steps.


def step_callback(on_step: StepHook, done: int, steps: int) -> Callable[[object, int, object, dict[str, Any]], Any]:
    """Return a step callback for a pipeline; `done` steps were run before it. What `on_step` raises ends its call."""

    def report(_pipe: object, step: int, _time: object, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(min(done + step + 1, steps), steps, "denoising")
        return tensors

    return report


def legacy_step_callback(on_step: StepHook, done: int, steps: int) -> Callable[[int, object, object], None]:
    """Return a step callback in the older style, the only one that some pipelines have."""

    def report(step: int, _time: object, _latents: object) -> None:
        on_step(min(done + step + 1, steps), steps, "denoising")

    return report


# What becomes of its latents.


def decode_latents(vae: AutoencoderKL, latents: Tensor, tasks: Sequence[EngineTask]) -> Iterator[Canvas]:
    """Yield latents, N x C x h x w, as canvases of the tasks' own sizes, one by one."""
    for task, each in zip(tasks, latents, strict=True):
        image = vae.decode(_unscaled(vae, each[None]), return_dict=False)[0][0]
        yield to_size_of(signed_to_canvas(image), task.canvas)


def _unscaled(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    config: Any = vae.config
    latents = latents.to(vae.dtype) / config.scaling_factor
    return latents + (getattr(config, "shift_factor", None) or 0.0)
