"""Edges read off latents: by their place and length, not by which side is the brighter one."""

import pytest
import torch

from training.autoencoder import build
from training.losses.edges import SIDE, Edges, edge_error
from training.starts.pca import pca_start
from worker.networks.starter import LATENTS


@pytest.fixture(scope="module")
def edges() -> Edges:
    torch.manual_seed(0)
    vae = build()
    soft = torch.nn.functional.interpolate(torch.rand(64, 3, 9, 9) * 2 - 1, size=(64, 64), mode="bicubic").clamp(-1, 1)
    pca_start(vae, soft)
    with torch.no_grad():
        latents = vae.encode(soft).latent
        fitted = Edges(vae, latents[:48])
        shown = vae.decode(latents[48:]).sample
    fitted.held_out = latents[48:], shown
    return fitted


def test_the_linear_decoder_is_near_to_the_decoder(edges: Edges) -> None:
    latents, shown = edges.held_out
    luma = (shown * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    assert edges.luma(latents).shape == luma.shape
    assert float((edges.luma(latents) - luma)[..., 8:-8, 8:-8].square().mean()) < 0.02 * float(luma.var())


def test_lengths_are_those_of_known_slopes(edges: Edges) -> None:
    flat = torch.zeros(1, LATENTS, 4, 4)
    assert float(edges.lengths(flat).std()) < 0.05
    assert edges.lengths(flat).shape == (1, 1, 4 * SIDE - 4, 4 * SIDE - 4)


def test_the_error_knows_no_sign_and_is_0_for_the_same() -> None:
    target = torch.rand(2, 1, 6, 6)
    assert edge_error(target, target).tolist() == [0, 0]
    assert edge_error(torch.zeros_like(target), target).mean() == pytest.approx(1)
