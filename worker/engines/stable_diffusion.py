"""Stable Diffusion 1.5 (Rombach et al. 2022, arXiv:2112.10752) and what is built on it, through diffusers' pipelines.

One set of networks serves img2img (SDEdit, Meng et al. 2022), text-to-image, inpainting, ControlNet (Zhang et al. 2023)
in its three forms, and, with a UNet of 8 channels, InstructPix2Pix (Brooks et al. 2023).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet import StableDiffusionControlNetPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_img2img import StableDiffusionControlNetImg2ImgPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_inpaint import StableDiffusionControlNetInpaintPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import StableDiffusionInpaintPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_instruct_pix2pix import (
    StableDiffusionInstructPix2PixPipeline,
)

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.control_maps import Maps
from worker.diffusion.loading import load_controlnets, load_parts
from worker.diffusion.lora import Adapters
from worker.diffusion.memory_saving import MemorySaver, on_the_cpu, tiling
from worker.diffusion.modes import Mode, canvas_for, mode_of
from worker.diffusion.pipelines import (
    WITHOUT_CHECKER,
    build_pipeline,
    control_call,
    decode_latents,
    latents_of,
    pipeline_call,
    run_by_prompt_length,
    step_callback,
)
from worker.diffusion.prompts import Encoder, encode_prompts
from worker.diffusion.schedulers import scheduler_of
from worker.engine import Canvas, EngineTask, StepHook

PUBLISHED = torch.float16
"""What its weights come in."""
PIPELINES: dict[Mode, type[Any]] = {
    Mode.TEXT: StableDiffusionPipeline,
    Mode.IMAGE: StableDiffusionImg2ImgPipeline,
    Mode.FILL: StableDiffusionInpaintPipeline,
    Mode.INSTRUCT: StableDiffusionInstructPix2PixPipeline,
    Mode.CONTROL: StableDiffusionControlNetPipeline,
    Mode.CONTROL_IMAGE: StableDiffusionControlNetImg2ImgPipeline,
    Mode.CONTROL_FILL: StableDiffusionControlNetInpaintPipeline,
}


class StableDiffusionEngine(MemorySaver):
    """Resident networks, put into whichever pipeline a run needs."""

    def __init__(self, spec: EngineSpec, components: Components) -> None:
        """Load the networks. Raises OSError when a part is not there or not in safetensors."""
        parts = load_parts(components, spec.weights, PUBLISHED)
        whole = build_pipeline(StableDiffusionPipeline, parts | WITHOUT_CHECKER)
        self.adapters = Adapters(whole, spec, components)
        self.encoders = [Encoder(parts["tokenizer"], parts["text_encoder"])]
        vae, readers = parts["vae"], [encoder.model for encoder in self.encoders]
        super().__init__(vae, [parts["unet"]], tiling(vae), on_the_cpu("text encoders", readers, vae))
        self.spec, self.scheduler = spec, parts["scheduler"]
        self.controls, self.maps = load_controlnets(spec, components, PUBLISHED), Maps(spec, components)

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made as its parameters say; one step for each denoising step, one for decoding."""
        self.adapters.activate(tasks[0].loras)
        prompts = [self._encode(task) for task in tasks]
        return run_by_prompt_length(tasks, prompts, self.vae.device, self._run, on_step)

    def _encode(self, task: EngineTask) -> dict[str, torch.Tensor]:
        negative = task.word("negative_prompt") or ""
        return encode_prompts(self.encoders, task.text, negative, int(task.number("clip_skip", 0)), normed=True)

    def _run(self, tasks: Sequence[EngineTask], prompts: Mapping[str, Any], on_step: StepHook) -> list[Canvas]:
        mode = mode_of(tasks[0], self.in_channels)
        smalls = self.working_canvases(tasks, canvas_for(mode, self.spec.canvas, tasks[0]))
        pipe = self._pipe(mode, tasks[0])
        call = {**prompts, **pipeline_call(tasks, smalls, mode, pipe)}
        if tasks[0].controls:
            call |= control_call(tasks, self.maps.batches(tasks, smalls, pipe.device), mode)
        steps = int(tasks[0].number("steps", 1)) + 1
        latents = latents_of(pipe, call | {"callback_on_step_end": step_callback(on_step, 0, steps)})
        results = list(decode_latents(self.vae, latents, tasks))
        on_step(steps, steps, "decoding")
        return results

    def _pipe(self, mode: Mode, task: EngineTask) -> Any:  # noqa: ANN401  diffusers' pipelines share no typed base
        parts = {"vae": self.vae, "unet": self.unet, "text_encoder": None, "tokenizer": None, **WITHOUT_CHECKER}
        if task.controls:
            parts["controlnet"] = MultiControlNetModel([self.controls[one.kind] for one in task.controls])
        parts["scheduler"] = scheduler_of(self.scheduler, task.word("scheduler"))
        return build_pipeline(PIPELINES[mode], parts)


def load(spec: EngineSpec, components: Components) -> StableDiffusionEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    return StableDiffusionEngine(spec, components)
