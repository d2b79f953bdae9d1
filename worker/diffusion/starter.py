"""What the starter's families share: its networks, how prompts are encoded, and how latents become canvases."""

from collections.abc import Iterator, Sequence
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

from worker.components import Components
from worker.diffusion.tensors import signed_pixels
from worker.engine import Canvas, EngineTask, Plane
from worker.networks.starter import StarterCleaner, StarterUNet
from worker.networks.weights import load_float32, to_channels_last, to_device


class StarterAutoencoder(AutoencoderDC):
    """AutoencoderDC as diffusers' Stable Diffusion pipelines expect an autoencoder: latents under their usual name."""

    @classmethod
    def loaded(cls, folder: Path) -> "StarterAutoencoder":
        """Load it in float32. Raises OSError when it is not there or not in safetensors."""
        vae = load_float32(cls, folder)
        vae.register_to_config(block_out_channels=tuple(vae.config["encoder_block_out_channels"]))
        return vae

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:  # noqa: ANN401  as in diffusers
        """Return latents as `.latents`."""
        return SimpleNamespace(latents=super().encode(x).latent)

    def decode(self, z: Tensor, return_dict: bool = True, generator: object = None) -> Any:  # noqa: ANN401  as in diffusers
        """Return pixels; nothing in it is random, so the generator is not used."""
        return super().decode(z, return_dict=return_dict)


def load_starter(components: Components, weights: str) -> dict[str, Any]:
    """Load what every pipeline of the starter is made of, in float32, networks shared. Raises OSError."""
    folder = components.folder(weights)
    return {
        "vae": load_autoencoder(components, weights),
        "unet": components.get((weights, "unet"), lambda: _unet(folder, components.device)),
        "text_encoder": components.get((weights, "text"), lambda: _text(folder / "text_encoder", components.device)),
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        "scheduler": DDIMScheduler.from_pretrained(folder / "scheduler", local_files_only=True),
    }


def load_autoencoder(components: Components, weights: str) -> StarterAutoencoder:
    """Load the autoencoder in float32, shared. Raises OSError."""
    folder = components.folder(weights) / "vae"
    return components.get(
        (weights, "vae"), lambda: to_channels_last(StarterAutoencoder.loaded(folder), components.device)
    )


def _unet(folder: Path, device: str) -> StarterUNet:
    unet = load_float32(StarterUNet, folder / "unet")
    unet.cleaner = load_float32(StarterCleaner, folder / "cleaner")
    unet.paired = device == "cpu"
    return to_channels_last(unet, device)


def _text(folder: Path, device: str) -> CLIPTextModel:
    return to_device(load_float32(CLIPTextModel, folder), device)


def encode_texts(pipe: Any, texts: Sequence[str]) -> dict[str, Tensor]:  # noqa: ANN401  any Stable Diffusion pipeline
    """Return the prompts of a pipeline's call as it takes them, each text encoded by itself."""
    return {
        "prompt_embeds": torch.cat([_encoded(pipe, text) for text in texts]),
        "negative_prompt_embeds": torch.cat([_encoded(pipe, "")] * len(texts)),
    }


def _encoded(pipe: Any, text: str) -> Tensor:  # noqa: ANN401
    tokens = pipe.tokenizer([text], padding="max_length", truncation=True, return_tensors="pt").input_ids
    states: Tensor = pipe.text_encoder(tokens.to(pipe.device)).last_hidden_state
    return states


def planes_to_latents(planes: Sequence[Plane], images: Tensor) -> Tensor:
    """Return N x 1 x H/8 x W/8: planes of the images' size averaged down to that of their latents."""
    stack = torch.from_numpy(np.stack(planes))[:, None].to(images.device, images.dtype)
    return F.avg_pool2d(stack, 8)


def decode_with_detail(
    vae: StarterAutoencoder, latents: Tensor, tasks: Sequence[EngineTask], smalls: Sequence[Canvas]
) -> Iterator[Canvas]:
    """Yield latents, N x 16 x h x w, as canvases of the tasks' own sizes, one by one.

    `smalls` are the canvases that were run. Where a task keeps detail, only the change is put on its own canvas.
    """
    for task, each, small in zip(tasks, latents, smalls, strict=False):
        decoded = _decoded(vae, each[None])
        whole = _enlarged(decoded, task.canvas)
        if task.keep_detail is not None:
            again = vae.encode(signed_pixels([small], vae.device)).latents
            change = _enlarged(decoded - _decoded(vae, again), task.canvas)
            whole += task.keep_detail[..., None] * (task.canvas + change - whole)
        yield np.clip(whole, 0, 1)


def _decoded(vae: StarterAutoencoder, latents: Tensor) -> Canvas:
    image = vae.decode(latents.contiguous(memory_format=torch.channels_last)).sample[0]
    return np.ascontiguousarray(image.float().add(1).div(2).permute(1, 2, 0).cpu().numpy())


def _enlarged(canvas: Canvas, like: Canvas) -> Canvas:
    height, width = like.shape[:2]
    if canvas.shape == like.shape:
        return canvas
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
