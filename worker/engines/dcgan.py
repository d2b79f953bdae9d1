"""DCGAN (Radford et al. 2016, arXiv:1511.06434): a garment on white from noise, at SIDE px, of a class or of any.

Class-conditional batch norm (Dumoulin et al. 2017, arXiv:1610.07629) conditions the generator on the class. The
statistics of its norms are fixed once it is trained, so no image depends on another. There is no second network without
classes: `any` draws a class as often as the training images had it.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import ModelMixin
from torch import Tensor, nn

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.tensors import signed_to_canvas
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.weights import load_float32, to_device

SIDE = 64
START = 4
"""Px of a side of what the noise becomes first; each layer doubles it."""
ANY = "any"


class ClassNorm(nn.Module):
    """Batch norm whose scale and shift are those of the image's class."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.scale = nn.Embedding(classes, width)
        self.shift = nn.Embedding(classes, width)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        """Return N x width x H x W of the same; `classes` are N whole numbers."""
        scale, shift = self.scale(classes), self.shift(classes)
        normal: Tensor = self.norm(x)
        return normal * scale[..., None, None] + shift[..., None, None]


class DCGANGenerator(ModelMixin, ConfigMixin):
    """N x `latents` of unit noise and N classes to N x 3 x SIDE x SIDE images, -1..1.

    `labels` name the classes; `shares` are how often each was among the training images.
    """

    @register_to_config
    def __init__(
        self,
        labels: Sequence[str],
        shares: Sequence[float],
        latents: int = 96,
        told: int = 32,
        widths: Sequence[int] = (256, 144, 80, 32),
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(labels), told)
        self.start = nn.Linear(latents + told, widths[0] * START * START, bias=False)
        self.norms = nn.ModuleList(ClassNorm(width, len(labels)) for width in widths)
        self.layers = nn.ModuleList(nn.ConvTranspose2d(*pair, 4, 2, 1, bias=False) for pair in pairwise(widths))
        self.picture = nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1)

    def forward(self, latents: Tensor, classes: Tensor) -> Tensor:
        """Return N x 3 x SIDE x SIDE of N x `latents` and N classes."""
        x = self.start(torch.cat([latents, self.embedding(classes)], 1)).unflatten(1, (-1, START, START))
        for norm, layer in zip(self.norms, self.layers, strict=False):
            x = layer(torch.relu(norm(x, classes)))
        return torch.tanh(self.picture(torch.relu(self.norms[-1](x, classes))))


class DCGANEngine:
    """A resident generator."""

    def __init__(self, generator: DCGANGenerator) -> None:
        self.generator = generator

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return a garment for each task, made one at a time, in the middle of a white canvas of the task's size."""
        canvases = []
        for number, task in enumerate(tasks):
            canvases.append(placed(self._made(task), *task.canvas.shape[:2]))
            on_step(number + 1, len(tasks), "decoding")
        return canvases

    def _made(self, task: EngineTask) -> Canvas:
        """Return SIDE x SIDE x 3 in 0..1, decided by seed, label and truncation."""
        noise = torch.Generator("cpu").manual_seed(task.seed)
        latents = torch.randn(1, self.generator.config["latents"], generator=noise)
        latents *= task.number("truncation", 0)
        classes = self._class(task.word("label") or ANY, noise)
        device = self.generator.device
        return signed_to_canvas(self.generator(latents.to(device), classes.to(device))[0])

    def _class(self, label: str, noise: torch.Generator) -> Tensor:
        config = self.generator.config
        if label == ANY:
            return torch.multinomial(torch.tensor(config["shares"]), 1, generator=noise)
        return torch.tensor([list(config["labels"]).index(label)])


def placed(picture: Canvas, height: int, width: int) -> Canvas:
    """Return height x width x 3: a square image as large as fits, by Lanczos or by means; white around it."""
    side = min(height, width)
    method = cv2.INTER_LANCZOS4 if side > len(picture) else cv2.INTER_AREA
    canvas = np.ones((height, width, 3), np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    scaled = cv2.resize(picture, (side, side), interpolation=method)
    canvas[top : top + side, left : left + side] = np.clip(scaled, 0, 1)
    return canvas


def load(spec: EngineSpec, components: Components) -> DCGANEngine:
    """Load the generator in float32. Raises OSError when it is not there or not in safetensors."""
    folder = components.folder(spec.weights)
    return DCGANEngine(components.get((spec.weights, "generator"), lambda: _generator(folder, components.device)))


def _generator(folder: Path, device: str) -> DCGANGenerator:
    return to_device(load_float32(DCGANGenerator, folder / "generator"), device)
