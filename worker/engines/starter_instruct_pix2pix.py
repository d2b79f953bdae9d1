"""Editing by instruction: InstructPix2Pix (Brooks et al. 2023, arXiv:2211.09800) through diffusers' own pipeline.

The starter's UNet also reads where the product is, between the noisy latents and the original's, so that it learns how
to change a thing instead of where it ends.
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
from worker.diffusion.pipelines import WITHOUT_CHECKER, build_pipeline, latents_of, step_callback
from worker.diffusion.starter import (
    StarterAutoencoder,
    decode_with_detail,
    encode_texts,
    load_starter,
    planes_to_latents,
)
from worker.diffusion.tensors import generators, pixels, plane_to_size_of, to_working_size
from worker.engine import Canvas, EngineTask, Plane, StepHook


class MaskedPipeline(StableDiffusionInstructPix2PixPipeline):
    """The pipeline, with masks (N x 1 x h x w, set before each call) put before the original's latents."""

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
        """Return masks and originals' latents, 17 channels: with text, without text, and without either, when guided.

        Images are encoded one by one, so that none depends on its neighbours.
        """
        sources = torch.cat([self.vae.encode(one[None].to(device, dtype)).latents for one in image])
        given = torch.cat([self.masks, sources], 1)
        return torch.cat([given, given, torch.zeros_like(given)]) if do_classifier_free_guidance else given


def pipeline(spec: EngineSpec, components: Components) -> MaskedPipeline:
    """Load the pipeline. Raises OSError when a part is not there."""
    return build_pipeline(MaskedPipeline, load_starter(components, spec.weights) | WITHOUT_CHECKER)


class InstructPix2PixEngine:
    """A resident pipeline."""

    def __init__(self, pipe: MaskedPipeline, canvas: CanvasSpec) -> None:
        self.pipe, self.canvas = pipe, canvas
        self.vae: StarterAutoencoder = pipe.vae

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas edited as its text says; one step for each denoising step, one for decoding."""
        steps = int(tasks[0].number("steps", 0))
        smalls = [to_working_size(task.canvas, self.canvas) for task in tasks]
        latents = self.denoised(tasks, smalls, on_step)
        results = list(decode_with_detail(self.vae, latents, tasks, smalls))
        on_step(steps + 1, steps + 1, "decoding")
        return results

    def denoised(self, tasks: Sequence[EngineTask], sources: Sequence[Canvas], on_step: StepHook) -> Tensor:
        """Return the latents made of originals of one size, one for each task."""
        steps = int(tasks[0].number("steps", 0))
        images = pixels(sources, self.pipe.device)
        planes = [plane_to_size_of(_mask(task), sources[0]) for task in tasks]
        self.pipe.masks = planes_to_latents(planes, images)
        call = {
            "image": images,
            "num_inference_steps": steps,
            "guidance_scale": tasks[0].number("guidance_scale", 0),
            "image_guidance_scale": tasks[0].number("image_guidance_scale", 1.0) or 1.0,
            "generator": generators(tasks),
            "callback_on_step_end": step_callback(on_step, 0, steps + 1),
            **encode_texts(self.pipe, [task.text for task in tasks]),
        }
        return latents_of(self.pipe, call)


def _mask(task: EngineTask) -> Plane:
    return np.zeros(task.canvas.shape[:2], np.float32) if task.mask is None else task.mask


def load(spec: EngineSpec, components: Components) -> InstructPix2PixEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    return InstructPix2PixEngine(pipeline(spec, components), spec.canvas)
