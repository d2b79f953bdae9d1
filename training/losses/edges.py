"""Edges read off latents, so that a loss can ask for edges without knowing which side of them is the brighter one."""

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
SIDE = 8
"""Px of a latent's side."""
SMOOTH = (0.27, 0.46, 0.27)
"""A Gaussian of about 0.9 px, as the control map's smoothing."""
LEAST = 1e-4
"""Added to squared gradients, so that the length has a slope at 0."""


class Edges:
    """Lengths of the gradients of the luma, at every pixel, of what latents stand for.

    The autoencoder's decoder is replaced by the linear one of 3 x 3 latents that is nearest to it in least squares,
    which costs next to nothing and can be differentiated.
    """

    @torch.no_grad()
    def __init__(self, vae: AutoencoderDC, latents: Tensor) -> None:
        decoded = vae.decode(latents).sample
        luma = sum(share * decoded[:, place, None] for place, share in enumerate(LUMA))
        seen = F.unfold(latents, 3).transpose(1, 2).flatten(0, 1)
        shown = F.pixel_unshuffle(luma, SIDE)[:, :, 1:-1, 1:-1].flatten(2).transpose(1, 2).flatten(0, 1)
        seen = torch.cat([seen, torch.ones(len(seen), 1)], 1)
        fitted = torch.linalg.lstsq(seen, shown).solution
        self.weight = fitted[:-1].T.reshape(SIDE**2, latents.shape[1], 3, 3).contiguous()
        self.bias = fitted[-1]

    def luma(self, latents: Tensor) -> Tensor:
        """Return N x 1 x H x W in -1..1."""
        padded = F.pad(latents, (1, 1, 1, 1), mode="replicate")
        return F.pixel_shuffle(F.conv2d(padded, self.weight, self.bias), SIDE)

    def lengths(self, latents: Tensor) -> Tensor:
        """Return the length of the smoothed luma's gradient, N x 1 x H-4 x W-4."""
        luma = self.luma(latents)
        row = torch.tensor(SMOOTH).view(1, 1, 1, 3)
        smooth = F.conv2d(F.conv2d(luma, row), row.transpose(2, 3))
        tall, wide = torch.tensor([0.25, 0.5, 0.25]), torch.tensor([-0.5, 0.0, 0.5])
        across = F.conv2d(smooth, torch.outer(tall, wide)[None, None])
        down = F.conv2d(smooth, torch.outer(wide, tall)[None, None])
        return (across.square() + down.square() + LEAST).sqrt()


def edge_error(made: Tensor, target: Tensor) -> Tensor:
    """Return, for each of N maps of lengths, its mean difference to the target's, in mean lengths of all targets.

    The gradient difference loss of Mathieu et al. 2016 (arXiv:1511.05440): 1 where there are no edges at all.
    """
    return (made - target).abs().mean((1, 2, 3)) / target.mean()
