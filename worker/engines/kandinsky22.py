"""Kandinsky 2.2 (Razzhigaev et al. 2023, arXiv:2310.03502): a decoder conditioned on a CLIP image embedding.

An image is recreated by SDEdit (Meng et al. 2022) towards its own embedding, as unCLIP makes variations of one (Ramesh
et al. 2022, arXiv:2204.06125), so that no text is needed. A prompt becomes an embedding too, by the prior, a diffusion
model of its own, and the two are mixed; an image made from scratch has the prompt's alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from diffusers.models import PriorTransformer
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2 import KandinskyV22Pipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_img2img import KandinskyV22Img2ImgPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior import KandinskyV22PriorPipeline
from torch import Tensor
from transformers import CLIPVisionModelWithProjection
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.loading import load_parts
from worker.diffusion.memory_saving import MemorySaver, on_the_cpu, tiling
from worker.diffusion.modes import Mode, canvas_for
from worker.diffusion.pipelines import build_pipeline, latents_of, step_callback
from worker.diffusion.schedulers import requested_steps, scheduler_of
from worker.diffusion.tensors import generators, pixels, signed_to_canvas, to_size_of
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.autoencoders import OneByOneVQModel

PUBLISHED = torch.float16
"""What its weights come in."""
PRIOR = "prior"
"""The part of the engine that makes embeddings."""
PRIOR_STEPS = 25
"""What diffusers takes by default; they count towards the steps that a run reports."""
PROMPT_SHARE = 0.5
"""The prompt's share of the mixed embedding, where there is a prompt."""


class Embedder:
    """CLIP image embeddings, 1 x width, of what an image shows or should show."""

    def __init__(self, parts: Mapping[str, Any], processor: CLIPImageProcessorPil) -> None:
        self.networks = [parts["image_encoder"], parts["text_encoder"], parts["prior"]]
        self._parts, self._processor = parts, processor

    def of_image(self, canvas: Canvas) -> Tensor:
        """Return the embedding of a canvas."""
        encoder = self._parts["image_encoder"]
        seen = self._processor(images=np.rint(canvas * 255).astype(np.uint8), return_tensors="pt").pixel_values
        embedding: Tensor = encoder(seen.to(encoder.device, encoder.dtype)).image_embeds
        return embedding.float()

    def of_nothing(self) -> Tensor:
        """Return the negative embedding where no negative prompt gives one: that of zeros."""
        embedding: Tensor = self._pipe().get_zero_embed()
        return embedding.float()

    def of_text(self, task: EngineTask, on_step: StepHook, done: int, steps: int) -> tuple[Tensor, Tensor]:
        """Return the embeddings of the prompt and of the negative prompt."""
        made = self._pipe()(
            task.text,
            negative_prompt=task.word("negative_prompt") or None,
            num_inference_steps=PRIOR_STEPS,
            guidance_scale=task.number("guidance_scale", 1.0),
            generator=generators([task])[0],
            callback_on_step_end=step_callback(on_step, done, steps),
        )
        return made.image_embeds.float(), made.negative_image_embeds.float()

    def _pipe(self) -> Any:  # noqa: ANN401  annotated for images, not for embeddings
        own = {"scheduler": scheduler_of(self._parts["scheduler"], None), "image_processor": None}
        return build_pipeline(KandinskyV22PriorPipeline, {**self._parts, **own})


