"""Pictures through a variational autoencoder (Kingma & Welling 2014, arXiv:1312.6114).

One that is given is made again from codes drawn around its own; a new one from codes drawn of the prior. Where there is
a PatchVAE, codes lie in a grid as large as the picture, and a PictureVAE knows which grids there are; where there is
none, the PictureVAE sees the whole picture, squeezed into its square.
"""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.pipelines import canvas_of, fitted, restored
from worker.diffusion.starter import ONLY
from worker.engine import Canvas, EngineTask, Stage, StepHook
from worker.networks.vae import PATCH, PatchVAE, PictureVAE

ANY = "any"
"""The label that stands for one by chance, as often as each was in training."""
Network = TypeVar("Network", PictureVAE, PatchVAE)


class VAEEngine:
    """Resident networks; pictures are made one at a time, in float32."""

    def __init__(self, picture: PictureVAE, patches: PatchVAE | None, canvas: CanvasSpec) -> None:
        self.picture, self.patches, self.canvas = picture, patches, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made again, or a new picture of its size; two steps a tile.

        A parameter `variation` of 0 keeps to the mean of each posterior, 1 draws with its whole standard deviation;
        `truncation` is the same for the prior, whose picture `label` names.
        """
        hooks = [partial(_of_all, on_step, number, len(tasks)) for number in range(len(tasks))]
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
        spread = float(task.parameters["truncation"] or 0)
        codes = spread * self._noise((1, self.picture.config.codes, 1, 1), random)
        grid = self.picture.decode(codes, label)
        on_step(1, 2, "denoising")
        square = grid if self.patches is None else self.patches.decode(grid)
        on_step(2, 2, "decoding")
        return placed(square[0], task.canvas)

    def _label(self, task: EngineTask, random: torch.Generator) -> Tensor:
        labels = self.picture.config.labels
        asked = str(task.parameters.get("label", ANY))
        if asked == ANY:
            return torch.multinomial(torch.tensor(list(labels.values())), 1, generator=random).to(self.picture.device)
        return torch.tensor([list(labels).index(asked)], device=self.picture.device)

    def _whole(self, task: EngineTask, random: torch.Generator, on_step: StepHook) -> Canvas:
        side = self.picture.config.side
        label = torch.zeros(1, dtype=torch.long, device=self.picture.device)
        small = cv2.resize(task.canvas, (side, side), interpolation=cv2.INTER_AREA)
        posterior = self.picture.encode(self._pixels(small), label)
        codes = posterior.mean + _variation(task) * posterior.std * self._noise(posterior.mean.shape, random)
        on_step(1, 2, "denoising")
        made = self.picture.decode(codes, label)
        on_step(2, 2, "decoding")
        return canvas_of(made[0], task.canvas)

    def _tiled(self, patches: PatchVAE, task: EngineTask, random: torch.Generator, on_step: StepHook) -> Canvas:
        """Return the canvas made again in tiles, which share one field of noise, so that neighbours agree."""
        canvas = fitted(task.canvas, self.canvas)
        height, width = canvas.shape[:2]
        noise = _variation(task) * self._noise((1, patches.config.codes, height // PATCH, width // PATCH), random)
        blend = Blend(height, width, self.canvas.overlap)
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, PATCH)
        for number, box in enumerate(places):
            posterior = patches.encode(self._pixels(box.cut(canvas)))
            rows, columns = slice(box.top // PATCH, box.bottom // PATCH), slice(box.left // PATCH, box.right // PATCH)
            codes = posterior.mean + posterior.std * noise[..., rows, columns]
            on_step(2 * number + 1, 2 * len(places), "denoising")
            blend.add(box, canvas_of(patches.decode(codes)[0], box.cut(canvas)))
            on_step(2 * number + 2, 2 * len(places), "decoding")
        return restored(blend.result(), task.canvas)

    def _pixels(self, canvas: Canvas) -> Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(canvas.transpose(2, 0, 1)))[None]
        return pixels.to(self.picture.device).mul(2).sub(1)

    def _noise(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=random).to(self.picture.device)


def placed(square: Tensor, like: Canvas) -> Canvas:
    """Return a square picture, 3 x S x S in -1..1, in the middle of a canvas of another's size, its rim going on."""
    height, width = like.shape[:2]
    side = min(height, width)
    made = canvas_of(square, np.empty((side, side, 3), np.float32))
    top, left = (height - side) // 2, (width - side) // 2
    grown = cv2.copyMakeBorder(made, top, height - side - top, left, width - side - left, cv2.BORDER_REPLICATE)
    return np.asarray(grown, dtype=np.float32)


def _variation(task: EngineTask) -> float:
    return float(task.parameters["variation"] or 0)


def _of_all(on_step: StepHook, number: int, count: int, step: int, steps: int, stage: Stage) -> None:
    """Tell of a picture's step as one of all pictures' steps."""
    on_step(number * steps + step, count * steps, stage)


def load(spec: EngineSpec, components: Components) -> VAEEngine:
    """Load the networks, a PatchVAE where there is one. Raises OSError when one is not there or no safetensors."""
    picture = components.get((spec.weights, "picture"), lambda: _network(PictureVAE, "picture", spec, components))
    if not (components.folder(spec.weights) / "patches").is_dir():
        return VAEEngine(picture, None, spec.canvas)
    patches = components.get((spec.weights, "patches"), lambda: _network(PatchVAE, "patches", spec, components))
    return VAEEngine(picture, patches, spec.canvas)


def _network(kind: type[Network], name: str, spec: EngineSpec, components: Components) -> Network:
    loaded = kind.from_pretrained(components.folder(spec.weights) / name, **ONLY)
    return loaded.float().eval().to(components.device, memory_format=torch.channels_last)
