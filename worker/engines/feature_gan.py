"""Recreation from a classifier's features alone: one pass of a generator, trained against a critic.

Dosovitskiy and Brox 2016 (arXiv:1602.02644). What comes back is what the network still knew of the picture at that
depth, as the generator guesses it; there is no chance in it.
"""

from collections.abc import Sequence

import torch

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.starter import ONLY, pixels
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.feature_inversion import FeatureGenerator
from worker.networks.features import FeatureNetwork, shared


class FeatureGanEngine:
    """A resident generator and the feature network that it inverts."""

    def __init__(self, generator: FeatureGenerator, features: FeatureNetwork, canvas: CanvasSpec) -> None:
        self.generator, self.features, self.canvas = generator, features, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas from its features at the layer asked for; two steps a tile. One canvas at a time."""
        height, width = tasks[0].canvas.shape[:2]
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, self.canvas.multiple)
        blends = [Blend(height, width, self.canvas.overlap) for _ in tasks]
        steps, step = 2 * len(places) * len(tasks), 0
        for task, blend in zip(tasks, blends, strict=True):
            layer = str(task.parameters["layer"])
            for box in places:
                found = self.features(pixels([box.cut(task.canvas)], self.generator.device), [layer])[layer]
                on_step(step := step + 1, steps, "denoising")
                made = self.generator(layer, found)[0]
                blend.add(box, made.clamp(0, 1).permute(1, 2, 0).cpu().numpy())
                on_step(step := step + 1, steps, "decoding")
        return [blend.result() for blend in blends]


def load(spec: EngineSpec, components: Components) -> FeatureGanEngine:
    """Load the generator, and the network of the row's part `features`, in float32. Raises OSError."""
    generator = components.get((spec.weights, "generator"), lambda: _generator(spec.weights, components))
    return FeatureGanEngine(generator, shared(components, spec.parts["features"]), spec.canvas)


def _generator(weights: str, components: Components) -> FeatureGenerator:
    generator = FeatureGenerator.from_pretrained(components.folder(weights), **ONLY).float().eval()
    return generator.to(components.device, memory_format=torch.channels_last)
