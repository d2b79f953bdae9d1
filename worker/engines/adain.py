"""Style transfer in one go: features take over a style's statistics, and a decoder paints them.

Huang & Belongie 2017 (arXiv:1703.06868), on MobileNetV2's first layers; `training/adain.py` made the decoder.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from worker.components import Components
from worker.diffusion.pipelines import fitted
from worker.engine import Canvas, EngineTask, Stage, StepHook
from worker.networks.features import FeatureNetwork
from worker.networks.style import (
    DEEP,
    FINE,
    StyleDecoder,
    adain,
    colours,
    enlarged,
    pixels,
    recoloured,
    shared,
    statistics,
    style_of,
    tapped,
)

STEPS = 3
"""Of each picture: its style is looked at, it is looked at itself, it is painted."""


class AdainEngine:
    """A resident encoder and decoder."""

    def __init__(self, encoder: FeatureNetwork, decoder: StyleDecoder, canvas: CanvasSpec) -> None:
        self.encoder, self.decoder, self.canvas = encoder, decoder, canvas.shrunk

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas in its task's style, one after another; `style_weight` says how much of it, 0..1."""
        return [self._painted(task, partial(_of_all, on_step, number, len(tasks))) for number, task in enumerate(tasks)]

    def _painted(self, task: EngineTask, on_step: StepHook) -> Canvas:
        small, device = fitted(task.canvas, self.canvas), str(self.decoder.device)
        style, given = (pixels(one, device) for one in (style_of(task, small, self.canvas.minimum), small))
        wanted = {name: statistics(found) for name, found in self._seen(style).items()}
        on_step(1, STEPS, "denoising")
        share, own = float(task.parameters["style_weight"] or 0), self._seen(given)
        deep, fine = (own[name].lerp(adain(own[name], wanted[name]), share) for name in (DEEP, FINE))
        on_step(2, STEPS, "denoising")
        base = given.lerp(recoloured(given, colours(style)), share)
        made = self.decoder(base, deep, fine)[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        on_step(3, STEPS, "decoding")
        return enlarged(task.canvas, small, made)

    def _seen(self, picture: Tensor) -> dict[str, Tensor]:
        return tapped(self.encoder, picture, (FINE, DEEP))


def _of_all(on_step: StepHook, number: int, count: int, step: int, steps: int, stage: Stage) -> None:
    """Tell of a picture's step as one of all pictures' steps."""
    on_step(number * steps + step, count * steps, stage)


def load(spec: EngineSpec, components: Components) -> AdainEngine:
    """Load the engine in float32. Raises OSError when its decoder or its encoder is not there or no safetensors."""
    folder, device = components.folder(spec.weights), components.device
    decoder = components.get(
        (spec.weights, "decoder"), lambda: StyleDecoder.loaded(folder).to(device, memory_format=torch.channels_last)
    )
    return AdainEngine(shared(components, spec.parts["features"]), decoder, spec.canvas)
