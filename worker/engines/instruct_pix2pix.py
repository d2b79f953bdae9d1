"""Editing by instruction: InstructPix2Pix (Brooks et al. 2023, arXiv:2211.09800) through diffusers' own pipeline.

The starter's UNet also reads where the product is, between the noisy latents and the source's, so that it learns how to
change a thing instead of where it ends.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_instruct_pix2pix import (
    StableDiffusionInstructPix2PixPipeline,
)
from torch import Tensor

from likeness.contract.catalogue import CanvasSpec, EngineSpec
from worker.engine import Canvas, EngineTask, StepHook
from worker.latents import canvases, doubled, fitted, generators, parts, pixels, reporter, resized, shrunk


class MaskedPipeline(StableDiffusionInstructPix2PixPipeline):
    """The pipeline, with masks (N x 1 x h x w, set before each call) put before the source's latents."""

    masks: Tensor

    def prepare_image_latents(self, *args: Any, **options: Any) -> Tensor:  # noqa: ANN401  as in diffusers
        """Return masks and source latents, 17 channels; both are zero in the part without a source."""
        latents = super().prepare_image_latents(*args, **options)
        copies = len(latents) // len(self.masks)
        planes = [self.masks] * copies if copies < 3 else [self.masks, self.masks, torch.zeros_like(self.masks)]
        return torch.cat([torch.cat(planes), latents], 1)


def pipeline(weights: Path, device: str) -> MaskedPipeline:
    """Load the pipeline. Raises OSError when a part is not there."""
    pipe = MaskedPipeline(
        **parts(weights, device), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


class InstructPix2PixEngine:
    """A resident pipeline."""

    def __init__(self, pipe: MaskedPipeline, canvas: CanvasSpec) -> None:
        self.pipe, self.canvas = pipe, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas edited as its text says; one step for each denoising step, one for decoding."""
        steps = int(tasks[0].parameters["steps"] or 0)
        smalls = [fitted(task.canvas, self.canvas) for task in tasks]
        made = self.denoised(tasks, smalls, on_step)
        results = list(canvases(self.pipe.vae, tasks, made, smalls))
        on_step(steps + 1, steps + 1, "decoding")
        return results

    def denoised(self, tasks: Sequence[EngineTask], sources: Sequence[Canvas], on_step: StepHook) -> Tensor:
        """Return the latents made of sources of one size, at least one for each task."""
        parameters = tasks[0].parameters
        guided = float(parameters["guidance_scale"] or 0) > 1
        rows = doubled(tasks, guided)
        images = pixels([*sources, *sources][: len(rows)], self.pipe.device)
        planes = [np.zeros(task.canvas.shape[:2], np.float32) if task.mask is None else task.mask for task in rows]
        small = images.new_empty(0, 0, images.shape[2] // 8, images.shape[3] // 8)
        self.pipe.masks = shrunk([resized(plane, sources[0]) for plane in planes], small)
        return self.pipe(
            prompt=[task.text for task in rows],
            image=images,
            num_inference_steps=int(parameters["steps"] or 0),
            guidance_scale=float(parameters["guidance_scale"] or 0),
            image_guidance_scale=float(parameters.get("image_guidance_scale") or 1.0),
            generator=generators(rows),
            output_type="latent",
            callback_on_step_end=reporter(on_step, int(parameters["steps"] or 0)),
        ).images


def load(spec: EngineSpec, weights: Path, device: str) -> InstructPix2PixEngine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    return InstructPix2PixEngine(pipeline(weights, device), spec.canvas)
