"""Variational autoencoders (Kingma & Welling 2014, arXiv:1312.6114): one code for each patch, or one for an image.

Both are Gaussian at either end. The standard deviation of what is decoded, one a channel, is fitted too (Rybkin et al.
2021, arXiv:2006.13202), so that the two terms of their bound need no weight. They hold no norms: a part of an image
does not depend on how far it extends.
"""

from itertools import pairwise

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import ModelMixin
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution as Posterior
from torch import Tensor, nn
from torch.nn import functional as F

from worker.networks.weights import zeroed

PATCH = 16
"""Px of an image's side under one code of a PatchVAE."""
SMALLEST = 4
"""Side of the grid from which a PictureVAE reads its one code."""
LABEL_WIDTH = 16
"""Numbers that stand for a label."""


def convolution(given: int, made: int, stride: int = 1) -> nn.Conv2d:
    """Return a 3 x 3 convolution that keeps the size, or halves it with a stride of 2."""
    return nn.Conv2d(given, made, 3, stride, padding=1)


class Residual(nn.Module):
    """Two convolutions whose result is added; zero at the start."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = convolution(width, width), zeroed(convolution(width, width))

    def forward(self, given: Tensor) -> Tensor:
        """Return N x width x H x W of the same."""
        added: Tensor = self.second(F.silu(self.first(given)))
        return given + added


class PatchVAE(ModelMixin, ConfigMixin):
    """An image as a grid of codes, one for PATCH x PATCH px: a linear map, and convolutions that add what it lacks.

    Untrained convolutions add nothing, so the linear maps alone can be set to a probabilistic PCA.
    """

    @register_to_config
    def __init__(self, codes: int = 32, widths: tuple[int, int, int] = (48, 80, 160)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.project = nn.Conv2d(3 * PATCH**2, codes, 1)
        self.look = nn.Sequential(
            nn.PixelUnshuffle(4),
            *(convolution(48, fine), nn.SiLU(), convolution(fine, middle, 2), nn.SiLU()),
            *(convolution(middle, coarse, 2), nn.SiLU(), zeroed(convolution(coarse, 2 * codes))),
        )
        self.spread = nn.Conv2d(codes, 3 * PATCH**2, 1)
        self.draw = nn.Sequential(
            *(convolution(codes, coarse), nn.SiLU(), convolution(coarse, 4 * middle), nn.PixelShuffle(2), nn.SiLU()),
            *(Residual(middle), Residual(middle), convolution(middle, 4 * fine), nn.PixelShuffle(2), nn.SiLU()),
            *(Residual(fine), zeroed(convolution(fine, 48)), nn.PixelShuffle(4)),
        )
        self.log_sigma = nn.Parameter(torch.zeros(3, 1, 1), requires_grad=False)

    def encode(self, pixels: Tensor) -> Posterior:
        """Return the posterior of the codes, N x codes x H/16 x W/16, of N x 3 x H x W in -1..1."""
        mean, logvar = self.look(pixels).float().chunk(2, 1)
        mean = mean + self.project(F.pixel_unshuffle(pixels, PATCH)).float()
        return Posterior(torch.cat([mean, logvar], 1))

    def decode(self, codes: Tensor) -> Tensor:
        """Return the mean of the pixels, N x 3 x H x W, about -1..1, of N x codes x H/16 x W/16."""
        added: Tensor = self.draw(codes)
        return F.pixel_shuffle(self.spread(codes), PATCH).float() + added.float()


class PictureVAE(ModelMixin, ConfigMixin):
    """A small square grid of numbers, pixels or the codes of a PatchVAE, as one code, conditioned on what it shows.

    Conditional by a label in both directions (Sohn et al. 2015). Over a PatchVAE it is the second stage of a two-stage
    VAE (Dai & Wipf 2019, arXiv:1903.05789): it learns which grids of codes there are. `labels` gives the share that
    each label had in training. Blocks of `fold` x `fold` are read at once; there is one width for each halving from
    `side` / `fold` to SMALLEST.
    """

    @register_to_config
    def __init__(
        self, channels: int, side: int, fold: int, widths: tuple[int, ...], codes: int, labels: dict[str, float]
    ) -> None:
        super().__init__()
        last = widths[-1] * SMALLEST**2
        self.told = nn.Embedding(len(labels), LABEL_WIDTH)
        folded = channels * fold**2
        self.look = nn.Sequential(nn.PixelUnshuffle(fold), convolution(folded, widths[0]), nn.SiLU())
        for given, made in pairwise((widths[0], *widths)):
            self.look.extend([convolution(given, made, 2), nn.SiLU()])
        self.read = nn.Linear(last + LABEL_WIDTH, 2 * codes)
        self.write = nn.Linear(codes + LABEL_WIDTH, last)
        self.draw = nn.Sequential(nn.SiLU())
        for given, made in pairwise((*reversed(widths), widths[0])):
            self.draw.extend([nn.UpsamplingNearest2d(scale_factor=2), convolution(given, made), nn.SiLU()])
        self.draw.extend([convolution(widths[0], folded), nn.PixelShuffle(fold)])
        self.log_sigma = nn.Parameter(torch.zeros(channels, 1, 1), requires_grad=False)

    def encode(self, grid: Tensor, labels: Tensor) -> Posterior:
        """Return the posterior of the codes, N x codes x 1 x 1, of N x channels x side x side and N label numbers."""
        seen = torch.cat([self.look(grid).flatten(1), self.told(labels)], 1)
        return Posterior(self.read(seen).float()[..., None, None])

    def decode(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Return the mean of the grid, N x channels x side x side, of N x codes x 1 x 1 and N label numbers."""
        began = self.write(torch.cat([codes.flatten(1), self.told(labels)], 1))
        grid: Tensor = self.draw(began.unflatten(1, (-1, SMALLEST, SMALLEST)))
        return grid.float()
