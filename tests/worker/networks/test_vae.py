"""The networks of the variational autoencoders: shapes, what a code sees, what a label does."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from worker.networks.vae import PATCH, PatchVAE, PictureVAE

LABELS = {"shirt": 0.75, "hat": 0.25}


@pytest.fixture(scope="module")
def patches() -> PatchVAE:
    """Return a network whose convolutions do add something."""
    torch.manual_seed(0)
    vae = PatchVAE(codes=4, widths=(8, 8, 8))
    for layer in vae.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=0.1)
    return vae.eval()


@torch.no_grad()
def test_untrained_it_is_linear() -> None:
    torch.manual_seed(0)
    vae, pixels = PatchVAE(codes=4, widths=(8, 8, 8)), torch.randn(1, 3, 32, 48)
    posterior = vae.encode(pixels)
    assert posterior.mean.shape == (1, 4, 2, 3) and torch.equal(posterior.logvar, torch.zeros(1, 4, 2, 3))
    assert torch.equal(posterior.mean, vae.project(F.pixel_unshuffle(pixels, PATCH)))
    assert torch.equal(vae.decode(posterior.mean), F.pixel_shuffle(vae.spread(posterior.mean), PATCH))


@torch.no_grad()
def test_a_part_does_not_depend_on_what_is_far_from_it(patches: PatchVAE) -> None:
    torch.manual_seed(1)
    pixels = torch.randn(1, 3, 64, 640)
    whole, left = (patches.decode(patches.encode(one).mean) for one in (pixels, pixels[..., :384]))
    assert whole.shape == pixels.shape
    assert torch.allclose(whole[..., :208], left[..., :208], atol=1e-5), "further than 160 px from the cut"
    assert not torch.allclose(whole[..., 368:384], left[..., 368:384], atol=1e-5)


@pytest.mark.parametrize(("side", "fold", "widths"), [(8, 1, (8,)), (64, 2, (8, 12, 16)), (16, 1, (8, 8))])
@torch.no_grad()
def test_a_picture_has_one_code(side: int, fold: int, widths: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    vae = PictureVAE(channels=3, side=side, fold=fold, widths=widths, codes=5, labels=LABELS)
    posterior = vae.encode(torch.randn(2, 3, side, side), torch.tensor([0, 1]))
    assert posterior.mean.shape == (2, 5, 1, 1)
    assert vae.decode(posterior.mean, torch.tensor([0, 1])).shape == (2, 3, side, side)


@torch.no_grad()
def test_the_label_is_heard_in_both_directions() -> None:
    torch.manual_seed(0)
    vae = PictureVAE(channels=3, side=8, fold=1, widths=(8,), codes=5, labels=LABELS)
    grid = torch.randn(1, 3, 8, 8).expand(2, -1, -1, -1)
    codes = vae.encode(grid, torch.tensor([0, 1])).mean
    assert not torch.allclose(codes[0], codes[1])
    made = vae.decode(codes[:1].expand(2, -1, -1, -1), torch.tensor([0, 1]))
    assert not torch.allclose(made[0], made[1])
