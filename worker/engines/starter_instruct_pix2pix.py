"""Editing by instruction: InstructPix2Pix (Brooks et al. 2023, arXiv:2211.09800) through diffusers' own pipeline.

The starter's UNet also reads where the product is, between the noisy latents and the source's, so that it learns how to
change a thing instead of where it ends.
"""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_instruct_pix2pix import (
    StableDiffusionInstructPix2PixPipeline,
)
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from worker.components import Components
from worker.diffusion.starter import canvases, fitted, generators, parts, pixels, read, reporter, resized, shrunk
from worker.engine import Canvas, EngineTask, Plane, StepHook


class MaskedPipeline(StableDiffusionInstructPix2PixPipeline):
    """The pipeline, with masks (N x 1 x h x w, set before each call) put before the source's latents."""

    masks: Tensor

    def prepare_image_latents(
        self,
        image: Tensor,
        batch_size: int,
        num_images_per_prompt: int,
        dtype: torch.dtype,
        device: torch.device,
        do_classifier_free_guidance: bool,
        generator: object = None,
    ) -> Tensor:
        """Return masks and source latents, 17 channels: with text, without text, and without either, when guided.

        Pictures are encoded one by one, so that none depends on its neighbours.
        """
        sources = torch.cat([self.vae.encode(one[None].to(device, dtype)).latents for one in image])
        given = torch.cat([self.masks, sources], 1)
        return torch.cat([given, given, torch.zeros_like(given)]) if do_classifier_free_guidance else given


def pipeline(spec: EngineSpec, components: Components) -> MaskedPipeline:
    """Load the pipeline. Raises OSError when a part is not there."""
    pipe = MaskedPipeline(
        **parts(components, spec.weights), safety_checker=None, feature_extractor=None, requires_safety_checker=False
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
        """Return the latents made of sources of one size, one for each task."""
        parameters = tasks[0].parameters
        steps = int(parameters["steps"] or 0)
        images = pixels(sources, self.pipe.device)
        planes = [resized(_mask(task), sources[0]) for task in tasks]
        self.pipe.masks = shrunk(planes, images)
        return self.pipe(
            **read(self.pipe, [task.text for task in tasks]),
            image=images,
            num_inference_steps=steps,
            guidance_scale=float(parameters["guidance_scale"] or 0),
            image_guidance_scale=float(parameters.get("image_guidance_scale") or 1.0),
            generator=generators(tasks),
            output_type="latent",
            callback_on_step_end=reporter(on_step, steps),
        ).images


def _mask(task: EngineTask) -> Plane:
    return np.zeros(task.canvas.shape[:2], np.float32) if task.mask is None else task.mask


def load(spec: EngineSpec, components: Components) -> InstructPix2PixEngine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    return InstructPix2PixEngine(pipeline(spec, components), spec.canvas)
