"""Style as statistics of a network's features, and the network that paints features in another style.

Gram matrices are Gatys et al. 2016 (CVPR; arXiv:1508.06576); adaptive instance normalisation (AdaIN) and its decoder
are Huang & Belongie 2017 (arXiv:1703.06868).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from transformers.models.mobilenet_v2.modeling_mobilenet_v2 import MobileNetV2ConvLayer

from worker.components import Components
from worker.engine import Canvas, EngineTask
from worker.networks import features
from worker.networks.features import FeatureNetwork
from worker.networks.weights import load_float32

MOBILENET_STYLE = (
    "stem.first_conv",
    "layer1.0.expand_1x1",
    "layer2.0.expand_1x1",
    "layer3.0.expand_1x1",
    "layer3.4.expand_1x1",
)
"""Places in MobileNetV2 at strides 2, 2, 4, 8 and 16: the wide, activated inside of bottlenecks. Their narrow ends,
`layer1` to `layer4`, hold too few numbers for a style."""
FINE, DEEP = MOBILENET_STYLE[2:4]
"""The places whose features AdaIN changes: 144 channels at stride 4, 192 at stride 8."""
FINE_WIDTH, DEEP_WIDTH = 144, 192
LEAST = 1e-5
"""Added to a variance that is divided by."""
LEAST_COLOUR = 1e-3
"""Added to the variance of colours, 0..1: a plain image's noise must not become a style's colours."""

Statistics = tuple[Tensor, Tensor]
"""Mean and spread of each channel, or of colours."""
Features = Mapping[str, Tensor]
"""Features, N x channels x height x width, by the names of their places."""


def tapped(network: FeatureNetwork, image: Tensor, places: Sequence[str]) -> dict[str, Tensor]:
    """Return what the modules named `places` of a network's stages give for N x 3 x H x W, RGB in 0..1.

    The stage of the last place is the last one that is run. Raises AttributeError for a place that is not there.
    """
    found: dict[str, Tensor] = {}
    hooks = [network.stages.get_submodule(name).register_forward_hook(partial(_keep, found, name)) for name in places]
    try:
        network(image, [places[-1].partition(".")[0]])
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _keep(found: dict[str, Tensor], name: str, _module: nn.Module, _given: object, made: Tensor) -> None:
    found[name] = made


def gram(found: Tensor) -> Tensor:
    """Return how strongly channels are active together: N x C x H x W to N x C x C, a mean over places."""
    flat = found.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def style_error(grams: Features, wanted: Features) -> Tensor:
    """Return how far Gram matrices are from those of a style: >= 0, 0 where equal, 1 where there is nothing at all.

    Squared distances by the wanted matrix' own square, so that every place counts the same; the mean of all.
    """
    errors = [(grams[name] - aim).square().sum((1, 2)) / aim.square().sum((1, 2)) for name, aim in wanted.items()]
    return torch.stack(errors).mean()


def content_error(found: Features, wanted: Features) -> Tensor:
    """Return the mean squared distance of features to wanted ones by their variance: >= 0, and 0 where equal."""
    errors = [(found[name] - aim).square().mean() / (aim.var() + LEAST) for name, aim in wanted.items()]
    return torch.stack(errors).mean()


def statistics(found: Tensor) -> Statistics:
    """Return the mean and the spread of each channel of N x C x H x W over its places, each N x C x 1 x 1."""
    variance, mean = torch.var_mean(found, (2, 3), correction=0, keepdim=True)
    return mean, (variance + LEAST).sqrt()


def adain(found: Tensor, style: Statistics) -> Tensor:
    """Return features, N x C x H x W, moved channel by channel to the statistics of a style."""
    mean, spread = statistics(found)
    wanted_mean, wanted_spread = style
    return (found - mean) / spread * wanted_spread + wanted_mean


def folded(network: FeatureNetwork) -> FeatureNetwork:
    """Return the network with its norms folded into the convolutions before them, in place, which is faster."""
    for module in network.modules():
        if isinstance(module, MobileNetV2ConvLayer) and isinstance(module.normalization, nn.BatchNorm2d):
            module.convolution = fuse_conv_bn_eval(module.convolution, module.normalization)
            module.add_module("normalization", nn.Identity())
    return network.requires_grad_(False)


def colours(image: Tensor) -> Statistics:
    """Return the mean colour, N x 3 x 1 x 1, and how colours spread about it, N x 3 x 3, of N x 3 x H x W in 0..1.

    The spread is the lower root (Cholesky) of the covariance.
    """
    flat = image.float().flatten(2)
    mean = flat.mean(2, keepdim=True)
    covariance = (flat - mean) @ (flat - mean).transpose(1, 2) / flat.shape[2]
    least = LEAST_COLOUR * torch.eye(3, device=image.device)
    return mean[..., None], torch.linalg.cholesky(covariance + least)


def recoloured(image: Tensor, style: Statistics) -> Tensor:
    """Return N x 3 x H x W with a style's mean colour and spread: AdaIN of the pixels, all channels at once.

    Linear, as in Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer" (arXiv:1606.05897).
    """
    (mean, root), (wanted_mean, wanted_root) = colours(image), style
    turn = wanted_root @ torch.linalg.inv(root)
    return (turn @ (image - mean).flatten(2)).reshape(image.shape) + wanted_mean


class StyleDecoder(ModelMixin, ConfigMixin):
    """What features at DEEP and FINE add to recoloured pixels. No norms: they would undo the style.

    The paper's decoder paints everything from features; this one, much smaller, is given the colours.
    """

    @register_to_config
    def __init__(self, widths: Sequence[int] = (128, 96, 48, 24)) -> None:
        super().__init__()
        first, second, third, fourth = widths
        self.at_8 = nn.Sequential(*_conv(DEEP_WIDTH, first), *_conv(first, first))
        self.at_4 = nn.Sequential(*_conv(first + FINE_WIDTH, second), *_conv(second, second))
        self.at_2 = nn.Sequential(*_conv(second, third), *_conv(third, third))
        self.at_1 = nn.Sequential(*_conv(third + 3, fourth), nn.Conv2d(fourth, 3, 3, padding=1, padding_mode="reflect"))

    @classmethod
    def loaded(cls, folder: Path) -> "StyleDecoder":
        """Load it in float32. Raises OSError when it is not there or not in safetensors."""
        return load_float32(cls, folder)

    def forward(self, base: Tensor, deep: Tensor, fine: Tensor) -> Tensor:
        """Return N x 3 x 8h x 8w, RGB about 0..1 and not cut off.

        Of recoloured pixels of that size, N x 192 x h x w at DEEP and N x 144 x 2h x 2w at FINE.
        """
        made = _doubled(self.at_4(torch.cat([_doubled(self.at_8(deep)), fine], 1)))
        change: Tensor = self.at_1(torch.cat([_doubled(self.at_2(made)), base], 1))
        return base + change


def _conv(given: int, made: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(given, made, 3, padding=1, padding_mode="reflect"), nn.ReLU()


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def load_style_network(components: Components, name: str) -> FeatureNetwork:
    """Return the feature network called `name`, norms folded, shared by the engines for styles. Raises OSError."""
    folder = components.folder(name)
    return components.get((name, "style"), lambda: folded(features.load(folder, components.device)))


def style_of(task: EngineTask, small: Canvas, minimum: int) -> Canvas:
    """Return the style image with its longer side as long as that of `small`, no side below `minimum` px.

    A task without one is in its own style.
    """
    style = task.canvas if task.style is None else task.style
    scale = max(small.shape[:2]) / max(style.shape[:2])
    height, width = (max(minimum, round(side * scale)) for side in style.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.clip(np.asarray(cv2.resize(style, (width, height), interpolation=how), np.float32), 0, 1)


def enlarged(canvas: Canvas, small: Canvas, made: Canvas) -> Canvas:
    """Return a canvas changed as its small version was: the result itself, where sizes are equal."""
    height, width = canvas.shape[:2]
    if made.shape == canvas.shape:
        return made
    change = np.asarray(cv2.resize(made - small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    whole: Canvas = np.clip(canvas + change, 0, 1)
    return whole
