"""PatchGAN: a discriminator that judges patches (Isola et al. 2017, arXiv:1611.07004), which trains VQGAN's decoder.

Spectral norm (Miyato et al. 2018, arXiv:1802.05957) stands in place of batch norm: a patch is judged by itself.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

MOST = 1e4
"""The adaptive weight's bound."""


class PatchGAN(nn.Sequential):
    """N x 3 x H x W in -1..1 to one logit for each 8 x 8 px, of the 34 px about it."""

    def __init__(self, width: int = 32) -> None:
        widths = (3, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for given, made in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(given, made, 4, 2, 1)), nn.LeakyReLU(0.2)]
        super().__init__(*layers, spectral_norm(nn.Conv2d(widths[-1], 1, 3, 1, 1)))


def hinge(real: Tensor, made: Tensor) -> Tensor:
    """Return the discriminator's hinge loss of its logits of real and of made images."""
    return 0.5 * ((1 - real).relu().mean() + (1 + made).relu().mean())


def adaptive_weight(reconstruction: Tensor, adversarial: Tensor, last: Tensor) -> Tensor:
    """Return how much the adversarial loss counts to pull the decoder's `last` weights as hard as the other does.

    Equation 7 of VQGAN: the quotient of the gradients' lengths.
    """
    pull, push = (
        torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (reconstruction, adversarial)
    )
    return (pull / (push + 1e-4)).clamp(max=MOST).detach()
