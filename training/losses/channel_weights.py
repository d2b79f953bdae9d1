"""How much an error in each latent channel of the starter's autoencoder shows in the image."""

import torch
from diffusers.models.autoencoders.autoencoder_dc import AutoencoderDC
from torch import Tensor

from worker.networks.starter import LATENTS


@torch.no_grad()
def channel_weights(vae: AutoencoderDC) -> Tensor:
    """Return 1 x 16 x 1 x 1 of mean 1: how much an error in each latent channel shows in the image.

    The root of the pixels' mean square change when the channel is moved by 0.3, so that no channel is forgotten.
    """
    flat = torch.zeros(1, LATENTS, 8, 8)
    still = vae.decode(flat).sample
    shown = []
    for channel in range(LATENTS):
        moved = flat.clone()
        moved[:, channel] = 0.3 * torch.randn(8, 8)
        shown.append((vae.decode(moved).sample - still).square().mean().sqrt())
    weights = torch.stack(shown).view(1, LATENTS, 1, 1)
    return weights / weights.mean()
