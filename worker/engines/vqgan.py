"""Recreation through tokens: each 8 x 8 px become one code of a codebook, and pixels again (worker/networks/vqgan.py).

VQGAN (Esser et al. 2021, arXiv:2012.09841). Tiles overlap by the network's reach, so they agree with each other.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.vqgan import VQGAN, vqgan


class VQGANEngine:
    """A resident VQGAN. Canvases are run one at a time: a token must not depend on a picture's neighbours."""

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
                blend.add(box, canvas_of(self.network.pixels(tokens)))
                on_step(step := step + 1, steps, "decoding")
            made.append(blend.result())
        return made


def tensor(canvas: Canvas, network: VQGAN) -> Tensor:
    """Return 1 x 3 x H x W in -1..1, where the network is, of a canvas."""
    pixels = torch.from_numpy(np.ascontiguousarray(canvas.transpose(2, 0, 1)))[None]
    return pixels.to(network.device).mul(2).sub(1).contiguous(memory_format=torch.channels_last)


def canvas_of(pixels: Tensor) -> Canvas:
    """Return the canvas of 1 x 3 x H x W in -1..1."""
    return pixels[0].float().add(1).div(2).clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()


def load(spec: EngineSpec, components: Components) -> VQGANEngine:
    """Load the network in float32. Raises OSError when it is not there or no safetensors."""
    return VQGANEngine(vqgan(components, spec.weights), spec.canvas)
