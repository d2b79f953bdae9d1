"""LPIPS and ST-LPIPS: how far apart two images are in the features of AlexNet, layer by layer.

LPIPS: Zhang, Isola, Efros, Shechtman, Wang: "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
CVPR 2018, version 0.1 on AlexNet. ST-LPIPS: Ghildyal, Liu: "Shift-tolerant Perceptual Similarity Metric", ECCV 2022,
whose AlexNet loses resolution by blurring first. They share the form but not the weights or the scale: figures of
one cannot be compared with figures of the other. Both networks are written from the papers; `training/lpips.py`
converts the published weights.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from likeness.imaging.colour import Floats
from worker.metrics.sizes import bounded

MOST_PIXELS = 512 * 512
"""A larger image is reduced to this many px first, so that time and memory are bounded."""
LEAST_SIDE = 32
"""Px; AlexNet's poolings leave nothing of a shorter side."""

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""What both papers take from RGB in -1..1, and divide it by: ImageNet's mean and standard deviation there."""
EPSILON = 1e-10


class PerceptualDistance(nn.Module):
    """AlexNet's five convolutions and a weight for each of their channels."""

    def __init__(self, shift_tolerant: bool = False) -> None:
        super().__init__()
        self.shift_tolerant = shift_tolerant
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(3, 64, 11, stride=1 if shift_tolerant else 4, padding=2),
                nn.Conv2d(64, 192, 5, padding=2),
                nn.Conv2d(192, 384, 3, padding=1),
                nn.Conv2d(384, 256, 3, padding=1),
                nn.Conv2d(256, 256, 3, padding=1),
            ]
        )
        channels = (cast(nn.Conv2d, conv).out_channels for conv in self.convs)
        self.lins = nn.ModuleList(nn.Conv2d(count, 1, 1, bias=False) for count in channels)

    def forward(self, given: Tensor, made: Tensor) -> Tensor:
        """Return the distance, a number, of two images 1 x 3 x H x W in 0..1; one layer of each is held at a time."""
        layers = zip(self.features(given), self.features(made), self.lins, strict=True)
        return torch.stack([lin((_unit(one) - _unit(two)) ** 2).mean() for one, two, lin in layers]).sum()

    def features(self, rgb: Tensor) -> Iterator[Tensor]:
        """Yield what follows each convolution and its ReLU, 1 x channels x H' x W'."""
        shift, scale = (rgb.new_tensor(three).view(1, 3, 1, 1) for three in (SHIFT, SCALE))
        x = (2 * rgb - 1 - shift) / scale
        for number, conv in enumerate(self.convs):
            x = conv(self._pooled(x) if number in (1, 2) else x)
            x = F.relu(_blurred(x) if self.shift_tolerant and number == 0 else x)
            yield x

    def _pooled(self, x: Tensor) -> Tensor:
        return _blurred(F.max_pool2d(x, 3, 1)) if self.shift_tolerant else F.max_pool2d(x, 3, 2)

    @torch.inference_mode()
    def distance(self, given: Floats, made: Floats) -> float:
        """Return the distance of two H x W x 3 images in 0..1; 0 is equal, lower is better, seldom above 1.

        Images over MOST_PIXELS are reduced first. Raises ValueError when a side is then shorter than LEAST_SIDE.
        """
        pair = [bounded(one, MOST_PIXELS) for one in (given, made)]
        if min(pair[0].shape[:2]) < LEAST_SIDE:
            raise ValueError(f"a side is shorter than {LEAST_SIDE} px")
        weight = next(self.convs.parameters())
        return float(self(*(torch.from_numpy(one.transpose(2, 0, 1)[None]).to(weight) for one in pair)))


def _unit(x: Tensor) -> Tensor:
    """Return features with the length 1 at every place."""
    return x / (x.square().sum(1, keepdim=True).sqrt() + EPSILON)


def _blurred(x: Tensor) -> Tensor:
    """Halve the size after a binomial blur of 3 px; two px are reflected at each edge, one more than a blur needs."""
    binomial = np.outer([1, 2, 1], [1, 2, 1]) / 16
    kernel = torch.as_tensor(binomial).to(x).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=x.shape[1])


def load(file: Path, device: str = "cpu", shift_tolerant: bool = False) -> PerceptualDistance:
    """Load it in float32 from safetensors. Raises OSError when the file is not there or holds something else."""
    with torch.device("meta"):
        network = PerceptualDistance(shift_tolerant)
    try:
        tensors = load_file(file)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    except (SafetensorError, RuntimeError) as error:
        raise OSError(f"{file.name} does not hold the weights of this metric: {error}") from error
    return network.eval().to(device)
