"""Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952) and what is built on it, through diffusers' pipelines.

One set of networks serves img2img, text-to-image, inpainting, ControlNet in its three forms, and, with a UNet of 8
channels, InstructPix2Pix. A refiner, where the engine has one, runs the last steps. The network is conditioned on the
size that the original has, so that a small one is not dressed up as a large one.
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
from worker.diffusion.loading import load_controlnets, load_parts
from worker.diffusion.lora import Adapters
from worker.diffusion.memory_saving import MemorySaver, on_the_cpu, tiling
from worker.diffusion.modes import Mode, canvas_for, mode_of
from worker.diffusion.pipelines import (
    build_pipeline,
    control_call,
    decode_latents,
    latents_of,
    legacy_step_callback,
    pipeline_call,
    run_by_prompt_length,
    step_callback,
)
from worker.diffusion.prompts import Encoder, collate, encode_prompts
from worker.diffusion.schedulers import scheduler_of
from worker.engine import Canvas, EngineTask, StepHook

PUBLISHED = torch.float16
"""What its weights come in."""
PIPELINES: dict[Mode, type[Any]] = {
    Mode.TEXT: StableDiffusionXLPipeline,
    Mode.IMAGE: StableDiffusionXLImg2ImgPipeline,
    Mode.FILL: StableDiffusionXLInpaintPipeline,
    Mode.INSTRUCT: StableDiffusionXLInstructPix2PixPipeline,
    Mode.CONTROL: StableDiffusionXLControlNetPipeline,
    Mode.CONTROL_IMAGE: StableDiffusionXLControlNetImg2ImgPipeline,
    Mode.CONTROL_FILL: StableDiffusionXLControlNetInpaintPipeline,
}
REFINER = "refiner"
"""The part of an engine that runs the last steps."""
REFINED = 0.3
"""Strength of the refiner, and the share of the steps that it runs."""
WITHOUT_ENCODERS = {
    **dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")),
    "add_watermarker": False,
}
"""What a pipeline takes that is called with encoded prompts, and puts no watermark on images."""


class Refiner:
    """A UNet for the last steps, which reads the larger text encoder alone: the base model's, as its autoencoder is."""

    def __init__(self, parts: Mapping[str, Any], base: Mapping[str, Any]) -> None:
        self.encoders = [Encoder(base["tokenizer_2"], base["text_encoder_2"])]
        self.unet = parts["unet"]
        self._parts = {"vae": base["vae"], "unet": self.unet}
        self._scheduler = parts["scheduler"]

    def pipe(self, scheduler: str | None) -> Any:  # noqa: ANN401  annotated for images, not for latents
        """Return the pipeline that refines latents."""
        own = {"scheduler": scheduler_of(self._scheduler, scheduler), "requires_aesthetics_score": True}
        return build_pipeline(StableDiffusionXLImg2ImgPipeline, self._parts | WITHOUT_ENCODERS | own)


