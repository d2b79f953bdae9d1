"""The best linear estimate of images from features, in closed form: where both networks of feature inversion begin.

Ridge regression of a 3 x 3 neighbourhood of features on what lies under its middle, cut to a rank (reduced-rank
regression, Izenman 1975; with a penalty, Mukherjee and Zhu 2011): a convolution with few outputs, and one of 1 x 1
after it.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from worker.networks.feature_inversion import Entry

SPARE = 16
"""Directions looked for beyond those that are kept: without them the search ends too early."""
ENOUGH = 40_000
"""Places to learn from; more change little."""


@torch.no_grad()
def fit(entry: Entry, features: Tensor, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Set an entry's mean and spread by `features`, N x width x h x w, and its linear part by batches.

    A batch is features and what is to be made of them, N x outputs x h x w at the stride that the entry goes to.
    """
    entry.centre.copy_(features.mean((0, 2, 3))[:, None, None])
    entry.spread.copy_(features.std((0, 2, 3)).clamp(min=1e-3)[:, None, None])
    square, product = _moments(entry, batches)
    count = float(square[-1, -1])
    mean = product[-1] / count
    penalty = torch.full((len(square),), float(len(square)), dtype=torch.double)  # inputs have mean squares of about 1
    penalty[-1] = 0
    root = torch.linalg.cholesky(square + penalty.diag())
    seen = torch.linalg.solve_triangular(root, product - square[:, -1:] * mean, upper=False)
    kept = min(entry.read.out_channels, *seen.shape)
    more = min(kept + SPARE, *seen.shape)
    basis = torch.svd_lowrank(seen.float(), more, niter=4)[2][:, :kept].double()
    first = torch.linalg.solve_triangular(root.T, seen @ basis, upper=True).float()
    entry.read.weight[:kept] = first[:-1].T.reshape(kept, *entry.read.weight.shape[1:])
    entry.read.bias[:kept] = first[-1]
    entry.straight.weight.zero_()
    entry.straight.weight[:, :kept] = basis[..., None, None].float()
    entry.straight.bias.copy_(mean)


def _moments(entry: Entry, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Return inputs x inputs and inputs x outputs, summed over ENOUGH places; the last input is 1."""
    square, product = torch.zeros((), dtype=torch.double), torch.zeros((), dtype=torch.double)
    for features, wanted in batches:
        given, answer = _rows(entry, features, wanted)
        square, product = square + (given.T @ given).double(), product + (given.T @ answer).double()
        if square[-1, -1] >= ENOUGH:
            break
    return square, product


def _rows(entry: Entry, features: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return places x inputs, the last of them 1, and places x outputs."""
    patches = F.unfold(entry.normal(features), 3, padding=1)
    given = patches.transpose(1, 2).flatten(0, 1)
    answer = F.pixel_unshuffle(wanted, entry.shuffle).flatten(2).transpose(1, 2).flatten(0, 1)
    return torch.cat([given, torch.ones(len(given), 1)], 1), answer
