"""The linear estimate, against maps that are known and against plain linear algebra."""

import torch
from torch.nn import functional as F

from training.starts.ridge import fit
from worker.networks.feature_inversion import Entry

SPREAD = torch.linspace(0.2, 3, 6)[:, None, None]


def features(count: int) -> torch.Tensor:
    return torch.randn(count, 6, 5, 5, generator=torch.Generator().manual_seed(1)) * SPREAD + 2


def test_a_linear_map_of_a_neighbourhood_is_found() -> None:
    """Features at stride 16, wanted at stride 8: four outputs of three channels lie under each place."""
    given, random = features(200), torch.Generator().manual_seed(2)
    kernel = torch.randn(12, 6, 3, 3, generator=random)
    wanted = F.pixel_shuffle(F.conv2d(F.pad(given - 2, [1] * 4), kernel) + 7, 2)
    entry = Entry(6, 16, 8, rank=12, straight=3, more=2)
    fit(entry, given, [(given[:100], wanted[:100]), (given[100:], wanted[100:])])
    with torch.no_grad():
        found = entry(given)[0]
    assert (found - wanted).square().mean() < 1e-3 * wanted.var()


def test_fewer_outputs_than_are_wanted_keep_what_matters_most() -> None:
    """Of places that do not see each other the best map of a rank is known: the leading singular vectors."""
    given, random = features(8000)[..., :1, :1], torch.Generator().manual_seed(3)
    wanted = F.conv2d(given, torch.randn(8, 6, 1, 1, generator=random)) + torch.randn(8000, 8, 1, 1, generator=random)
    entry = Entry(6, 8, 8, rank=2, straight=8, more=2)
    fit(entry, given, [(given, wanted)])
    with torch.no_grad():
        left = (entry(given)[0] - wanted).square().mean()
    x, y = (one.flatten(1) - one.flatten(1).mean(0) for one in (given, wanted))
    full = x @ torch.linalg.lstsq(x, y).solution
    basis = torch.linalg.svd(full).Vh[:2]
    best = (full @ basis.T @ basis - y).square().mean()
    assert best <= left < 1.02 * best


def test_features_finer_than_what_is_wanted_are_read_in_blocks() -> None:
    given = torch.randn(1000, 3, 8, 8, generator=torch.Generator().manual_seed(4))
    wanted = F.avg_pool2d(given, 2)
    entry = Entry(3, 4, 8, rank=6, straight=3, more=2)
    fit(entry, given, [(given, wanted)])
    with torch.no_grad():
        straight, more = entry(given)
    assert (straight - wanted).square().mean() < 1e-3 and more.shape == (1000, 2, 4, 4)
