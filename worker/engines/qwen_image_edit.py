"""Qwen-Image-Edit (Wu et al. 2025, arXiv:2508.02324): a flow transformer that edits by instruction.

Its text encoder, Qwen2.5-VL, sees the image beside the instruction, and the image's own latents stand beside those that
are denoised. The pipeline takes one image at a time, and chooses the size itself, by its proportions; a canvas is
padded to proportions whose size the pipeline keeps, so that nothing is squashed or shifted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from diffusers.models import AutoencoderKLQwenImage
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as published
from PIL import Image
from torch import Tensor
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.loading import load_parts
from worker.diffusion.memory_saving import Measures, tiling
from worker.diffusion.pipelines import build_pipeline, latents_of, step_callback
from worker.diffusion.schedulers import scheduler_of
from worker.diffusion.tensors import generators, signed_pixels, signed_to_canvas, to_size_of
from worker.engine import Canvas, EngineTask, StepHook, part_hook
from worker.networks.batch_invariant_transformers import BatchInvariantQwenImage

PUBLISHED = torch.bfloat16
"""What its weights come in."""
NETWORKS: dict[str, type[Any]] = {
    "AutoencoderKLQwenImage": AutoencoderKLQwenImage,
    "Qwen2_5_VLForConditionalGeneration": Qwen2_5_VLForConditionalGeneration,
    "QwenImageTransformer2DModel": BatchInvariantQwenImage,
}
PLACE = "<|image_pad|>"
"""Stands in a text for one token of an image."""
PICTURE = f"Picture 1: <|vision_start|>{PLACE}<|vision_end|>"
LONGEST = 64.0
"""The widest proportion that is worked on, and the tallest; more is padded."""


class QwenImageEditEngine(Measures):
    """Resident networks of one model."""

    def __init__(self, parts: Mapping[str, Any], processor: Qwen2VLImageProcessorPil) -> None:
        self._parts, self._processor = parts, processor
        self.vae, self.transformer = parts["vae"], parts["transformer"]
        super().__init__(tiling(self.vae))

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas changed as its text says; one step for each denoising step, one for decoding."""
        hooks = [part_hook(on_step, number, len(tasks)) for number in range(len(tasks))]
        return [self._made(task, hook) for task, hook in zip(tasks, hooks, strict=True)]

    @torch.inference_mode()
    def reconstruct(self, canvas: Canvas) -> Canvas:
        """Return the canvas as the autoencoder alone gives it back, in the size that it is worked on in."""
        width, height = kept_size(canvas)
        whole = padded(canvas, width / height)
        seen = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
        given = signed_pixels([seen], self.vae.device)[:, :, None].to(self.vae.dtype)
        image = self.vae.decode(self.vae.encode(given).latent_dist.mode(), return_dict=False)[0][0, :, 0]
        made = to_size_of(signed_to_canvas(image), whole)
        return np.ascontiguousarray(made[: canvas.shape[0], : canvas.shape[1]])

    def _made(self, task: EngineTask, on_step: StepHook) -> Canvas:
        steps = int(task.number("steps", 1)) + 1
        width, height = kept_size(task.canvas)
        whole = padded(task.canvas, width / height)
        seen = Image.fromarray(np.rint(whole * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
        pipe = self._pipe()
        call = {
            "image": seen,
            "height": height,
            "width": width,
            "num_inference_steps": steps - 1,
            "generator": generators([task]),
            "callback_on_step_end": step_callback(on_step, 0, steps),
        }
        packed = latents_of(pipe, call | self._prompts(pipe, task, seen))
        made = self._decoded(pipe._unpack_latents(packed, height, width, pipe.vae_scale_factor), whole)
        on_step(steps, steps, "decoding")
        return np.ascontiguousarray(made[: task.canvas.shape[0], : task.canvas.shape[1]])

    def _prompts(self, pipe: Any, task: EngineTask, seen: Image.Image) -> dict[str, Any]:  # noqa: ANN401
        """Return the instruction and, with guidance, the negative prompt, as the pipeline takes them."""
        scale = task.number("guidance_scale", 1.0)
        texts = {"": task.text} | ({"negative_": task.word("negative_prompt") or " "} if scale > 1 else {})
        call: dict[str, Any] = {"true_cfg_scale": scale}
        for prefix, text in texts.items():
            states = self._encode(pipe, seen, text)
            call[f"{prefix}prompt_embeds"] = states
            call[f"{prefix}prompt_embeds_mask"] = torch.ones(states.shape[:2], dtype=torch.long, device=states.device)
        return call

    def _encode(self, pipe: Any, seen: Image.Image, text: str) -> Tensor:  # noqa: ANN401
        """Return the states of a text read beside an image, 1 x tokens x width.

        The pipeline's own encoding does not mark which tokens are the image's, and transformers then counts their
        places in one line instead of in rows and columns, which is not how the encoder was trained.
        """
        reader, tokenizer = self._parts["text_encoder"], self._parts["tokenizer"]
        width, height = published.calculate_dimensions(published.CONDITION_IMAGE_SIZE, seen.width / seen.height)
        sight = self._processor(images=[pipe.image_processor.resize(seen, height, width)], return_tensors="pt")
        places = int(sight.image_grid_thw.prod()) // self._processor.merge_size**2
        plain = text.replace("<|", "< |")  # a caller's text holds no special tokens of the template
        whole = pipe.prompt_template_encode.format(PICTURE.replace(PLACE, PLACE * places) + plain)
        ids = tokenizer([whole], return_tensors="pt").input_ids.to(reader.device)
        states: Tensor = reader.model(
            input_ids=ids,
            pixel_values=sight.pixel_values.to(reader.device, reader.dtype),
            image_grid_thw=sight.image_grid_thw.to(reader.device),
            mm_token_type_ids=(ids == reader.config.image_token_id).int(),
        ).last_hidden_state
        return states[:, pipe.prompt_template_encode_start_idx :].float().to(self.vae.device)

    def _decoded(self, latents: Tensor, like: Canvas) -> Canvas:
        """Return latents, 1 x C x 1 x h x w, as a canvas in the size of another."""
        config = self.vae.config
        mean, spread = (
            torch.tensor(each, device=latents.device)[:, None, None, None]
            for each in (config.latents_mean, config.latents_std)
        )
        image = self.vae.decode(latents * spread + mean, return_dict=False)[0][0, :, 0]
        return to_size_of(signed_to_canvas(image), like)

    def _pipe(self) -> published.QwenImageEditPlusPipeline:
        networks = {"vae": self.vae, "transformer": self.transformer}
        without = dict.fromkeys(("text_encoder", "tokenizer", "processor"))
        scheduler = scheduler_of(self._parts["scheduler"], None)
        return build_pipeline(published.QwenImageEditPlusPipeline, networks | without | {"scheduler": scheduler})


def kept_size(canvas: Canvas) -> tuple[int, int]:
    """Return the width and height to work on a canvas in: near its proportions, and kept by the pipeline.

    The pipeline rounds sides to multiples of 32, and would round a rounded size again.
    """
    height, width = canvas.shape[:2]
    aspect = min(max(width / height, 1 / LONGEST), LONGEST)
    size: tuple[int, int] | None = None
    while (found := published.calculate_dimensions(published.VAE_IMAGE_SIZE, aspect)) != size:
        size, aspect = found, found[0] / found[1]
    return found


def padded(canvas: Canvas, aspect: float) -> Canvas:
    """Return a canvas with its lower or right edge mirrored until its width is `aspect` of its height."""
    height, width = canvas.shape[:2]
    below, beside = max(0, round(width / aspect) - height), max(0, round(height * aspect) - width)
    return np.asarray(cv2.copyMakeBorder(canvas, 0, below, 0, beside, cv2.BORDER_REFLECT_101), dtype=np.float32)


def load(spec: EngineSpec, components: Components) -> QwenImageEditEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    folder = components.folder(spec.weights) / "processor"
    processor = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
    return QwenImageEditEngine(load_parts(components, spec.weights, PUBLISHED, NETWORKS), processor)
