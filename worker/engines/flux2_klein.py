"""FLUX.2 [klein] (Black Forest Labs 2026): a flow transformer distilled to a few steps, for edits and from text alone.

The original's latents stand beside those that are denoised, at a time coordinate of their own. The pipeline's own way
in for pictures is not taken: it rounds them to 8 bits, crops them, refuses long ones and shares them by all of a batch.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers.pipelines.flux2.pipeline_flux2_klein import Flux2KleinPipeline
from torch import Tensor
from transformers import Qwen3ForCausalLM

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.loading import load_parts
from worker.diffusion.memory_saving import Measures, on_the_cpu, tiling
from worker.diffusion.pipelines import build_pipeline, latents_of, step_callback
from worker.diffusion.schedulers import scheduler_of
from worker.diffusion.tensors import (
    generators,
    reconstructed,
    signed_pixels,
    signed_to_canvas,
    to_reference_size,
    to_size_of,
    to_working_size,
)
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.autoencoders import Flux2Autoencoder
from worker.networks.batch_invariant_transformers import REFERENCES, BatchInvariantFlux2

PUBLISHED = torch.bfloat16
"""What its weights come in."""
NETWORKS: dict[str, type[Any]] = {
    "AutoencoderKLFlux2": Flux2Autoencoder,
    "Flux2Transformer2DModel": BatchInvariantFlux2,
    "Qwen3ForCausalLM": Qwen3ForCausalLM,
}


class Flux2KleinEngine(Measures):
    """Resident networks of one model."""

    def __init__(self, spec: EngineSpec, parts: Mapping[str, Any]) -> None:
        self.spec, self.vae, self.transformer = spec, parts["vae"], parts["transformer"]
        self._scheduler, self._tokenizer = parts["scheduler"], parts["tokenizer"]
        self._reader = parts["text_encoder"].model  # its states are read, and no next word is asked for
        super().__init__(tiling(self.vae), on_the_cpu("text encoder", [self._reader], self.vae))

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return what each text says of its canvas, or from nothing; a step for each of denoising, one for decoding."""
        smalls = [to_working_size(task.canvas, self.spec.canvas) for task in tasks]
        steps = int(tasks[0].number("steps", 1)) + 1
        pipe = self._pipe()
        height, width = smalls[0].shape[:2]
        call = {
            "prompt_embeds": torch.cat([self._encode(task.text) for task in tasks]).to(pipe.device),
            "height": height,
            "width": width,
            "num_inference_steps": steps - 1,
            "guidance_scale": 1.0,  # it is distilled to be run without
            "generator": generators(tasks),
            "attention_kwargs": {} if tasks[0].from_scratch else {REFERENCES: self._references(pipe, smalls, tasks)},
            "callback_on_step_end": step_callback(on_step, 0, steps),
        }
        made = [self._decoded(*each) for each in zip(latents_of(pipe, call), tasks, strict=True)]
        on_step(steps, steps, "decoding")
        return made

    @torch.inference_mode()
    def reconstruct(self, canvas: Canvas) -> Canvas:
        """Return the canvas as the autoencoder alone gives it back."""
        return reconstructed(self.vae, canvas)

    def _references(
        self, pipe: Flux2KleinPipeline, smalls: Sequence[Canvas], tasks: Sequence[EngineTask]
    ) -> tuple[Tensor, Tensor]:
        """Return latents, N x tokens x channels, and places, 1 x tokens x 4, of canvases of one size.

        A task's further pictures follow its canvas, each at a time coordinate of its own; tasks have them of one size.
        """
        found = []
        for small, task in zip(smalls, tasks, strict=True):  # one at a time, so that none depends on its neighbours
            further = [to_reference_size(one, self.spec.canvas) for one in task.references]
            given = [signed_pixels([one], self.vae.device) for one in (small, *further)]
            found.append(pipe.prepare_image_latents(given, 1, None, pipe.device, self.vae.dtype))
        latents, places = zip(*found, strict=True)
        return torch.cat(latents), places[0]

    def _encode(self, text: str) -> Tensor:
        """Return a text's states, 1 x 512 x width, read by itself."""
        plain = text.replace("<|", "< |")  # a caller's text holds no special tokens of the template
        states: Tensor = Flux2KleinPipeline._get_qwen3_prompt_embeds(self._reader, self._tokenizer, plain)
        return states.float()

    def _decoded(self, latents: Tensor, task: EngineTask) -> Canvas:
        """Return latents, C x h x w, as a canvas of the task's own size."""
        image = self.vae.decode(latents[None].to(self.vae.dtype), return_dict=False)[0][0]
        return to_size_of(signed_to_canvas(image), task.canvas)

    def _pipe(self) -> Flux2KleinPipeline:
        parts = {"vae": self.vae, "transformer": self.transformer, "scheduler": scheduler_of(self._scheduler, None)}
        return build_pipeline(Flux2KleinPipeline, {"text_encoder": None, "tokenizer": None} | parts)


def load(spec: EngineSpec, components: Components) -> Flux2KleinEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    return Flux2KleinEngine(spec, load_parts(components, spec.weights, PUBLISHED, NETWORKS))
