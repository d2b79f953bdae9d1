"""Networks that go back from a classifier's features to an image (Dosovitskiy and Brox 2016, arXiv:1506.02753).

One network serves all layers: each has an entry of its own into what they share. An entry begins as the best linear
estimate of the image (training/starts/ridge.py), and the rest begins at zero, so that what is learned is what no
linear map of a 3 x 3 neighbourhood of features can give.
"""

from collections.abc import Mapping

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from worker.networks.weights import zeroed

Layers = Mapping[str, int]
"""A number for each layer, by its name."""
LATENTS = 16
PATCH = 4
"""The generator's trunk works on patches of this many px a side."""
LATENT_STRIDE = 8
TIMES = 64
"""Numbers that condition the denoiser on how much noise there is."""


class Block(nn.Module):
    """x + f(x), two 3 x 3 convolutions without norms, so that a place depends on its surroundings and nothing else."""

    def __init__(self, width: int, conditions: int = 0) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.tell = zeroed(nn.Linear(conditions, 2 * width)) if conditions else None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return N x width x H x W of the same; `condition` is N x conditions."""
        inner: Tensor = self.first(F.silu(x))
        if self.tell is not None and condition is not None:
            scale, shift = self.tell(condition)[..., None, None].chunk(2, 1)
            inner = inner * (1 + scale) + shift
        added: Tensor = self.second(F.silu(inner))
        return x + added


class Entry(nn.Module):
    """Features of a layer to maps at the stride `to`: a linear estimate, `straight`, and `more` that is not linear."""

    centre: Tensor
    spread: Tensor

    def __init__(self, width: int, stride: int, to: int, rank: int, straight: int, more: int) -> None:
        super().__init__()
        self.unshuffle, self.shuffle = max(1, to // stride), max(1, stride // to)
        self.register_buffer("centre", torch.zeros(width, 1, 1))
        self.register_buffer("spread", torch.ones(width, 1, 1))
        self.read = nn.Conv2d(width * self.unshuffle**2, rank, 3, padding=1)
        self.straight = nn.Conv2d(rank, straight * self.shuffle**2, 1)
        self.block = Block(rank)
        self.more = nn.Conv2d(rank, more * self.shuffle**2, 1)

    def normal(self, features: Tensor) -> Tensor:
        """Return the features with mean 0 and spread 1 over the training images, at `to` or a coarser stride."""
        return F.pixel_unshuffle((features - self.centre) / self.spread, self.unshuffle)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return N x straight x h x w and N x more x h x w at the stride `to`."""
        read = self.read(self.normal(features))
        more = self.more(F.silu(self.block(read)))
        return F.pixel_shuffle(self.straight(read), self.shuffle), F.pixel_shuffle(more, self.shuffle)


def entries(widths: Layers, strides: Layers, to: int, rank: int, straight: int, more: int) -> nn.ModuleDict:
    """Return an entry for each layer."""
    return nn.ModuleDict(
        {name: Entry(width, strides[name], to, rank, straight, more) for name, width in widths.items()}
    )


class FeatureGenerator(ModelMixin, ConfigMixin):
    """Features of one layer to the image at once."""

    @register_to_config
    def __init__(
        self, widths: Layers, strides: Layers, rank: int = 96, more: int = 16, channels: int = 64, depth: int = 3
    ) -> None:
        super().__init__()
        patch = 3 * PATCH**2
        self.entries = entries(widths, strides, PATCH, rank, patch, more)
        self.first = nn.Conv2d(patch + more, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(depth)))
        self.last = zeroed(nn.Conv2d(channels, patch, 3, padding=1))

    def forward(self, layer: str, features: Tensor) -> Tensor:
        """Return N x 3 x H x W, RGB about 0..1, of N x width x H/stride x W/stride; sides are multiples of the stride.

        Raises KeyError for a layer without an entry.
        """
        straight, more = self.entries[layer](features)
        made = self.last(F.silu(self.blocks(self.first(torch.cat([straight, more], 1)))))
        return F.pixel_shuffle(straight + made, PATCH)


class NoiseEmbedding(nn.Module):
    """The size of the noise to TIMES numbers: sines of its logarithm, and a small network."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(TIMES, TIMES), nn.SiLU(), nn.Linear(TIMES, TIMES), nn.SiLU())

    def forward(self, sizes: Tensor) -> Tensor:
        """Return N x TIMES of N logarithms of noise."""
        waves = sizes[:, None] * torch.logspace(-1, 1, TIMES // 2, device=sizes.device)
        made: Tensor = self.network(torch.cat([waves.sin(), waves.cos()], 1))
        return made


class FeatureDenoiser(ModelMixin, ConfigMixin):
    """The denoiser of latents that features of one layer condition.

    What is noised is the difference of the latents from the layer's linear estimate, divided by its spread (`left`):
    numbers of mean 0 and spread 1, as Karras et al. 2022 (arXiv:2206.00364) assume.
    """

    @register_to_config
    def __init__(
        self, widths: Layers, strides: Layers, rank: int = 96, more: int = 64, channels: int = 128, depth: int = 5
    ) -> None:
        super().__init__()
        self.entries = entries(widths, strides, LATENT_STRIDE, rank, LATENTS, more)
        self.left = nn.ParameterDict({name: torch.ones(LATENTS, 1, 1) for name in widths})
        self.left.requires_grad_(False)
        self.told = NoiseEmbedding()
        self.first = nn.Conv2d(2 * LATENTS + more, channels, 3, padding=1)
        self.blocks = nn.ModuleList(Block(channels, TIMES) for _ in range(depth))
        self.last = zeroed(nn.Conv2d(channels, LATENTS, 3, padding=1))

    def forward(self, noisy: Tensor, noise: Tensor, straight: Tensor, more: Tensor) -> Tensor:
        """Return what the scheduler takes for its prediction, N x 16 x h x w.

        `noisy` is N x 16 x h x w as the scheduler scales it, `noise` the N numbers by which it gives noise, `straight`
        and `more` what a layer's entry made of the features.
        """
        condition = self.told(noise)
        x = self.first(torch.cat([noisy, straight, more], 1))
        for block in self.blocks:
            x = block(x, condition)
        made: Tensor = self.last(F.silu(x))
        return made
