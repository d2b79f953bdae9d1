"""Kandinsky 2.2 (Razzhigaev et al. 2023, arXiv:2310.03502): a decoder told what to paint as a CLIP image embedding.

A picture is recreated by SDEdit (Meng et al. 2022) towards the embedding of the picture itself, as unCLIP makes
variations of one (Ramesh et al. 2022, arXiv:2204.06125), so that no text is needed. A prompt becomes an embedding too,
by the prior, a diffusion model of its own, and the two are mixed; a picture made anew has the prompt's alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from diffusers.models import PriorTransformer, VQModel
from diffusers.models.autoencoders.vq_model import VQEncoderOutput
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2 import KandinskyV22Pipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_img2img import KandinskyV22Img2ImgPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior import KandinskyV22PriorPipeline
from torch import Tensor
from transformers import CLIPVisionModelWithProjection
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.memory_saving import MemorySaver, on_the_cpu
from worker.diffusion.pipelines import assembled, canvas_of, fitted, named, number, reporter
from worker.diffusion.schedulers import scheduler_of
from worker.diffusion.starter import generators, pixels, schedule
from worker.engine import Canvas, EngineTask, StepHook

PRIOR = "prior"
"""The part of the engine that makes embeddings."""
PRIOR_STEPS = 25
"""What diffusers takes by default; they count towards the steps that a run tells of."""
PROMPT_SHARE = 0.5
"""How much of the mixed embedding is the prompt's, where there is one."""


class OneByOneVQModel(VQModel):
    """VQModel whose pictures do not depend on their neighbours in a batch."""

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:  # noqa: ANN401  as in diffusers
        """Return latents, N x 4 x H/8 x W/8, as `latents`."""
        return VQEncoderOutput(latents=torch.cat([super(OneByOneVQModel, self).encode(one[None]).latents for one in x]))


class Embedder:
    """What says as CLIP image embeddings, 1 x width, what a picture shows or should show."""

    def __init__(self, parts: Mapping[str, Any], processor: CLIPImageProcessorPil) -> None:
        self.networks = [parts["image_encoder"], parts["text_encoder"], parts["prior"]]
        self._parts, self._processor = parts, processor

    def of_picture(self, canvas: Canvas) -> Tensor:
        """Return the embedding of a canvas."""
        encoder = self._parts["image_encoder"]
        seen = self._processor(images=np.rint(canvas * 255).astype(np.uint8), return_tensors="pt").pixel_values
        return encoder(seen.to(encoder.device, encoder.dtype)).image_embeds.float()

    def of_nothing(self) -> Tensor:
        """Return the embedding to be led away from where no text says from what: that of zeros."""
        return self._pipe().get_zero_embed().float()

    def of_text(self, task: EngineTask, on_step: StepHook, done: int, steps: int) -> tuple[Tensor, Tensor]:
        """Return the embeddings of the prompt, and of what is to be led away from."""
        made = self._pipe()(
            task.text,
            negative_prompt=named(task, "negative_prompt") or None,
            num_inference_steps=PRIOR_STEPS,
            guidance_scale=number(task, "guidance_scale", 1.0),
            generator=generators([task])[0],
            callback_on_step_end=reporter(on_step, done, steps),
        )
        return made.image_embeds.float(), made.negative_image_embeds.float()

    def _pipe(self) -> KandinskyV22PriorPipeline:
        parts = dict(self._parts, scheduler=scheduler_of(self._parts["scheduler"], None))
        pipe = KandinskyV22PriorPipeline(**parts, image_processor=None)
        pipe.set_progress_bar_config(disable=True)
        return pipe


