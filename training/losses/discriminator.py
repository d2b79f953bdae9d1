"""Tells generated garments from real ones while the DCGAN trains; it is not shipped.

Spectral norm on every layer (Miyato et al. 2018, arXiv:1802.05957), the class by projection (Miyato and Koyama 2018,
arXiv:1802.05637), and how much a batch varies as one more channel (Karras et al. 2018, arXiv:1710.10196).
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (3, 32, 64, 128, 256)
GROUP = 8
"""Images whose variation is measured together; a batch is a multiple of it."""


class Discriminator(nn.Module):
    """N x 3 x 64 x 64 images, -1..1, and N classes to N numbers: higher is more real."""

    def __init__(self, classes: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.layers = nn.ModuleList(spectral_norm(nn.Conv2d(*pair, 4, 2, 1)) for pair in pairwise(widths))
        self.last = spectral_norm(nn.Conv2d(widths[-1] + 1, widths[-1], 1))
        self.real = spectral_norm(nn.Linear(widths[-1], 1))
        self.of_class = spectral_norm(nn.Embedding(classes, widths[-1]))

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        """Return how real each image looks, as one of its class."""
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        x = F.leaky_relu(self.last(torch.cat([x, _variation(x)], 1)), 0.2).mean((2, 3))
        return self.real(x)[:, 0] + (self.of_class(classes) * x).sum(1)


def _variation(x: Tensor) -> Tensor:
    """Return N x 1 x H x W: the mean standard deviation within each image's group."""
    groups = x.unflatten(0, (-1, GROUP)).float()
    spread = (groups.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    return spread.repeat_interleave(GROUP)[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype)
