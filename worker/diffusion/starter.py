"""What the diffusion families share: canvases to latents and back, no picture depending on its neighbours."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
from diffusers.models import AutoencoderDC
from diffusers.schedulers import DDIMScheduler
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from likeness.contract.engines import CanvasSpec
from worker.components import Components
from worker.engine import Canvas, EngineTask, Plane, StepHook
from worker.networks.starter import TIMES, StarterCleaner, StarterUNet

ONLY = {"use_safetensors": True, "local_files_only": True}
"""How weights are read."""


class StarterAutoencoder(AutoencoderDC):
    """AutoencoderDC as diffusers' Stable Diffusion pipelines expect an autoencoder: latents under their usual name."""

    @classmethod
    def loaded(cls, folder: Path) -> "StarterAutoencoder":
        """Load it in float32. Raises OSError when it is not there or no safetensors."""
        vae = cls.from_pretrained(folder, **ONLY).float().eval()
        vae.register_to_config(block_out_channels=tuple(vae.config.encoder_block_out_channels))
        return vae

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:  # noqa: ANN401  as in diffusers
        """Return latents as `.latents`."""
        return SimpleNamespace(latents=super().encode(x).latent)

    def decode(self, z: Tensor, return_dict: bool = True, generator: object = None) -> Any:  # noqa: ANN401  as in diffusers
        """Return pixels; there is no chance in it, so a generator has nothing to do."""
        return super().decode(z, return_dict=return_dict)


def parts(components: Components, weights: str) -> dict[str, Any]:
    """Load what every pipeline of the starter family is made of, in float32, networks shared. Raises OSError."""
    folder = components.folder(weights)
    return {
        "vae": autoencoder(components, weights),
        "unet": components.get((weights, "unet"), lambda: _unet(folder, components.device)),
        "text_encoder": components.get((weights, "text"), lambda: _text(folder / "text_encoder", components.device)),
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        "scheduler": DDIMScheduler.from_pretrained(folder / "scheduler", local_files_only=True),
    }


def autoencoder(components: Components, weights: str) -> StarterAutoencoder:
    """Load the autoencoder in float32, shared. Raises OSError."""
    folder = components.folder(weights) / "vae"
    layout = {"memory_format": torch.channels_last}
    return components.get((weights, "vae"), lambda: StarterAutoencoder.loaded(folder).to(components.device, **layout))


def _unet(folder: Path, device: str) -> StarterUNet:
    unet = StarterUNet.from_pretrained(folder / "unet", **ONLY).float().eval()
    unet.cleaner = StarterCleaner.from_pretrained(folder / "cleaner", **ONLY).float().eval()
    unet.paired = device == "cpu"
    return unet.to(device, memory_format=torch.channels_last)


def _text(folder: Path, device: str) -> CLIPTextModel:
    return CLIPTextModel.from_pretrained(folder, **ONLY).float().eval().to(device)


def read(pipe: Any, texts: Sequence[str]) -> dict[str, Tensor]:  # noqa: ANN401  any Stable Diffusion pipeline
    """Return the prompts of a pipeline's call as it takes them, each text read by itself."""
    return {
        "prompt_embeds": torch.cat([_read(pipe, text) for text in texts]),
        "negative_prompt_embeds": torch.cat([_read(pipe, "")] * len(texts)),
    }


def _read(pipe: Any, text: str) -> Tensor:  # noqa: ANN401
    tokens = pipe.tokenizer([text], padding="max_length", truncation=True, return_tensors="pt").input_ids
    return pipe.text_encoder(tokens.to(pipe.device)).last_hidden_state


def generators(tasks: Sequence[EngineTask]) -> list[torch.Generator]:
    """Return a generator for each picture, on the CPU, so that its noise is the same wherever it runs."""
    return [torch.Generator("cpu").manual_seed(task.seed) for task in tasks]


def schedule(steps: int, strength: float) -> tuple[int, int]:
    """Return how many steps to ask an img2img pipeline for so that `steps` are run, and how many will be.

    It leaves out the steps before the strength; no more than TIMES can be asked for.
    """
    if strength <= 0:
        return 0, 0
    asked = math.ceil(steps / strength)
    asked = min(TIMES, asked if int(asked * strength) >= steps else asked + 1)
    return asked, min(int(asked * strength), asked)


def reporter(on_step: StepHook, steps: int) -> Callable[[Any, int, Any, dict[str, Tensor]], dict[str, Tensor]]:
    """Return a step callback for a pipeline; what `on_step` raises ends the pipeline's call."""

    def report(_pipe: object, step: int, _time: object, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        on_step(step + 1, steps + 1, "denoising")
        return tensors

    return report


def fitted(canvas: Canvas, spec: CanvasSpec) -> Canvas:
    """Return the canvas, made smaller where its longer side is over the engine's; sides stay multiples."""
    height, width = canvas.shape[:2]
    to = spec.fitted(width, height)
    if to == (width, height):
        return canvas
    return np.asarray(cv2.resize(canvas, to, interpolation=cv2.INTER_AREA), dtype=np.float32)


def resized(plane: Plane, like: Canvas) -> Plane:
    """Return a plane in the size of a canvas."""
    height, width = like.shape[:2]
    if plane.shape == (height, width):
        return plane
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)


def pixels(canvases: Sequence[Canvas], device: torch.device) -> Tensor:
    """Return N x 3 x H x W in 0..1, as pipelines take pictures."""
    stack = np.stack([canvas.transpose(2, 0, 1) for canvas in canvases])
    return torch.from_numpy(np.ascontiguousarray(stack)).to(device)


def shrunk(planes: Sequence[Plane], images: Tensor) -> Tensor:
    """Return N x 1 x H/8 x W/8: planes of the images' size averaged down to that of their latents."""
    stack = torch.from_numpy(np.stack(planes))[:, None].to(images.device, images.dtype)
    return F.avg_pool2d(stack, 8)


def canvases(
    vae: StarterAutoencoder, tasks: Sequence[EngineTask], made: Tensor, smalls: Sequence[Canvas]
) -> Iterator[Canvas]:
    """Yield the canvas of each task of made latents, one by one: N x 16 x h x w to the size of the task's canvas."""
    for task, latents, small in zip(tasks, made, smalls, strict=False):
        decoded = _decoded(vae, latents[None])
        whole = _enlarged(decoded, task.canvas)
        if task.keep_detail is not None:
            again = vae.encode(pixels([small], vae.device) * 2 - 1).latents
            change = _enlarged(decoded - _decoded(vae, again), task.canvas)
            whole += task.keep_detail[..., None] * (task.canvas + change - whole)
        yield np.clip(whole, 0, 1)


def _decoded(vae: StarterAutoencoder, latents: Tensor) -> Canvas:
    made = vae.decode(latents.contiguous(memory_format=torch.channels_last)).sample[0]
    return np.ascontiguousarray(made.float().add(1).div(2).permute(1, 2, 0).cpu().numpy())


def _enlarged(canvas: Canvas, like: Canvas) -> Canvas:
    height, width = like.shape[:2]
    if canvas.shape == like.shape:
        return canvas
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
