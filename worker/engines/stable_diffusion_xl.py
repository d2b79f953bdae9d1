"""Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952) and what is built on it, through diffusers' pipelines.

One set of networks serves img2img, text-to-image, inpainting, ControlNet in its three forms, and, with a UNet of 8
channels, InstructPix2Pix. A refiner, where the engine has one, takes the last steps over. The network is told the size
that the picture really has, so that a small one is not dressed up as a large one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet_inpaint_sd_xl import StableDiffusionXLControlNetInpaintPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_sd_xl import StableDiffusionXLControlNetPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_sd_xl_img2img import StableDiffusionXLControlNetImg2ImgPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_inpaint import (
    StableDiffusionXLInpaintPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_instruct_pix2pix import (
    StableDiffusionXLInstructPix2PixPipeline,
)

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.control_maps import Maps
from worker.diffusion.lora import Adapters
from worker.diffusion.memory_saving import MemorySaver, on_the_cpu, tiling
from worker.diffusion.pipelines import (
    Mode,
    assembled,
    call_of,
    canvases,
    control_call,
    fitted,
    group_by_prompt_length,
    legacy_reporter,
    mode_of,
    named,
    network,
    number,
    read,
    reporter,
    shared,
    together,
)
from worker.diffusion.prompts import Encoder
from worker.diffusion.schedulers import scheduler_of
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.batch_invariance import BatchInvariantControlNet

PIPELINES: dict[Mode, type[Any]] = {
    Mode.TEXT: StableDiffusionXLPipeline,
    Mode.IMAGE: StableDiffusionXLImg2ImgPipeline,
    Mode.FILL: StableDiffusionXLInpaintPipeline,
    Mode.INSTRUCT: StableDiffusionXLInstructPix2PixPipeline,
    Mode.CONTROL: StableDiffusionXLControlNetPipeline,
    Mode.CONTROL_IMAGE: StableDiffusionXLControlNetImg2ImgPipeline,
    Mode.CONTROL_FILL: StableDiffusionXLControlNetInpaintPipeline,
}
TILED = (Mode.IMAGE, Mode.FILL)
"""Where a picture that is larger than a tile is worked on in windows."""
REFINER = "refiner"
"""The part of an engine that takes the last steps over."""
REFINED = 0.3
"""Strength of the refiner, and the share of the steps that it runs."""


class Refiner:
    """A UNet for the last steps, which reads the larger text encoder alone."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self.encoders = [Encoder(parts["tokenizer_2"], parts["text_encoder_2"])]
        self._parts = {"vae": parts["vae"], "unet": parts["unet"]}
        self._scheduler = parts["scheduler"]

    def pipe(self, scheduler: str | None) -> StableDiffusionXLImg2ImgPipeline:
        """Return the pipeline that refines latents."""
        return _built(
            StableDiffusionXLImg2ImgPipeline,
            self._parts,
            scheduler_of(self._scheduler, scheduler),
            requires_aesthetics_score=True,
        )