class Kandinsky22Engine(MemorySaver):
    """Resident decoder and prior."""

    def __init__(self, spec: EngineSpec, parts: Mapping[str, Any], embedder: Embedder) -> None:
        self.movq = parts["movq"]
        super().__init__(self.movq, parts["unet"], on_the_cpu("prior", embedder.networks, self.movq))
        self.spec, self.embedder, self.scheduler = spec, embedder, parts["scheduler"]

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made as its parameters say; one step for each of prior and decoder, one for decoding."""
        asked = int(number(tasks[0], "steps", 1))
        prior = PRIOR_STEPS * sum(_says_something(task) for task in tasks)
        total = prior + asked + 1
        wanted, unwanted = self._embeddings(tasks, on_step, total)
        latents = self._denoised(tasks, wanted, unwanted, on_step, prior)
        made = [
            canvas_of(self.movq.decode(one[None], force_not_quantize=True).sample[0], task.canvas)
            for one, task in zip(latents, tasks, strict=True)
        ]
        on_step(total, total, "decoding")
        return made

    def _embeddings(self, tasks: Sequence[EngineTask], on_step: StepHook, steps: int) -> tuple[Tensor, Tensor]:
        """Return what to paint and what to be led away from, each N x width; every picture's prior runs by itself."""
        wanted, unwanted, done = [], [], 0
        for task in tasks:
            shown = None if task.from_scratch else self.embedder.of_picture(task.canvas)
            away = self.embedder.of_nothing()
            if _says_something(task):
                said, away = self.embedder.of_text(task, on_step, done, steps)
                shown = said if shown is None else torch.lerp(shown, said, PROMPT_SHARE) if task.text else shown
                done += PRIOR_STEPS
            wanted.append(shown)
            unwanted.append(away)
        device = self.movq.device
        return torch.cat(wanted).to(device), torch.cat(unwanted).to(device)

    def _denoised(
        self, tasks: Sequence[EngineTask], wanted: Tensor, unwanted: Tensor, on_step: StepHook, done: int
    ) -> Tensor:
        from_scratch = tasks[0].from_scratch
        canvas = self.spec.canvas.shrunk if from_scratch else self.spec.canvas
        smalls = [fitted(task.canvas, canvas) for task in tasks]
        self.window(canvas, smalls[0])
        steps = int(number(tasks[0], "steps", 1))
        kind = KandinskyV22Pipeline if from_scratch else KandinskyV22Img2ImgPipeline
        pipe = kind(unet=self.unet, scheduler=scheduler_of(self.scheduler, None), movq=self.movq)
        pipe.set_progress_bar_config(disable=True)
        return pipe(
            image_embeds=wanted,
            negative_image_embeds=unwanted,
            **(_from_noise(smalls[0], steps) if from_scratch else _from_picture(tasks[0], smalls, pipe.device)),
            guidance_scale=number(tasks[0], "guidance_scale", 1.0),
            generator=generators(tasks),
            output_type="latent",
            callback_on_step_end=reporter(on_step, done, done + steps + 1),
        ).images


def _from_noise(small: Canvas, steps: int) -> dict[str, Any]:
    height, width = small.shape[:2]
    return {"height": height, "width": width, "num_inference_steps": steps}


def _from_picture(task: EngineTask, smalls: Sequence[Canvas], device: torch.device) -> dict[str, Any]:
    strength, steps = number(task, "strength", 1.0), int(number(task, "steps", 1))
    return {
        "image": [pixels(smalls, device)],
        "height": None,  # as the picture has it; the pipeline takes a height for a width
        "width": None,
        "strength": strength,
        "num_inference_steps": schedule(steps, strength)[0],
    }


def _says_something(task: EngineTask) -> bool:
    return bool(task.text or named(task, "negative_prompt"))


def load(spec: EngineSpec, components: Components) -> Kandinsky22Engine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    model = spec.parts[PRIOR]
    networks = {"CLIPVisionModelWithProjection": CLIPVisionModelWithProjection, "PriorTransformer": PriorTransformer}
    processor = CLIPImageProcessorPil.from_pretrained(
        components.folder(model) / "image_processor", local_files_only=True
    )
    embedder = Embedder(assembled(components, model, networks), processor)
    return Kandinsky22Engine(spec, assembled(components, spec.weights, {"VQModel": OneByOneVQModel}), embedder)