class StableDiffusionXLEngine(MemorySaver):
    """Resident networks, put into whichever pipeline a run needs."""

    def __init__(self, spec: EngineSpec, components: Components) -> None:
        """Load the networks. Raises OSError when a part is not there or not in safetensors."""
        parts = load_parts(components, spec.weights, PUBLISHED)
        whole = build_pipeline(StableDiffusionXLPipeline, parts | {"add_watermarker": False})
        self.adapters = Adapters(whole, spec, components)
        self.encoders = [
            Encoder(parts["tokenizer"], parts["text_encoder"]),
            Encoder(parts["tokenizer_2"], parts["text_encoder_2"]),
        ]
        vae, readers = parts["vae"], [encoder.model for encoder in self.encoders]
        self.refiner = Refiner(_refining(spec, components), parts) if REFINER in spec.parts else None
        unets = [parts["unet"], *([self.refiner.unet] if self.refiner else [])]
        super().__init__(vae, unets, tiling(vae), on_the_cpu("text encoders", readers, vae))
        self.spec, self.scheduler = spec, parts["scheduler"]
        self.controls, self.maps = load_controlnets(spec, components, PUBLISHED), Maps(spec, components)

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made as its parameters say; one step for each denoising step, one for decoding."""
        self.adapters.activate(tasks[0].loras)
        prompts = [self._encode(task) for task in tasks]
        return run_by_prompt_length(tasks, prompts, self.vae.device, self._run, on_step)

    def _encode(self, task: EngineTask) -> dict[str, torch.Tensor]:
        """Return an encoded prompt; without a negative one zeros stand for it, as the base model was trained."""
        found = _encode(self.encoders, task)
        if not task.word("negative_prompt"):
            found |= {name: torch.zeros_like(one) for name, one in found.items() if name.startswith("negative_")}
        return found

    def _run(self, tasks: Sequence[EngineTask], prompts: Mapping[str, Any], on_step: StepHook) -> list[Canvas]:
        mode = mode_of(tasks[0], self.in_channels)
        smalls = self.working_canvases(tasks, canvas_for(mode, self.spec.canvas, tasks[0]))
        pipe = self._pipe(mode, tasks[0])
        few = self.adapters.distilled(tasks[0])
        call = {**prompts, **pipeline_call(tasks, smalls, mode, pipe, few_times=few), **sizes(tasks[0], smalls[0])}
        if mode is Mode.INSTRUCT:  # of its own accord the pipeline would squash images to a square
            call["height"], call["width"] = smalls[0].shape[:2]
        if tasks[0].controls:
            call |= control_call(tasks, self.maps.batches(tasks, smalls, pipe.device), mode)
        first = int(tasks[0].number("steps", 1))
        last = max(1, round(first * REFINED)) if self.refiner else 0
        total = first + last + 1
        latents = latents_of(pipe, call | _callback(mode, on_step, total))
        if self.refiner:
            latents = self._refined(self.refiner, tasks, latents, smalls, on_step, last)
        results = list(decode_latents(self.vae, latents, tasks))
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
        """Return latents with a little noise added and denoised by the refiner."""
        pipe = refiner.pipe(tasks[0].word("scheduler"))
        done = int(tasks[0].number("steps", 1))
        parameters = tasks[0].parameters | {"steps": steps, "strength": REFINED}
        short = [replace(task, parameters=parameters) for task in tasks]
        call = {
            **collate([_encode(refiner.encoders, task) for task in tasks], self.vae.device),
            **pipeline_call(short, smalls, Mode.IMAGE, pipe),
            **sizes(tasks[0], smalls[0]),
            "image": latents,
            "callback_on_step_end": step_callback(on_step, done, done + steps + 1),
        }
        return latents_of(pipe, call)

    def _pipe(self, mode: Mode, task: EngineTask) -> Any:  # noqa: ANN401  diffusers' pipelines share no typed base
        parts = {"vae": self.vae, "unet": self.unet, **WITHOUT_ENCODERS}
        if task.controls:
            parts["controlnet"] = MultiControlNetModel([self.controls[one.kind] for one in task.controls])
        parts["scheduler"] = scheduler_of(self.scheduler, task.word("scheduler"))
        return build_pipeline(PIPELINES[mode], parts)


def _encode(encoders: Sequence[Encoder], task: EngineTask) -> dict[str, torch.Tensor]:
    """Return an encoded prompt: SDXL takes the states before the last layer, as they are."""
    negative = task.word("negative_prompt") or ""
    return encode_prompts(encoders, task.text, negative, 1 + int(task.number("clip_skip", 0)), normed=False)


def _callback(mode: Mode, on_step: StepHook, total: int) -> dict[str, Any]:
    if mode is Mode.INSTRUCT:
        return {"callback": legacy_step_callback(on_step, 0, total)}
    return {"callback_on_step_end": step_callback(on_step, 0, total)}


def sizes(task: EngineTask, small: Canvas) -> dict[str, tuple[int, ...]]:
    """Return SDXL's conditioning: the size of the original, the size to make it in, nothing cropped.

    An image made from scratch has the size it is made in: conditioned on a smaller one, the network draws what was
    enlarged from it.
    """
    return {
        "original_size": (small if task.from_scratch else task.canvas).shape[:2],
        "target_size": small.shape[:2],
        "crops_coords_top_left": (0, 0),
    }


def _refining(spec: EngineSpec, components: Components) -> dict[str, Any]:
    """Load what a refiner has of its own; its other parts are equal to the base model's, and 1.7 GB."""
    return load_parts(components, spec.parts[REFINER], PUBLISHED, only=("unet", "scheduler"))


def load(spec: EngineSpec, components: Components) -> StableDiffusionXLEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    return StableDiffusionXLEngine(spec, components)
