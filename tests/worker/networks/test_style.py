"""Statistics of features and of colours, and the network without its norms."""

import pytest
import torch

from worker.config import WEIGHTS
from worker.networks import style
from worker.networks.features import LAYERS, load

RANDOM = torch.Generator().manual_seed(0)
ONE, OTHER = torch.rand(2, 6, 20, 24, generator=RANDOM), 3 * torch.rand(2, 6, 9, 31, generator=RANDOM) - 1


def test_features_take_over_the_statistics_of_a_style() -> None:
    moved = style.statistics(style.adain(ONE, style.statistics(OTHER)))
    for got, wanted in zip(moved, style.statistics(OTHER), strict=True):
        assert torch.allclose(got, wanted, atol=1e-3)
    assert torch.allclose(style.adain(ONE, style.statistics(ONE)), ONE, atol=1e-4), "in their own style they stay"


def test_pixels_take_over_the_colours_of_a_style() -> None:
    given, other = ONE[:, :3], OTHER[:, :3] / 4
    mean, root = style.colours(style.recoloured(given, style.colours(other)))
    wanted_mean, wanted_root = style.colours(other)
    assert torch.allclose(mean, wanted_mean, atol=1e-4)
    assert torch.allclose(root @ root.mT, wanted_root @ wanted_root.mT, atol=5e-3)
    assert torch.allclose(style.recoloured(given, style.colours(given)), given, atol=1e-4)


def test_a_plain_picture_is_not_made_noisy() -> None:
    noise = 0.5 + 0.004 * torch.randn(1, 3, 32, 32, generator=RANDOM)
    assert style.recoloured(noise, style.colours(ONE[:1, :3])).std((2, 3)).max() < 0.06


def test_a_gram_matrix_knows_what_lies_together_and_not_where() -> None:
    shuffled = ONE.flatten(2)[..., torch.randperm(480, generator=RANDOM)].unflatten(2, (20, 24))
    assert torch.allclose(style.gram(shuffled), style.gram(ONE), atol=1e-5)
    by_hand = sum(ONE[0, :, row, column].outer(ONE[0, :, row, column]) for row in range(20) for column in range(24))
    assert torch.allclose(style.gram(ONE)[0], by_hand / 480, atol=1e-4)


def test_errors_are_nothing_for_the_same_and_known_for_nothing() -> None:
    grams = {"a": style.gram(ONE), "b": style.gram(OTHER)}
    assert style.style_error(grams, grams) == 0
    nothing = {name: torch.zeros_like(one) for name, one in grams.items()}
    assert style.style_error(nothing, grams) == pytest.approx(1)
    assert style.content_error({"a": ONE}, {"a": ONE}) == 0
    assert style.content_error({"a": ONE.mean().expand_as(ONE)}, {"a": ONE}) == pytest.approx(1, abs=1e-2)


def test_folding_norms_changes_no_feature() -> None:
    plain, fast = load(WEIGHTS / "mobilenet-v2"), style.folded(load(WEIGHTS / "mobilenet-v2"))
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fast.modules())
    picture = torch.rand(1, 3, 64, 96, generator=RANDOM)
    for name, found in fast(picture, LAYERS).items():
        assert torch.allclose(found, plain(picture, LAYERS)[name], atol=2e-3), name


def test_places_have_the_sizes_that_the_decoder_takes() -> None:
    network = load(WEIGHTS / "mobilenet-v2")
    found = style.tapped(network, torch.rand(1, 3, 64, 96, generator=RANDOM), style.MOBILENET_STYLE)
    assert [one.shape[2:] for one in found.values()] == [(32, 48), (32, 48), (16, 24), (8, 12), (4, 6)]
    assert (found[style.FINE].shape[1], found[style.DEEP].shape[1]) == (style.FINE_WIDTH, style.DEEP_WIDTH)
    assert not any(module._forward_hooks for module in network.modules()), "no hook is left behind"
    base = torch.rand(1, 3, 64, 96, generator=RANDOM)
    assert style.StyleDecoder((8, 8, 4, 4))(base, found[style.DEEP], found[style.FINE]).shape == base.shape
