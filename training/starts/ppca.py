"""Set an untrained PatchVAE to a probabilistic principal component analysis (PCA) of patches: the best linear VAE.

Tipping & Bishop (1999) give its maximum likelihood in closed form, and Lucas et al. (2019, arXiv:1911.02469) show that
it is where the bound of a linear VAE is highest. There the bound is the likelihood itself, so the convolutions start
from the best that straight lines can do.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from worker.networks.vae import PATCH, PatchVAE


@torch.no_grad()
def ppca_start(vae: PatchVAE, crops: Tensor) -> None:
    """Set `vae` to the probabilistic PCA of the patches of N x 3 x H x W in -1..1, in place.

    With the largest eigenvalues L of the patches' covariance, their eigenvectors V, and the mean s of the eigenvalues
    left out, the posterior of a patch x has the mean (L - s)^(1/2) / L V'(x - mean) and the variance s / L; what is
    decoded has the variance s.
    """
    codes = vae.config.codes
    mean, values, vectors = components(crops)
    rest = values[codes:].mean()
    spread = vectors[:, :codes] * (values[:codes] - rest).sqrt()
    vae.spread.weight.copy_(spread[..., None, None])
    vae.spread.bias.copy_(mean)
    project = (spread / values[:codes]).T
    vae.project.weight.copy_(project[..., None, None])
    vae.project.bias.copy_(-project @ mean)
    vae.look[-1].bias[codes:] = (rest / values[:codes]).log()
    vae.log_sigma.fill_(0.5 * rest.log())


def components(crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean, eigenvalues and eigenvectors (columns), largest first, of patches of N x 3 x H x W."""
    patches = F.pixel_unshuffle(crops, PATCH).movedim(1, -1).reshape(-1, 3 * PATCH**2)
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    return mean, values.flip(0), vectors.flip(1)
