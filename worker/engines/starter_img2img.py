"""Recreation and light changes: noise is added to a picture's latents and taken off again, through diffusers' img2img.

SDEdit (Meng et al. 2022, arXiv:2108.01073). At strength 0 there is no noise: encoded and decoded, no more.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, Box, boxes
from worker.components import Components
from worker.diffusion.starter import canvases, generators, parts, pixels, read, reporter, schedule
from worker.engine import Canvas, EngineTask, Plane, Preview, Stage, StepHook
from worker.engines.autoencoder import AutoencoderEngine


class Img2ImgEngine:
    """A resident pipeline, and its autoencoder alone for strength 0."""

    def __init__(self, pipe: StableDiffusionImg2ImgPipeline, canvas: CanvasSpec) -> None:
        self.pipe, self.canvas = pipe, canvas
        self.plain = AutoencoderEngine(pipe.vae, canvas)

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas noised to the strength and denoised, in tiles where it is larger than the engine's."""
        parameters = tasks[0].parameters
        asked, run = schedule(int(parameters["steps"] or 0), float(parameters["strength"] or 0))
        if run == 0:
            return self.plain.generate(tasks, on_step)
        height, width = tasks[0].canvas.shape[:2]
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, self.canvas.multiple)
        blends = [Blend(height, width, self.canvas.overlap) for _ in tasks]
        for number, box in enumerate(places):
            parts_of = [replace(task, canvas=box.cut(task.canvas), keep_detail=_cut(task, box)) for task in tasks]
            hook = partial(_of_all, on_step, number, len(places), run + 1)
            for blend, made in zip(blends, self._tile(parts_of, asked, hook), strict=True):
                blend.add(box, made)
            hook(run + 1, run + 1, "decoding")
        return [blend.result() for blend in blends]

    def _tile(self, tasks: Sequence[EngineTask], asked: int, on_step: StepHook) -> list[Canvas]:
        parameters = tasks[0].parameters
        made = self.pipe(
            **read(self.pipe, [task.text for task in tasks]),
            image=pixels([task.canvas for task in tasks], self.pipe.device),
            strength=float(parameters["strength"] or 0),
            num_inference_steps=asked,
            guidance_scale=float(parameters["guidance_scale"] or 0),
            generator=generators(tasks),
            output_type="latent",
            callback_on_step_end=reporter(on_step, 0),
        ).images
        return list(canvases(self.pipe.vae, tasks, made, [task.canvas for task in tasks]))


def _cut(task: EngineTask, box: Box) -> Plane | None:
    return None if task.keep_detail is None else box.cut(task.keep_detail)


def _of_all(
    on_step: StepHook, tile: int, tiles: int, each: int, step: int, _: int, stage: Stage, _tile: Preview | None = None
) -> None:
    """Tell of a tile's step as one of all tiles' steps; a preview of one tile shows no picture."""
    on_step(tile * each + step, tiles * each, stage)


def load(spec: EngineSpec, components: Components) -> Img2ImgEngine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    pipe = StableDiffusionImg2ImgPipeline(
        **parts(components, spec.weights), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return Img2ImgEngine(pipe, spec.canvas)
