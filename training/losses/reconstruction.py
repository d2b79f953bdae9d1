"""How far a reconstruction is from its original, as the autoencoder and the VQGAN are trained and judged by it."""

import torch
from torch import Tensor
from torch.nn import functional as F

LEAST_ERROR = 3e-4
"""Added to the mean square error, so that a perfect crop does not outweigh all others."""


def similarity(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean SSIM (Wang et al. 2004, 11 x 11 Gaussian) of N x 3 x H x W images in -1..1."""
    axis = torch.arange(11, dtype=a.dtype) - 5
    window = torch.exp(-(axis**2) / (2 * 1.5**2))
    window = window / window.sum()
    kernel = (window[:, None] * window[None]).expand(3, 1, 11, 11)
    blur = lambda x: F.conv2d(x, kernel, groups=3)  # noqa: E731  one line, used six times below
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, cov = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    return ((2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean()


def reconstruction_loss(made: Tensor, crops: Tensor) -> Tensor:
    """Return the log error of each crop and the loss of structure, of N x 3 x H x W in -1..1."""
    error = (made - crops).square().mean((1, 2, 3))
    return torch.log(error + LEAST_ERROR).mean() + 2.0 * (1 - similarity(made, crops))
