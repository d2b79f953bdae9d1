"""A codebook's start, how it learns, and the figures of its use."""

import math

import pytest
import torch

from training.starts.codebook import Upkeep, k_means, use


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_k_means_finds_clusters() -> None:
    middles = torch.tensor([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    vectors = middles.repeat(200, 1) + 0.1 * torch.randn(800, 2, generator=seeded())
    centres = k_means(vectors, 4, torch.Generator().manual_seed(4))
    assert torch.cdist(middles, centres).amin(1).max() < 0.05
    with pytest.raises(ValueError, match="3 vectors for 4 centres"):
        k_means(vectors[:3], 4, seeded())


def test_k_means_leaves_no_centre_empty_and_is_seeded() -> None:
    vectors = torch.cat([torch.zeros(990, 3), torch.randn(60, 3, generator=seeded())])
    first, again = (k_means(vectors, 32, seeded()) for _ in range(2))
    assert torch.equal(first, again) and torch.isfinite(first).all()


def test_codes_move_to_the_mean_of_their_vectors() -> None:
    codes = torch.tensor([[0.0, 0], [5, 5]])
    upkeep = Upkeep(codes, seeded())
    vectors = torch.tensor([[1.0, 2], [3, 4]]).repeat(300, 1)
    for _ in range(30):
        upkeep.follow(vectors, torch.zeros(600, dtype=torch.long))
    assert torch.allclose(codes[0], torch.tensor([2.0, 3]), atol=0.01)
    assert torch.allclose(codes[1], torch.tensor([5.0, 5])), "unused codes stay"


def test_a_code_without_use_is_put_on_a_vector() -> None:
    codes = torch.tensor([[0.0, 0], [5, 5], [9, 9]])
    upkeep, vectors = Upkeep(codes, seeded()), torch.tensor([[1.0, 1], [2, 2]])
    upkeep.follow(vectors, torch.tensor([0, 2]))
    kept = codes.clone()
    assert upkeep.restart(vectors) == 1
    assert torch.allclose(codes[[0, 2]], kept[[0, 2]]) and codes[1].tolist() in vectors.tolist()
    assert upkeep.restart(vectors) == 3, "counted from zero since the last call"


def test_use_is_the_share_and_the_perplexity() -> None:
    assert use(torch.arange(8), 8) == pytest.approx((1, 8), rel=1e-5)
    assert use(torch.zeros(5, dtype=torch.long), 8) == pytest.approx((1 / 8, 1), rel=1e-5)
    share, perplexity = use(torch.tensor([[0, 0, 0, 1]]), 4)
    assert share == 0.5 and perplexity == pytest.approx(math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25))))
