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
    Mode.TEXT: StableDiffusionPipeline,
    Mode.IMAGE: StableDiffusionImg2ImgPipeline,
    Mode.FILL: StableDiffusionInpaintPipeline,
    Mode.INSTRUCT: StableDiffusionInstructPix2PixPipeline,
    Mode.CONTROL: StableDiffusionControlNetPipeline,
    Mode.CONTROL_IMAGE: StableDiffusionControlNetImg2ImgPipeline,
    Mode.CONTROL_FILL: StableDiffusionControlNetInpaintPipeline,
}
TILED = (Mode.IMAGE, Mode.FILL)
"""Where a picture that is larger than a tile is worked on in windows."""


class StableDiffusionEngine(MemorySaver):
    """Resident networks, put into whichever pipeline a run needs."""

    def __init__(
        self,
        spec: EngineSpec,
        parts: Mapping[str, Any],
        controls: Mapping[str, BatchInvariantControlNet],
        adapters: Adapters,
        maps: Maps,
    ) -> None:
        self.encoders = [Encoder(parts["tokenizer"], parts["text_encoder"])]
        vae, readers = parts["vae"], [encoder.model for encoder in self.encoders]
        super().__init__(vae, parts["unet"], tiling(vae), on_the_cpu("text encoders", readers, vae))
        self.spec, self.controls, self.adapters, self.maps = spec, controls, adapters, maps
        self.scheduler = parts["scheduler"]

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made as its parameters say; one step for each denoising step, one for decoding."""
        self.adapters.put_on(tasks[0].loras)
        readings = [self._read(task) for task in tasks]
        groups = group_by_prompt_length(readings)
        made: dict[int, Canvas] = {}
        for place, group in enumerate(groups):
            prompts = together([readings[index] for index in group], str(self.vae.device))
            hook = shared(on_step, place, len(groups))
            made |= zip(group, self._run([tasks[index] for index in group], prompts, hook), strict=True)
        return [made[index] for index in range(len(tasks))]

    def _read(self, task: EngineTask) -> dict[str, torch.Tensor]:
        negative = named(task, "negative_prompt") or ""
        return read(self.encoders, task.text, negative, int(number(task, "clip_skip", 0)), normed=True)

    def _run(self, tasks: Sequence[EngineTask], prompts: Mapping[str, Any], on_step: StepHook) -> list[Canvas]:
        mode = mode_of(tasks[0], self.unet.config.in_channels)
        canvas = self.spec.canvas if mode in TILED else self.spec.canvas.shrunk
        smalls = [fitted(task.canvas, canvas) for task in tasks]
        self.window(canvas, smalls[0])
        pipe = self._pipe(mode, tasks[0])
        call = call_of(tasks, smalls, mode, pipe)
        if tasks[0].controls:
            call |= control_call(tasks, self.maps.batches(tasks, smalls, pipe.device), mode)
        steps = int(number(tasks[0], "steps", 1)) + 1
        latents = pipe(**prompts, **call, callback_on_step_end=reporter(on_step, 0, steps)).images
        results = list(canvases(self.vae, latents, tasks))
        on_step(steps, steps, "decoding")
        return results

    def _pipe(self, mode: Mode, task: EngineTask) -> Any:  # noqa: ANN401  diffusers' pipelines share no typed base
        parts = {"vae": self.vae, "unet": self.unet, "text_encoder": None, "tokenizer": None}
        if task.controls:
            parts["controlnet"] = MultiControlNetModel([self.controls[one.kind] for one in task.controls])
        pipe = PIPELINES[mode](
            **parts,
            scheduler=scheduler_of(self.scheduler, named(task, "scheduler")),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipe.set_progress_bar_config(disable=True)
        return pipe


def load(spec: EngineSpec, components: Components) -> StableDiffusionEngine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    parts = assembled(components, spec.weights)
    controls = {
        kind: network(components, spec.parts[kind], "", BatchInvariantControlNet, components.dtype)
        for kind in spec.controls
    }
    whole = StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    return StableDiffusionEngine(spec, parts, controls, Adapters(whole, spec, components), Maps(spec, components))
