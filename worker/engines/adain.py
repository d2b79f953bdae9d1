"""Style transfer in one go: features take over a style's statistics, and a decoder paints them.

Huang & Belongie 2017 (arXiv:1703.06868), on MobileNetV2's first layers; `training/adain.py` made the decoder.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from worker.components import Components
from worker.diffusion.tensors import pixels, to_canvas, to_working_size
from worker.engine import Canvas, EngineTask, StepHook, part_hook
from worker.networks.features import FeatureNetwork
from worker.networks.style import (
    DEEP,
    FINE,
    StyleDecoder,
    adain,
    colours,
    enlarged,
    load_style_network,
    recoloured,
    statistics,
    style_of,
    tapped,
)
from worker.networks.weights import to_channels_last

STEPS = 3
"""Of each image: features of its style, features of its own, the decoder."""


class AdainEngine:
    """A resident encoder and decoder."""

    def __init__(self, encoder: FeatureNetwork, decoder: StyleDecoder, canvas: CanvasSpec) -> None:
        self.encoder, self.decoder, self.canvas = encoder, decoder, canvas.shrunk

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas in its task's style, one after another; `style_weight` says how much of it, 0..1."""
        return [self._painted(task, part_hook(on_step, number, len(tasks))) for number, task in enumerate(tasks)]

    def _painted(self, task: EngineTask, on_step: StepHook) -> Canvas:
        small, device = to_working_size(task.canvas, self.canvas), self.decoder.device
        style, given = (pixels([one], device) for one in (style_of(task, small, self.canvas.minimum), small))
        wanted = {name: statistics(found) for name, found in self._features(style).items()}
        on_step(1, STEPS, "denoising")
        share, own = task.number("style_weight", 0), self._features(given)
        deep, fine = (own[name].lerp(adain(own[name], wanted[name]), share) for name in (DEEP, FINE))
        on_step(2, STEPS, "denoising")
        base = given.lerp(recoloured(given, colours(style)), share)
        made = to_canvas(self.decoder(base, deep, fine)[0])
        on_step(3, STEPS, "decoding")
        return enlarged(task.canvas, small, made)

    def _features(self, image: Tensor) -> dict[str, Tensor]:
        return tapped(self.encoder, image, (FINE, DEEP))


def load(spec: EngineSpec, components: Components) -> AdainEngine:
    """Load the engine in float32. Raises OSError when its decoder or its encoder is not there or not in safetensors."""
    folder, device = components.folder(spec.weights), components.device
    decoder = components.get((spec.weights, "decoder"), lambda: to_channels_last(StyleDecoder.loaded(folder), device))
    return AdainEngine(load_style_network(components, spec.parts["features"]), decoder, spec.canvas)