class StableDiffusionXLEngine(MemorySaver):
    """Resident networks, put into whichever pipeline a run needs."""

    def __init__(
        self,
        spec: EngineSpec,
        parts: Mapping[str, Any],
        controls: Mapping[str, BatchInvariantControlNet],
        adapters: Adapters,
        maps: Maps,
        refiner: Refiner | None,
    ) -> None:
        self.encoders = [
            Encoder(parts["tokenizer"], parts["text_encoder"]),
            Encoder(parts["tokenizer_2"], parts["text_encoder_2"]),
        ]
        vae, readers = parts["vae"], [encoder.model for encoder in self.encoders]
        super().__init__(vae, parts["unet"], tiling(vae), on_the_cpu("text encoders", readers, vae))
        self.spec, self.controls, self.adapters, self.maps, self.refiner = spec, controls, adapters, maps, refiner
        self.scheduler = parts["scheduler"]

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made as its parameters say; one step for each denoising step, one for decoding."""
        self.adapters.put_on(tasks[0].loras)
        readings = [_read(self.encoders, task) for task in tasks]
        groups = group_by_prompt_length(readings)
        made: dict[int, Canvas] = {}
        for place, group in enumerate(groups):
            prompts = together([readings[index] for index in group], str(self.vae.device))
            hook = shared(on_step, place, len(groups))
            made |= zip(group, self._run([tasks[index] for index in group], prompts, hook), strict=True)
        return [made[index] for index in range(len(tasks))]

    def _run(self, tasks: Sequence[EngineTask], prompts: Mapping[str, Any], on_step: StepHook) -> list[Canvas]:
        mode = mode_of(tasks[0], self.unet.config.in_channels)
        canvas = self.spec.canvas if mode in TILED else self.spec.canvas.shrunk
        smalls = [fitted(task.canvas, canvas) for task in tasks]
        self.window(canvas, smalls[0])
        pipe = self._pipe(mode, tasks[0])
        call = call_of(tasks, smalls, mode, pipe) | sizes(tasks[0], smalls[0])
        if tasks[0].controls:
            call |= control_call(tasks, self.maps.batches(tasks, smalls, pipe.device), mode)
        first = int(number(tasks[0], "steps", 1))
        last = max(1, round(first * REFINED)) if self.refiner else 0
        total = first + last + 1
        latents = pipe(**prompts, **call, **_callback(mode, on_step, total)).images
        if self.refiner:
            latents = self._refined(self.refiner, tasks, latents, smalls, on_step, last)
        results = list(canvases(self.vae, latents, tasks))
        on_step(total, total, "decoding")
        return results

    def _refined(
        self,
        refiner: Refiner,
        tasks: Sequence[EngineTask],
        latents: torch.Tensor,
        smalls: Sequence[Canvas],
        on_step: StepHook,
        steps: int,
    ) -> torch.Tensor:
        """Return latents noised a little and denoised by the refiner, as an editor's second look."""
        pipe = refiner.pipe(named(tasks[0], "scheduler"))
        done = int(number(tasks[0], "steps", 1))
        strength = {"parameters": tasks[0].parameters | {"steps": steps, "strength": REFINED}}
        short = [replace(task, **strength) for task in tasks]
        call = call_of(short, smalls, Mode.IMAGE, pipe) | sizes(tasks[0], smalls[0])
        prompts = together([_read(refiner.encoders, task) for task in tasks], str(self.vae.device))
        hook = reporter(on_step, done, done + steps + 1)
        return pipe(**prompts, **(call | {"image": latents}), callback_on_step_end=hook).images

    def _pipe(self, mode: Mode, task: EngineTask) -> Any:  # noqa: ANN401  diffusers' pipelines share no typed base
        parts = {"vae": self.vae, "unet": self.unet}
        if task.controls:
            parts["controlnet"] = MultiControlNetModel([self.controls[one.kind] for one in task.controls])
        return _built(PIPELINES[mode], parts, scheduler_of(self.scheduler, named(task, "scheduler")))


def _built(kind: type[Any], parts: Mapping[str, Any], scheduler: Any, **settings: Any) -> Any:  # noqa: ANN401
    encoders = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    pipe = kind(**parts, **encoders, scheduler=scheduler, add_watermarker=False, **settings)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _read(encoders: Sequence[Encoder], task: EngineTask) -> dict[str, torch.Tensor]:
    """Read a prompt: SDXL takes the states before the last layer, as they are."""
    negative = named(task, "negative_prompt") or ""
    return read(encoders, task.text, negative, 1 + int(number(task, "clip_skip", 0)), normed=False)


def _callback(mode: Mode, on_step: StepHook, total: int) -> dict[str, Any]:
    if mode is Mode.INSTRUCT:
        return {"callback": legacy_reporter(on_step, 0, total)}
    return {"callback_on_step_end": reporter(on_step, 0, total)}


def sizes(task: EngineTask, small: Canvas) -> dict[str, tuple[int, int]]:
    """Return SDXL's conditioning: the size that the picture has, the size it is made in, nothing cut off.

    One made anew has the size it is made in: told of a smaller one, the network draws what was enlarged from it.
    """
    return {
        "original_size": (small if task.from_scratch else task.canvas).shape[:2],
        "target_size": small.shape[:2],
        "crops_coords_top_left": (0, 0),
    }


def load(spec: EngineSpec, components: Components) -> StableDiffusionXLEngine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    parts = assembled(components, spec.weights)
    controls = {
        kind: network(components, spec.parts[kind], "", BatchInvariantControlNet, components.dtype)
        for kind in spec.controls
    }
    refiner = Refiner(assembled(components, spec.parts[REFINER])) if REFINER in spec.parts else None
    adapters = Adapters(StableDiffusionXLPipeline(**parts, add_watermarker=False), spec, components)
    return StableDiffusionXLEngine(spec, parts, controls, adapters, Maps(spec, components), refiner)
