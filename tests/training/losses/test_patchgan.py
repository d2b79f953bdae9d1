"""The discriminator: what a judgement sees, its loss, and the adaptive weight."""

import pytest
import torch

from training.losses.patchgan import MOST, PatchGAN, adaptive_weight, hinge


def test_a_judgement_sees_a_patch_and_nothing_else() -> None:
    torch.manual_seed(0)
    network, picture = PatchGAN(4).eval(), torch.rand(1, 3, 96, 96, requires_grad=True)
    logits = network(picture)
    assert logits.shape == (1, 1, 12, 12)
    (seen,) = torch.autograd.grad(logits[0, 0, 6, 6], picture)
    rows = torch.nonzero(seen.abs().amax((0, 1, 3)))
    assert 30 <= int(rows[-1] - rows[0]) + 1 <= 38


def test_it_learns_to_tell_sharp_from_flat() -> None:
    torch.manual_seed(0)
    network = PatchGAN(8)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    sharp, flat = torch.rand(4, 3, 32, 32) * 2 - 1, torch.zeros(4, 3, 32, 32)
    before = hinge(network(sharp), network(flat)).detach()
    for _ in range(30):
        optimiser.zero_grad()
        hinge(network(sharp), network(flat)).backward()
        optimiser.step()
    assert hinge(network(sharp), network(flat)).detach() < 0.5 * before
    assert network(sharp).mean() > network(flat).mean()


def test_hinge_is_nothing_when_all_is_told_apart() -> None:
    assert hinge(torch.tensor([1.0, 3]), torch.tensor([-1.0, -2])) == 0
    assert hinge(torch.tensor([0.0]), torch.tensor([0.0])) == 1


def test_both_losses_pull_equally_hard() -> None:
    last = torch.tensor([1.0, 2.0], requires_grad=True)
    weight = adaptive_weight((6 * last).sum(), (2 * last).sum(), last)
    assert float(weight) == pytest.approx(3, rel=1e-3) and not weight.requires_grad
    assert float(adaptive_weight((1e3 * last).sum(), (0 * last).sum(), last)) == MOST
