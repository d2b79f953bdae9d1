"""FLUX.1 Kontext (Black Forest Labs 2025, arXiv:2506.15742): a flow transformer that edits an image by instruction.

The original's latents stand beside those that are denoised, so that what no instruction names is copied from them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers.pipelines.flux.pipeline_flux_kontext import FluxKontextPipeline
from torch import Tensor
from transformers import T5EncoderModel

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.loading import load_parts
from worker.diffusion.memory_saving import Measures, on_the_cpu, tiling
from worker.diffusion.pipelines import build_pipeline, decode_latents, latents_of, step_callback
from worker.diffusion.prompts import collate
from worker.diffusion.schedulers import scheduler_of
from worker.diffusion.tensors import generators, pixels, reconstructed, to_working_size
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.batch_invariant_transformers import BatchInvariantFlux

PUBLISHED = torch.bfloat16
"""What its weights come in."""
TOKENS = 512
"""How much of an instruction is read, in tokens of T5; CLIP reads 77."""
READERS = ("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")
"""The parts that encode instructions."""


class FluxKontextEngine(Measures):
    """Resident networks of one model."""

    def __init__(self, spec: EngineSpec, parts: Mapping[str, Any]) -> None:
        self.spec, self.vae, self.transformer = spec, parts["vae"], parts["transformer"]
        self.scheduler = parts["scheduler"]
        readers = {name: parts[name] for name in READERS}
        self._reader = build_pipeline(
            FluxKontextPipeline, {**readers, "transformer": None, "vae": None, "scheduler": None}
        )
        encoders = [parts["text_encoder"], parts["text_encoder_2"]]
        super().__init__(tiling(self.vae), on_the_cpu("text encoders", encoders, self.vae))

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas changed as its text says; one step for each denoising step, one for decoding."""
        smalls = [to_working_size(task.canvas, self.spec.canvas) for task in tasks]
        steps = int(tasks[0].number("steps", 1)) + 1
        pipe = self._pipe()
        height, width = smalls[0].shape[:2]
        call = {
            "image": pixels(smalls, pipe.device),
            "height": height,
            "width": width,
            "max_area": height * width,  # the canvas is of the size to work in; no list of sizes is to change it
            "_auto_resize": False,
            "num_inference_steps": steps - 1,
            "guidance_scale": tasks[0].number("guidance_scale", 1.0),
            "generator": generators(tasks),
            "callback_on_step_end": step_callback(on_step, 0, steps),
        }
        packed = latents_of(pipe, call | collate([self._encode(task.text) for task in tasks], pipe.device))
        latents = pipe._unpack_latents(packed, height, width, pipe.vae_scale_factor)
        made = list(decode_latents(self.vae, latents, tasks))
        on_step(steps, steps, "decoding")
        return made

    @torch.inference_mode()
    def reconstruct(self, canvas: Canvas) -> Canvas:
        """Return the canvas as the autoencoder alone gives it back."""
        return reconstructed(self.vae, canvas)

    def _encode(self, text: str) -> dict[str, Tensor]:
        """Return an instruction as the pipeline takes it, encoded by itself."""
        device = self._reader.text_encoder.device
        states, pooled, _ = self._reader.encode_prompt(text, device=device, max_sequence_length=TOKENS)
        return {"prompt_embeds": states.float(), "pooled_prompt_embeds": pooled.float()}

    def _pipe(self) -> FluxKontextPipeline:
        parts = {"vae": self.vae, "transformer": self.transformer, "scheduler": scheduler_of(self.scheduler, None)}
        return build_pipeline(FluxKontextPipeline, dict.fromkeys(READERS) | parts)


def load(spec: EngineSpec, components: Components) -> FluxKontextEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    networks = {"T5EncoderModel": T5EncoderModel, "FluxTransformer2DModel": BatchInvariantFlux}
    return FluxKontextEngine(spec, load_parts(components, spec.weights, PUBLISHED, networks))
