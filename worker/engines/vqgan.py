"""Recreation through tokens: each 8 x 8 px become one code of a codebook, and pixels again (worker/networks/vqgan.py).

VQGAN (Esser et al. 2021, arXiv:2012.09841). Tiles overlap by the network's reach, so they agree with each other.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.tensors import signed_pixels, signed_to_canvas
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.vqgan import VQGAN, vqgan


class VQGANEngine:
    """A resident VQGAN. Canvases are run one at a time: a token must not depend on an image's neighbours."""

    def __init__(self, network: VQGAN, canvas: CanvasSpec) -> None:
        self.network, self.canvas = network, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas as its tokens show it; two steps a tile."""
        height, width = tasks[0].canvas.shape[:2]
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, self.canvas.multiple)
        made, step, steps = [], 0, 2 * len(places) * len(tasks)
        for task in tasks:
            blend = Blend(height, width, self.canvas.overlap)
            for box in places:
                tokens = self.network.tokens(self.network.encode(tensor(box.cut(task.canvas), self.network)))
                on_step(step := step + 1, steps, "denoising")
                blend.add(box, signed_to_canvas(self.network.pixels(tokens)[0]))
                on_step(step := step + 1, steps, "decoding")
            made.append(blend.result())
        return made


def tensor(canvas: Canvas, network: VQGAN) -> Tensor:
    """Return 1 x 3 x H x W in -1..1, where the network is, of a canvas."""
    return signed_pixels([canvas], network.device).contiguous(memory_format=torch.channels_last)


def load(spec: EngineSpec, components: Components) -> VQGANEngine:
    """Load the network in float32. Raises OSError when it is not there or not in safetensors."""
    return VQGANEngine(vqgan(components, spec.weights), spec.canvas)