class Kandinsky22Engine(MemorySaver):
    """Resident decoder and prior."""

    def __init__(self, spec: EngineSpec, parts: Mapping[str, Any], embedder: Embedder) -> None:
        self.movq = parts["movq"]
        super().__init__(
            self.movq, [parts["unet"]], tiling(self.movq), on_the_cpu("prior", embedder.networks, self.movq)
        )
        self.spec, self.embedder, self.scheduler = spec, embedder, parts["scheduler"]

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made as its parameters say; one step for each of prior and decoder, one for decoding."""
        prior = PRIOR_STEPS * sum(_has_prompt(task) for task in tasks)
        total = prior + int(tasks[0].number("steps", 1)) + 1
        wanted, unwanted = self._embeddings(tasks, on_step, total)
        latents = self._denoised(tasks, wanted, unwanted, on_step, prior)
        made = [self._decoded(one, task.canvas) for one, task in zip(latents, tasks, strict=True)]
        on_step(total, total, "decoding")
        return made

    def _decoded(self, latents: Tensor, like: Canvas) -> Canvas:
        image = self.movq.decode(latents[None], force_not_quantize=True).sample[0]
        return to_size_of(signed_to_canvas(image), like)

    def _embeddings(self, tasks: Sequence[EngineTask], on_step: StepHook, steps: int) -> tuple[Tensor, Tensor]:
        """Return the embeddings and the negative ones, each N x width; every image's prior runs by itself."""
        pairs, done = [], 0
        for task in tasks:
            pairs.append(self._pair(task, on_step, done, steps))
            done += PRIOR_STEPS * _has_prompt(task)
        wanted, unwanted = zip(*pairs, strict=True)
        return torch.cat(wanted).to(self.movq.device), torch.cat(unwanted).to(self.movq.device)

    def _pair(self, task: EngineTask, on_step: StepHook, done: int, steps: int) -> tuple[Tensor, Tensor]:
        """Return the embedding of one image and its negative one, each 1 x width."""
        if not _has_prompt(task):
            return self.embedder.of_image(task.canvas), self.embedder.of_nothing()
        prompt, unwanted = self.embedder.of_text(task, on_step, done, steps)
        if task.from_scratch:
            return prompt, unwanted
        shown = self.embedder.of_image(task.canvas)
        return torch.lerp(shown, prompt, PROMPT_SHARE) if task.text else shown, unwanted

    def _denoised(
        self, tasks: Sequence[EngineTask], wanted: Tensor, unwanted: Tensor, on_step: StepHook, done: int
    ) -> Tensor:
        from_scratch = tasks[0].from_scratch
        canvas = canvas_for(Mode.TEXT if from_scratch else Mode.IMAGE, self.spec.canvas, tasks[0])
        smalls = self.working_canvases(tasks, canvas)
        steps = int(tasks[0].number("steps", 1))
        kind: type[Any] = KandinskyV22Pipeline if from_scratch else KandinskyV22Img2ImgPipeline
        parts = {"unet": self.unet, "scheduler": scheduler_of(self.scheduler, None), "movq": self.movq}
        pipe = build_pipeline(kind, parts)
        call = {
            "image_embeds": wanted,
            "negative_image_embeds": unwanted,
            "guidance_scale": tasks[0].number("guidance_scale", 1.0),
            "generator": generators(tasks),
            "callback_on_step_end": step_callback(on_step, done, done + steps + 1),
        }
        given = _from_noise(smalls[0], steps) if from_scratch else _from_image(tasks[0], smalls, pipe.device)
        return latents_of(pipe, call | given)


def _from_noise(small: Canvas, steps: int) -> dict[str, Any]:
    height, width = small.shape[:2]
    return {"height": height, "width": width, "num_inference_steps": steps}


def _from_image(task: EngineTask, smalls: Sequence[Canvas], device: torch.device) -> dict[str, Any]:
    strength, steps = task.number("strength", 1.0), int(task.number("steps", 1))
    return {
        "image": [pixels(smalls, device)],
        "height": None,  # the image's own; the pipeline takes a height for a width
        "width": None,
        "strength": strength,
        "num_inference_steps": requested_steps(steps, strength)[0],
    }


def _has_prompt(task: EngineTask) -> bool:
    return bool(task.text or task.word("negative_prompt"))


def load(spec: EngineSpec, components: Components) -> Kandinsky22Engine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    model = spec.parts[PRIOR]
    networks = {"CLIPVisionModelWithProjection": CLIPVisionModelWithProjection, "PriorTransformer": PriorTransformer}
    processor = CLIPImageProcessorPil.from_pretrained(
        components.folder(model) / "image_processor", local_files_only=True
    )
    embedder = Embedder(load_parts(components, model, PUBLISHED, networks), processor)
    return Kandinsky22Engine(
        spec, load_parts(components, spec.weights, PUBLISHED, {"VQModel": OneByOneVQModel}), embedder
    )
