"""Neural style transfer: the image itself is changed until a classifier sees the style's textures in it.

Gatys et al. 2016 (CVPR; arXiv:1508.06576): content by features, style by Gram matrices, minimised by L-BFGS from the
original. In VGG19 the layers are theirs. MobileNetV2 was not made for it; two things let it paint well:

- the image is changed through a pyramid, so that large patches move as easily as single pixels (Mordvintsev et al.
  2018, "Differentiable Image Parameterizations", https://distill.pub/2018/differentiable-parameterizations);
- the network sees the image at twice its size, because its first layer skips every other pixel.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from likeness.contract.engines import CanvasSpec, EngineSpec
from worker.components import Components
from worker.diffusion.tensors import pixels, to_canvas, to_working_size
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks import vgg19
from worker.networks.features import FeatureNetwork
from worker.networks.style import (
    MOBILENET_STYLE,
    colours,
    content_error,
    enlarged,
    gram,
    load_style_network,
    recoloured,
    style_error,
    style_of,
    tapped,
)
from worker.networks.vgg19 import Vgg19

LEVELS = 5
"""Of the pyramid: its coarsest grid has a sixteenth of the image's sides."""
LEVEL_SCALE = 0.5
"""A level counts half as much for each fourfold of its cells, to this power."""
SMOOTH, RANGE = 0.5, 10.0
"""Weights of the total variation, and of what leaves 0..1, beside a content weight of 1."""
HISTORY = 20
"""Steps that L-BFGS remembers."""


OwnHook = Callable[[int, int, Callable[[], Canvas]], None]
"""Called with an image's own step and steps, and with what shows it so far."""


class Seeing(Protocol):
    """A network with the places at which content and style are compared."""

    @property
    def style(self) -> Sequence[str]:
        """The places whose Gram matrices are the style."""

    @property
    def content(self) -> str:
        """The place whose features are the content."""

    def see(self, image: Tensor) -> Mapping[str, Tensor]:
        """Return the features of these places, of 1 x 3 x H x W in 0..1."""


@dataclass(frozen=True)
class MobileNetSeeing:
    """MobileNetV2, shown twice as large."""

    network: FeatureNetwork
    style: Sequence[str] = MOBILENET_STYLE
    content: str = "layer2"

    def see(self, image: Tensor) -> Mapping[str, Tensor]:
        """Return its features."""
        larger = F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
        return tapped(self.network, larger, (self.content, *self.style))


@dataclass(frozen=True)
class VggSeeing:
    """VGG19, with the layers of the paper."""

    network: Vgg19
    style: Sequence[str] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    content: str = "conv4_2"

    def see(self, image: Tensor) -> Mapping[str, Tensor]:
        """Return its features."""
        features: dict[str, Tensor] = self.network(image, {self.content, *self.style})
        return features


class StyleTransferEngine:
    """A resident network to see by."""

    def __init__(self, seeing: Seeing, canvas: CanvasSpec, device: str) -> None:
        self.seeing, self.canvas, self.device = seeing, canvas.shrunk, device

    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas in its task's style, one after another; a step for each iteration."""
        made: list[Canvas] = []
        for task in tasks:
            others = [later.canvas for later in tasks[len(made) + 1 :]]
            made.append(self._painted(task, partial(_of_all, on_step, made, others)))
        return made

    def _painted(self, task: EngineTask, on_step: OwnHook) -> Canvas:
        small, steps = to_working_size(task.canvas, self.canvas), int(task.number("steps", 1))
        given, style = (pixels([one], self.device) for one in (small, style_of(task, small, self.canvas.minimum)))
        with torch.enable_grad():
            painting = Painting(self.seeing, given, style, task.parameters)
            for step in range(1, steps + 1):
                painting.step()
                on_step(step, steps, lambda: painting.shown(task.canvas, small))
        return painting.shown(task.canvas, small)


