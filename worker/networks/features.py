"""A frozen classifier as a source of features: what a network trained to classify sees at each depth.

Two networks have the same layers here. MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) ships, in
weights/mobilenet-v2; ResNet-101 (He et al. 2016, arXiv:1512.03385) is a model that is pulled. Both are transformers'
own, trained on ImageNet.
"""

from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoConfig, MobileNetV2Config, MobileNetV2Model, ResNetConfig, ResNetModel
from transformers.models.mobilenet_v2.modeling_mobilenet_v2 import MobileNetV2ConvLayer

from worker.components import Components
from worker.networks.weights import load_float32, to_channels_last

LAYERS = ("layer1", "layer2", "layer3", "layer4")
"""The layers that both networks have, as torchvision names those of ResNet."""
STRIDES = {"stem": 2, "layer1": 4, "layer2": 8, "layer3": 16, "layer4": 32, "head": 32}
"""Px of the image to one place of a layer. A side that is not a multiple is rounded up. Only MobileNetV2 has a head."""
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's pixels, RGB, with which both networks were trained."""
ENDS = {"layer1": 2, "layer2": 5, "layer3": 12, "layer4": 16}
"""After how many of MobileNetV2's blocks each layer ends."""


class FeatureNetwork(nn.Module):
    """Pixels to the features of the layers that are asked for. Frozen; gradients reach the pixels.

    `widths` has the channels of each layer, in the order in which they are run.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, stages: Mapping[str, nn.Module], widths: Mapping[str, int]) -> None:
        super().__init__()
        self.stages, self.widths = nn.ModuleDict(stages), dict(widths)
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("spread", torch.tensor(SPREAD)[:, None, None], persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, pixels: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Return the layers asked for, each N x width x H/stride x W/stride, of N x 3 x H x W, RGB in 0..1.

        H and W are 1 or more. What is deeper than the deepest asked for is not run. Raises KeyError for a layer that
        the network does not have.
        """
        if unknown := set(layers) - self.widths.keys():
            raise KeyError(f"no layer {', '.join(sorted(unknown))}; there are: {', '.join(self.widths)}")
        found: dict[str, Tensor] = {}
        features = (pixels - self.mean) / self.spread
        for name, stage in self.stages.items():
            if len(found) == len(set(layers)):
                break
            features = stage(features)
            if name in layers:
                found[name] = features
        return found

    def pooled(self, pixels: Tensor) -> Tensor:
        """Return the mean over all places of the last layer, N x width: one vector an image."""
        last = list(self.widths)[-1]
        return self.forward(pixels, [last])[last].mean((2, 3))

    def train(self, mode: bool = True) -> "FeatureNetwork":
        """Stay in evaluation mode: its norms must not follow what it is shown."""
        return super().train(False)


def of_mobilenet(model: MobileNetV2Model) -> FeatureNetwork:
    """Return the layers of a MobileNetV2: 16, 24, 32, 96, 320 and, in its head, 1,280 channels at full width.

    But for the head these are the ends of bottlenecks, which have no activation.
    """
    bounds = pairwise([0, *ENDS.values()])
    blocks = {name: model.layer[begin:end] for name, (begin, end) in zip(ENDS, bounds, strict=True)}
    stages = {
        "stem": model.conv_stem,
        **{name: nn.Sequential(*part) for name, part in blocks.items()},
        "head": model.conv_1x1,
    }
    last = {name: part[-1].reduce_1x1 for name, part in blocks.items()}
    ends = {"stem": model.conv_stem.reduce_1x1, **last, "head": model.conv_1x1}
    widths = {name: cast(MobileNetV2ConvLayer, end).convolution.out_channels for name, end in ends.items()}
    return FeatureNetwork(stages, widths)


def of_resnet(model: ResNetModel) -> FeatureNetwork:
    """Return the layers of a ResNet: 64, 256, 512, 1,024 and 2,048 channels in ResNet-101, all at least 0."""
    first, *others = model.encoder.stages
    stages = {
        "stem": model.embedder.embedder,
        "layer1": nn.Sequential(model.embedder.pooler, first),
        **dict(zip(LAYERS[1:], others, strict=True)),
    }
    widths = [model.config.embedding_size, *(model.config.hidden_sizes or ())]
    return FeatureNetwork(stages, dict(zip(stages, widths, strict=True)))


def load(folder: Path, device: str = "cpu") -> FeatureNetwork:
    """Load a network in float32 from `config.json` and `model.safetensors`.

    Raises OSError when it is not there, not in safetensors, or neither a MobileNetV2 nor a ResNet.
    """
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        if isinstance(config, MobileNetV2Config):
            network = of_mobilenet(load_float32(MobileNetV2Model, folder))
        elif isinstance(config, ResNetConfig):
            network = of_resnet(load_float32(ResNetModel, folder))
        else:
            raise OSError(f"{folder} holds a {config.model_type}, which is no feature network known here")
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise OSError(f"{folder} holds no feature network: {error}") from error
    return to_channels_last(network, device)


def load_shared(components: Components, name: str) -> FeatureNetwork:
    """Return the network of the weights called `name`, shared by every engine that takes it. Raises OSError."""
    return components.get((name, "features"), lambda: load(components.folder(name), components.device))
