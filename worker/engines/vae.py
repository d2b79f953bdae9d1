"""Images through a variational autoencoder (Kingma & Welling 2014, arXiv:1312.6114).

An original is made again from codes drawn around its own; a new image from codes drawn from the prior. Where there is a
PatchVAE, codes lie in a grid as large as the image, and a PictureVAE knows which grids there are; where there is none,
the PictureVAE sees the whole image, squeezed into its square.
"""

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.tensors import signed_pixels, signed_to_canvas, to_size_of, to_working_size
from worker.engine import Canvas, EngineTask, StepHook, part_hook
from worker.networks.vae import PATCH, PatchVAE, PictureVAE
from worker.networks.weights import load_float32, to_channels_last

ANY = "any"
"""The label that draws one at random, as often as each was in training."""
Network = TypeVar("Network", PictureVAE, PatchVAE)


class VAEEngine:
    """Resident networks; images are made one at a time, in float32."""

    def __init__(self, picture: PictureVAE, patches: PatchVAE | None, canvas: CanvasSpec) -> None:
        self.picture, self.patches, self.canvas = picture, patches, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made again, or a new image of its size; two steps a tile.

        A parameter `variation` of 0 keeps to the mean of each posterior, 1 draws with its whole standard deviation;
        `truncation` is the same for the prior, of which `label` selects a class.
        """
        hooks = [part_hook(on_step, number, len(tasks)) for number in range(len(tasks))]
        return [self._made(task, hook) for task, hook in zip(tasks, hooks, strict=True)]

    def _made(self, task: EngineTask, on_step: StepHook) -> Canvas:
        random = torch.Generator("cpu").manual_seed(task.seed)
        if task.from_scratch:
            return self._new(task, random, on_step)
        if self.patches is None:
            return self._whole(task, random, on_step)
        return self._tiled(self.patches, task, random, on_step)

    def _new(self, task: EngineTask, random: torch.Generator, on_step: StepHook) -> Canvas:
        label = self._label(task, random)
        codes = task.number("truncation", 0) * self._noise((1, self.picture.config["codes"], 1, 1), random)
        grid = self.picture.decode(codes, label)
        on_step(1, 2, "denoising")
        square = grid if self.patches is None else self.patches.decode(grid)
        on_step(2, 2, "decoding")
        return placed(square[0], task.canvas)

    def _label(self, task: EngineTask, random: torch.Generator) -> Tensor:
        labels = self.picture.config["labels"]
        label = task.word("label") or ANY
        if label == ANY:
            return torch.multinomial(torch.tensor(list(labels.values())), 1, generator=random).to(self.picture.device)
        return torch.tensor([list(labels).index(label)], device=self.picture.device)

    def _whole(self, task: EngineTask, random: torch.Generator, on_step: StepHook) -> Canvas:
        side = self.picture.config["side"]
        label = torch.zeros(1, dtype=torch.long, device=self.picture.device)
        small = np.asarray(cv2.resize(task.canvas, (side, side), interpolation=cv2.INTER_AREA), np.float32)
        posterior = self.picture.encode(signed_pixels([small], self.picture.device), label)
        codes = posterior.mean + _variation(task) * posterior.std * self._noise(posterior.mean.shape, random)
        on_step(1, 2, "denoising")
        made = self.picture.decode(codes, label)
        on_step(2, 2, "decoding")
        return to_size_of(signed_to_canvas(made[0]), task.canvas)

    def _tiled(self, patches: PatchVAE, task: EngineTask, random: torch.Generator, on_step: StepHook) -> Canvas:
        """Return the canvas made again in tiles, which share one field of noise, so that neighbours agree."""
        canvas = to_working_size(task.canvas, self.canvas)
        height, width = canvas.shape[:2]
        noise = _variation(task) * self._noise((1, patches.config["codes"], height // PATCH, width // PATCH), random)
        blend = Blend(height, width, self.canvas.overlap)
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, PATCH)
        for number, box in enumerate(places):
            posterior = patches.encode(signed_pixels([box.cut(canvas)], self.picture.device))
            rows, columns = slice(box.top // PATCH, box.bottom // PATCH), slice(box.left // PATCH, box.right // PATCH)
            codes = posterior.mean + posterior.std * noise[..., rows, columns]
            on_step(2 * number + 1, 2 * len(places), "denoising")
            blend.add(box, signed_to_canvas(patches.decode(codes)[0]))
            on_step(2 * number + 2, 2 * len(places), "decoding")
        return to_size_of(blend.result(), task.canvas)

    def _noise(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=random).to(self.picture.device)


def placed(square: Tensor, like: Canvas) -> Canvas:
    """Return a square image, 3 x S x S in -1..1, in the middle of a canvas of another's size, its edge extended."""
    height, width = like.shape[:2]
    side = min(height, width)
    made = to_size_of(signed_to_canvas(square), np.empty((side, side, 3), np.float32))
    top, left = (height - side) // 2, (width - side) // 2
    grown = cv2.copyMakeBorder(made, top, height - side - top, left, width - side - left, cv2.BORDER_REPLICATE)
    return np.asarray(grown, dtype=np.float32)


def _variation(task: EngineTask) -> float:
    return task.number("variation", 0)


def load(spec: EngineSpec, components: Components) -> VAEEngine:
    """Load the networks, a PatchVAE where there is one. Raises OSError when one is not there or not in safetensors."""
    picture = components.get((spec.weights, "picture"), lambda: _network(PictureVAE, "picture", spec, components))
    if not (components.folder(spec.weights) / "patches").is_dir():
        return VAEEngine(picture, None, spec.canvas)
    patches = components.get((spec.weights, "patches"), lambda: _network(PatchVAE, "patches", spec, components))
    return VAEEngine(picture, patches, spec.canvas)


def _network(kind: type[Network], name: str, spec: EngineSpec, components: Components) -> Network:
    return to_channels_last(load_float32(kind, components.folder(spec.weights) / name), components.device)
