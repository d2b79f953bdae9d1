"""VGG19's convolutions (Simonyan & Zisserman 2015, arXiv:1409.1556), the network that styles were first measured by.

It is a model that is pulled. Layers are called as Gatys et al. 2016 (CVPR; arXiv:1508.06576) call them, and as with
them the pools are means, not maxima, which they found to give better images.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from worker.networks.features import MEAN, SPREAD
from worker.networks.weights import to_channels_last

DEPTHS = (2, 2, 4, 4, 4)
"""Convolutions of each block; a pool stands between blocks."""
NAMES = [f"conv{block}_{number}" for block, depth in enumerate(DEPTHS, 1) for number in range(1, depth + 1)]
"""The layers in the order in which they are run."""


class Vgg19(nn.Module):
    """Pixels to the features of the layers that are asked for, each after its activation. Frozen."""

    mean: Tensor
    spread: Tensor

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__()
        given = [3, *(widths[name] for name in NAMES)]
        self.convolutions = nn.ModuleDict(
            {name: nn.Conv2d(before, widths[name], 3, padding=1) for name, before in zip(NAMES, given, strict=False)}
        )
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("spread", torch.tensor(SPREAD)[:, None, None], persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, pixels: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Return the layers asked for of N x 3 x H x W, RGB in 0..1; layers of block b are H/2^(b-1) high.

        H and W are 16 or more. What is deeper than the deepest asked for is not run.
        """
        found: dict[str, Tensor] = {}
        features = (pixels - self.mean) / self.spread
        for name, convolution in self.convolutions.items():
            if len(found) == len(layers):
                break
            if name.endswith("_1") and name != NAMES[0]:
                features = F.avg_pool2d(features, 2)
            features = F.relu(convolution(features))
            if name in layers:
                found[name] = features
        return found


def places() -> list[int]:
    """Return each convolution's number in torchvision's row of layers, which counts activations and pools too."""
    numbers, at = [], 0
    for depth in DEPTHS:
        numbers += [at + 2 * index for index in range(depth)]
        at += 2 * depth + 1
    return numbers


def load(folder: Path, device: str = "cpu") -> Vgg19:
    """Load the convolutions of `model.safetensors` in float32; the classifier is not read.

    Raises OSError when the file is not there, not in safetensors, or no VGG19.
    """
    path = folder / "model.safetensors"
    try:
        with safe_open(path, "pt") as file:
            tensors = {
                f"convolutions.{name}.{kind}": file.get_tensor(f"features.{number}.{kind}").float()
                for name, number in zip(NAMES, places(), strict=True)
                for kind in ("weight", "bias")
            }
        network = Vgg19({name: len(tensors[f"convolutions.{name}.bias"]) for name in NAMES})
        network.load_state_dict(tensors)
    except (SafetensorError, RuntimeError) as error:
        raise OSError(f"{path} holds no VGG19: {error}") from error
    return to_channels_last(network, device)
