"""Recreation from a classifier's features alone: one pass of a generator, trained against a critic.

Dosovitskiy and Brox 2016 (arXiv:1602.02644). The result is what the network still knew of the image at that depth, as
the generator estimates it; nothing in it is random.
"""

from collections.abc import Sequence

import torch

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.tensors import pixels, to_canvas
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.feature_inversion import FeatureGenerator
from worker.networks.features import FeatureNetwork, load_shared
from worker.networks.weights import load_float32, to_channels_last


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
                blend.add(box, to_canvas(self.generator(layer, found)[0]))
                on_step(step := step + 1, steps, "decoding")
        return [blend.result() for blend in blends]


def load(spec: EngineSpec, components: Components) -> FeatureGanEngine:
    """Load the generator, and the network of the row's part `features`, in float32. Raises OSError."""
    generator = components.get((spec.weights, "generator"), lambda: _generator(spec.weights, components))
    return FeatureGanEngine(generator, load_shared(components, spec.parts["features"]), spec.canvas)


def _generator(weights: str, components: Components) -> FeatureGenerator:
    return to_channels_last(load_float32(FeatureGenerator, components.folder(weights)), components.device)