class Painting:
    """One image while it is changed; it begins in its own colours or in the style's, whichever are nearer the aim."""

    def __init__(self, seeing: Seeing, given: Tensor, style: Tensor, parameters: Mapping[str, object]) -> None:
        self.seeing, self.given = seeing, given
        self.weights = {name: float(str(parameters[f"{name}_weight"])) for name in ("content", "style")}
        with torch.no_grad():
            self.content = {seeing.content: seeing.see(given)[seeing.content]}
            seen = seeing.see(style)
            self.style = {name: gram(seen[name]) for name in seeing.style}
            start = min(given, recoloured(given, colours(style)).clamp(0, 1), key=lambda one: float(self._loss(one)))
        self.levels = [torch.zeros(shape, device=given.device) for shape in _shapes(given)]
        self.levels[0] += start - given
        for level in self.levels:
            level.requires_grad_()
        self.optimiser = torch.optim.LBFGS(
            self.levels, max_iter=1, history_size=HISTORY, tolerance_grad=0, tolerance_change=0
        )
        self.least, self.best = float("inf"), given

    def step(self) -> None:
        """Do one iteration of L-BFGS; one that leaves no finite loss changes nothing that is kept."""
        self.optimiser.step(self._measured)

    def shown(self, canvas: Canvas, small: Canvas) -> Canvas:
        """Return the best so far, as a change of `canvas`, of which `small` was painted on."""
        return enlarged(canvas, small, to_canvas(self.best[0]))

    def _measured(self) -> Tensor:
        self.optimiser.zero_grad()
        image = self._image()
        loss = self._loss(image)
        loss.backward()
        if (reached := float(loss.detach())) < self.least:
            self.least, self.best = reached, image.detach()
        return loss

    def _image(self) -> Tensor:
        image = self.given
        for number, level in enumerate(self.levels):
            change = F.interpolate(level, size=self.given.shape[2:], mode="bilinear", align_corners=False)
            image = image + 2.0 ** (-LEVEL_SCALE * number) * change
        return image

    def _loss(self, image: Tensor) -> Tensor:
        seen = self.seeing.see(image)
        grams = {name: gram(seen[name]) for name in self.seeing.style}
        pull = self.weights["content"] * content_error(seen, self.content)
        push = self.weights["style"] * style_error(grams, self.style)
        return pull + push + SMOOTH * _variation(image) + RANGE * (image - image.clamp(0, 1)).square().mean()


def _of_all(
    on_step: StepHook,
    before: Sequence[Canvas],
    after: Sequence[Canvas],
    step: int,
    steps: int,
    own: Callable[[], Canvas],
) -> None:
    """Report an image's step as one of all images' steps, and show it between the others."""
    done, count = len(before) * steps + step, (len(before) + 1 + len(after)) * steps
    on_step(done, count, "denoising", lambda: [*before, own(), *after])


def _shapes(image: Tensor) -> list[tuple[int, ...]]:
    """Return the sizes of the pyramid's levels, the finest first."""
    height, width = image.shape[2:]
    return [(1, 3, max(1, height >> level), max(1, width >> level)) for level in range(LEVELS)]


def _variation(image: Tensor) -> Tensor:
    """Return the mean squared step from a pixel to the next."""
    down, across = image.diff(dim=2), image.diff(dim=3)
    return down.square().mean() + across.square().mean()


def load(spec: EngineSpec, components: Components) -> StyleTransferEngine:
    """Load the engine in float32. Raises OSError when its network is not there, or none that is known here."""
    return StyleTransferEngine(_seeing(spec.weights, components), spec.canvas, components.device)


def _seeing(name: str, components: Components) -> Seeing:
    folder, device = components.folder(name), components.device
    if json.loads((folder / "config.json").read_text("utf-8")).get("architecture") == "vgg19":
        return VggSeeing(components.get((name, "convolutions"), lambda: vgg19.load(folder, device)))
    return MobileNetSeeing(load_style_network(components, name))
