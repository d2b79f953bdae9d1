"""Recreation and light changes: noise is added to an image's latents and removed again, by diffusers' img2img.

SDEdit (Meng et al. 2022, arXiv:2108.01073). At strength 0 there is no noise: the image is only encoded and decoded.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, Box, boxes
from worker.components import Components
from worker.diffusion.pipelines import WITHOUT_CHECKER, build_pipeline, latents_of, step_callback
from worker.diffusion.schedulers import requested_steps
from worker.diffusion.starter import decode_with_detail, encode_texts, load_starter
from worker.diffusion.tensors import generators, pixels
from worker.engine import Canvas, EngineTask, Plane, StepHook, part_hook
from worker.engines.autoencoder import AutoencoderEngine


class Img2ImgEngine:
    """A resident pipeline, and its autoencoder alone for strength 0."""

    def __init__(self, pipe: Any, canvas: CanvasSpec) -> None:  # noqa: ANN401  takes other networks than it says
        self.pipe, self.canvas = pipe, canvas
        self.plain = AutoencoderEngine(pipe.vae, canvas)

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas, noised to the strength and denoised, in tiles where it is larger than the engine's."""
        requested, run = requested_steps(int(tasks[0].number("steps", 0)), tasks[0].number("strength", 0))
        if run == 0:
            return self.plain.generate(tasks, on_step)
        height, width = tasks[0].canvas.shape[:2]
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, self.canvas.multiple)
        blends = [Blend(height, width, self.canvas.overlap) for _ in tasks]
        for number, box in enumerate(places):
            tiles = [replace(task, canvas=box.cut(task.canvas), keep_detail=_cut(task, box)) for task in tasks]
            hook = part_hook(on_step, number, len(places))
            for blend, made in zip(blends, self._run(tiles, requested, run, hook), strict=True):
                blend.add(box, made)
            hook(run + 1, run + 1, "decoding")
        return [blend.result() for blend in blends]

    def _run(self, tasks: Sequence[EngineTask], requested: int, run: int, on_step: StepHook) -> list[Canvas]:
        """Return one tile of each task; of the steps requested of the pipeline, `run` are run."""
        canvases = [task.canvas for task in tasks]
        call = {
            "image": pixels(canvases, self.pipe.device),
            "strength": tasks[0].number("strength", 0),
            "num_inference_steps": requested,
            "guidance_scale": tasks[0].number("guidance_scale", 0),
            "generator": generators(tasks),
            "callback_on_step_end": step_callback(on_step, 0, run + 1),
            **encode_texts(self.pipe, [task.text for task in tasks]),
        }
        return list(decode_with_detail(self.pipe.vae, latents_of(self.pipe, call), tasks, canvases))


def _cut(task: EngineTask, box: Box) -> Plane | None:
    return None if task.keep_detail is None else box.cut(task.keep_detail)


def load(spec: EngineSpec, components: Components) -> Img2ImgEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    parts = load_starter(components, spec.weights) | WITHOUT_CHECKER
    return Img2ImgEngine(build_pipeline(StableDiffusionImg2ImgPipeline, parts), spec.canvas)
