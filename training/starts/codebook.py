"""A codebook's start, how it learns, and how much of it is in use."""

import torch
from torch import Tensor

ROUNDS = 15
KEEP = 0.99
"""Share of its past that a code keeps at each step."""


@torch.no_grad()
def k_means(vectors: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` x width centres of N x width vectors, by Lloyd's algorithm from a random choice of them.

    A centre without vectors moves to one that is drawn. ValueError for fewer vectors than centres.
    """
    if len(vectors) < count:
        raise ValueError(f"{len(vectors)} vectors for {count} centres")
    centres = vectors[torch.randperm(len(vectors), generator=generator)[:count]].clone()
    for _ in range(ROUNDS):
        nearest = torch.addmm(centres.square().sum(1), vectors, centres.T, alpha=-2).argmin(1)
        filled = torch.bincount(nearest, minlength=count)
        centres = torch.zeros_like(centres).index_add_(0, nearest, vectors) / filled.clamp(min=1)[:, None]
        empty = filled == 0
        drawn = torch.randint(len(vectors), (int(empty.sum()),), generator=generator)
        centres[empty] = vectors[drawn]
    return centres


class Upkeep:
    """Moves codes (codes x width, in place) to the mean of the vectors nearest to them, forgetting old ones.

    The moving averages of van den Oord et al. 2017 (arXiv:1711.00937, A.1). A code that nothing used for a while is put
    on a vector that is drawn, as in Jukebox (arXiv:2005.00341).
    """

    def __init__(self, codes: Tensor, generator: torch.Generator) -> None:
        self.codes, self.generator = codes, generator
        self.counts = torch.ones(len(codes))
        self.unused = torch.ones(len(codes), dtype=torch.bool)

    @torch.no_grad()
    def follow(self, vectors: Tensor, tokens: Tensor) -> None:
        """Take in one batch: N x width vectors and the N codes nearest to them."""
        found = torch.bincount(tokens, minlength=len(self.codes))
        kept = KEEP * self.counts
        self.counts = kept + found
        total = (kept[:, None] * self.codes).index_add_(0, tokens, vectors)
        self.codes.copy_(total / self.counts.clamp(min=1e-6)[:, None])
        self.unused &= found == 0

    @torch.no_grad()
    def restart(self, vectors: Tensor) -> int:
        """Put codes unused since the last call on vectors that are drawn; return how many."""
        dead = int(self.unused.sum())
        self.codes[self.unused] = vectors[torch.randint(len(vectors), (dead,), generator=self.generator)]
        self.counts[self.unused] = 1.0
        self.unused.fill_(True)
        return dead


def use(tokens: Tensor, codes: int) -> tuple[float, float]:
    """Return how a codebook of `codes` codes is used: the share used at all, and the perplexity.

    Perplexity, 1..codes, is the number of codes that, used equally often, would carry as much.
    """
    share = torch.bincount(tokens.flatten(), minlength=codes) / tokens.numel()
    return float((share > 0).float().mean()), float(torch.exp(-torch.xlogy(share, share).sum()))
