"""The bound of a variational autoencoder, against likelihoods in closed form."""

import math
from pathlib import Path

import pytest
import torch
from torch.distributions import LowRankMultivariateNormal, Normal, kl_divergence
from torch.nn import functional as F

from training.data.pictures import Crops, load_pictures
from training.losses.elbo import bound, fit_sigma
from training.starts.ppca import ppca_start
from worker.networks.vae import PATCH, PatchVAE, PictureVAE


@pytest.fixture(scope="module")
def crops(data: Path) -> torch.Tensor:
    """Return soft pictures with some noise, N x 3 x 64 x 64 in -1..1, so that no eigenvalue is nothing."""
    torch.manual_seed(0)
    drawn = torch.from_numpy(Crops(load_pictures(data), 64, seed=0).batch(96))
    return drawn + 0.1 * torch.randn_like(drawn)


@pytest.fixture(scope="module")
def linear(crops: torch.Tensor) -> PatchVAE:
    """Return a network at its start."""
    vae = PatchVAE(codes=8, widths=(8, 8, 8))
    ppca_start(vae, crops)
    return vae


@torch.no_grad()
def test_the_bound_at_the_start_is_the_likelihood_of_a_probabilistic_pca(linear: PatchVAE, crops: torch.Tensor) -> None:
    patches = F.pixel_unshuffle(crops, PATCH).movedim(1, -1).reshape(-1, 3 * PATCH**2)
    variance = linear.log_sigma.mul(2).exp().mean().expand(3 * PATCH**2)
    model = LowRankMultivariateNormal(linear.spread.bias, linear.spread.weight[..., 0, 0], variance)
    likelihood = float(model.log_prob(patches).mean()) / (3 * PATCH**2)
    torch.manual_seed(0)
    assert float(bound(linear, crops).elbo) == pytest.approx(likelihood, abs=3e-3)


@torch.no_grad()
def test_no_other_linear_network_has_a_higher_bound(linear: PatchVAE, crops: torch.Tensor) -> None:
    torch.manual_seed(0)
    best = float(bound(linear, crops).elbo)
    for layer in (linear.spread, linear.project):
        kept = layer.weight.clone()
        layer.weight.mul_(1 + 0.1 * torch.randn_like(kept))
        assert float(bound(linear, crops).elbo) < best
        layer.weight.copy_(kept)


@torch.no_grad()
def test_both_terms_are_those_of_normal_distributions() -> None:
    torch.manual_seed(0)
    vae = PictureVAE(channels=2, side=8, fold=1, widths=(8,), codes=3, labels={"shirt": 0.5, "hat": 0.5})
    vae.log_sigma.fill_(math.log(0.5))
    data, labels = torch.randn(4, 2, 8, 8), torch.tensor([0, 1, 1, 0])
    posterior = vae.encode(data, labels)
    torch.manual_seed(1)
    found = bound(vae, data, labels)
    torch.manual_seed(1)
    made = vae.decode(posterior.sample(), labels)
    divergence = kl_divergence(Normal(posterior.mean, posterior.std), Normal(0.0, 1.0)).sum() / data.numel()
    assert float(found.reconstruction) == pytest.approx(float(Normal(made, 0.5).log_prob(data).mean()), rel=1e-5)
    assert float(found.kl) == pytest.approx(float(divergence), rel=1e-4)
    assert float(found.elbo) == pytest.approx(float(found.reconstruction - found.kl))


@torch.no_grad()
def test_the_fitted_deviation_is_the_likeliest(linear: PatchVAE, crops: torch.Tensor) -> None:
    vae = PatchVAE(codes=8, widths=(8, 8, 8))
    vae.load_state_dict(linear.state_dict())
    torch.manual_seed(0)
    error = bound(vae, crops).error

    def density(shift: float) -> float:
        fit_sigma(vae, error * math.exp(2 * shift), 1.0)
        torch.manual_seed(0)
        return float(bound(vae, crops).reconstruction)

    assert density(0.0) > max(density(-0.2), density(0.2))
