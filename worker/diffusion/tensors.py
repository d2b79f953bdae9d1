"""Canvases and planes to tensors and back, in the sizes that engines work in, and the noise of each image."""

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec
from worker.engine import Canvas, EngineTask, Plane


def generators(tasks: Sequence[EngineTask]) -> list[torch.Generator]:
    """Return a generator for each image, on the CPU, so that its noise is the same wherever it runs."""
    return [torch.Generator("cpu").manual_seed(task.seed) for task in tasks]


def pixels(canvases: Sequence[Canvas], device: torch.device | str) -> Tensor:
    """Return N x 3 x H x W in 0..1, as pipelines take images, of canvases of one size."""
    stack = np.stack([canvas.transpose(2, 0, 1) for canvas in canvases])
    return torch.from_numpy(np.ascontiguousarray(stack)).to(device)


def signed_pixels(canvases: Sequence[Canvas], device: torch.device | str) -> Tensor:
    """Return N x 3 x H x W in -1..1, as autoencoders take images, of canvases of one size."""
    return pixels(canvases, device).mul(2).sub(1)


def to_canvas(image: Tensor) -> Canvas:
    """Return the canvas of 3 x H x W in 0..1; what lies outside is cut off."""
    canvas: Canvas = image.float().clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()
    return canvas


def signed_to_canvas(image: Tensor) -> Canvas:
    """Return the canvas of 3 x H x W in -1..1; what lies outside is cut off."""
    return to_canvas(image.float().add(1).div(2))


def reconstructed(vae: Any, canvas: Canvas) -> Canvas:  # noqa: ANN401  AutoencoderKL, VQModel
    """Return a canvas encoded and decoded again: what an autoencoder loses of it."""
    given = signed_pixels([canvas], vae.device).to(vae.dtype)
    encoded = vae.encode(given)
    if hasattr(encoded, "latent_dist"):
        image = vae.decode(encoded.latent_dist.mode()).sample
    else:
        image = vae.decode(encoded.latents, force_not_quantize=True).sample
    return signed_to_canvas(image[0])


def to_working_size(canvas: Canvas, spec: CanvasSpec) -> Canvas:
    """Return the canvas in the size to run it in: not below the engine's own, and not above `tile` unless in tiles.

    Sides stay multiples; proportions are kept as far as multiples allow.
    """
    height, width = canvas.shape[:2]
    size = spec.fitted(width, height)
    return canvas if size == (width, height) else _scaled(canvas, size, smaller=size < (width, height))


def to_reference_size(picture: Canvas, spec: CanvasSpec) -> Canvas:
    """Return a picture to be looked at, whole: not above the area of the engine, its edges continued to multiples."""
    height, width = picture.shape[:2]
    scale = min(1.0, math.sqrt((spec.area or height * width) / (height * width)))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = picture if size == (width, height) else _scaled(picture, size, smaller=True)
    beyond = [(0, -side % spec.multiple) for side in small.shape[:2]]
    return np.ascontiguousarray(np.pad(small, [*beyond, (0, 0)], mode="edge"))


def to_size_of(canvas: Canvas, like: Canvas) -> Canvas:
    """Return a canvas in the size of another."""
    height, width = like.shape[:2]
    return canvas if canvas.shape == like.shape else _scaled(canvas, (width, height), smaller=canvas.shape[0] > height)


def _scaled(canvas: Canvas, size: tuple[int, int], *, smaller: bool) -> Canvas:
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.clip(np.asarray(cv2.resize(canvas, size, interpolation=how), dtype=np.float32), 0, 1)


def plane_to_size_of(plane: Plane, like: Canvas) -> Plane:
    """Return a plane in the size of a canvas."""
    height, width = like.shape[:2]
    if plane.shape == (height, width):
        return plane
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
