"""Set an untrained autoencoder to a principal component analysis (PCA) of 8 x 8 patches: a good codec at step zero.

AutoencoderDC moves pixels into channels and back by shuffling, so the best linear codec of its size can be written into
its weights: exactly in the encoder, and within the norm before the decoder's last convolution in the decoder.
"""

import math

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor
from torch.nn import functional as F


@torch.no_grad()
def pca_start(vae: AutoencoderDC, crops: Tensor) -> None:
    """Set `vae` so that it computes the PCA of 8 x 8 x 3 patches of `crops` (N x 3 x H x W, -1..1), in place.

    The encoder passes all 192 numbers of a patch up to its last convolution, which projects them; the decoder's first
    convolution spreads them again. Residual blocks start silent. What each linear stage lacks because of the fixed
    shortcuts is solved for by least squares on the crops themselves.
    """
    for name, parameter in vae.named_parameters():
        if name.endswith("norm.weight") or name.endswith("norm.bias"):
            parameter.zero_()
    _open_encoder(vae)
    channels = vae.config.latent_channels
    target, basis, mean = _principal_components(crops, channels)
    hidden = _before(vae.encoder, crops)
    averaged = hidden.unflatten(1, (channels, -1)).mean(2)
    _solve_pointwise(vae.encoder.conv_out, hidden, target - averaged)
    _open_decoder(vae, basis, mean)


def _principal_components(crops: Tensor, channels: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return (latents of unit variance, basis 192 x channels that undoes them, mean patch of 192)."""
    patches = F.pixel_unshuffle(crops, 8)
    flat = patches.movedim(1, -1).reshape(-1, 192)
    mean = flat.mean(0)
    _, singular, rows = torch.linalg.svd(flat - mean, full_matrices=False)
    spread = singular[:channels] / math.sqrt(len(flat))
    basis = rows[:channels].T * spread
    latents = (patches - mean.view(1, -1, 1, 1)).movedim(1, -1) @ (rows[:channels].T / spread)
    return latents.movedim(-1, 1), basis, mean


def _open_encoder(vae: AutoencoderDC) -> None:
    """Let every down-sampling convolution copy what it was given; the rest of its channels keep a weak random start."""
    downs = [vae.encoder.conv_in, *(block[-1] for block in list(vae.encoder.down_blocks)[1:-1])]
    meaningful = 3
    for down in downs:
        down.conv.weight.mul_(0.3)
        down.conv.weight[:meaningful].zero_()
        down.conv.bias.zero_()
        for channel in range(meaningful):
            down.conv.weight[channel, channel, 1, 1] = 1.0
        meaningful *= 4


def _before(encoder: torch.nn.Module, crops: Tensor) -> Tensor:
    hidden = encoder.conv_in(crops)
    for block in encoder.down_blocks:
        hidden = block(hidden)
    return hidden


def _solve_pointwise(conv: torch.nn.Conv2d, given: Tensor, wanted: Tensor) -> None:
    """Set the middle tap of `conv` to the ridge regression from `given` to `wanted`, its other taps near nothing."""
    x = given.movedim(1, -1).reshape(-1, given.shape[1])
    x = torch.cat([x, torch.ones(len(x), 1)], 1).double()
    y = wanted.movedim(1, -1).reshape(len(x), -1).double()
    ridge = 1e-6 * len(x) * torch.eye(x.shape[1], dtype=torch.double)
    solution = torch.linalg.solve(x.T @ x + ridge, x.T @ y).float()
    conv.weight.mul_(0.01)
    conv.weight[:, :, 1, 1] = solution[:-1].T
    if conv.bias is not None:
        conv.bias.copy_(solution[-1])


CARRIER = 6.0
"""Size of the constant channels that keep the decoder's last norm nearly linear at the start."""


def _open_decoder(vae: AutoencoderDC, basis: Tensor, mean: Tensor) -> None:
    decoder = vae.decoder
    ups = [block[0] for block in reversed(list(decoder.up_blocks)[1:-1])]
    # Patch numbers in the order in which three pixel shuffles place them: 8 x 8 is 2 x 2 of 2 x 2 of 2 x 2.
    order = torch.arange(192).view(3, 2, 2, 2, 2, 2, 2).permute(0, 3, 6, 2, 5, 1, 4).reshape(192)
    spread, offset = basis[order], mean[order]
    decoder.conv_in.weight.mul_(0.01)
    decoder.conv_in.weight[:, :, 1, 1] = spread - _repeat_matrix(192, basis.shape[1])
    decoder.conv_in.bias.copy_(offset)
    first, second = ups
    _shuffle_copy(first, meaningful=48)
    _shuffle_copy(second, meaningful=12)
    _mirror_and_carry(second, decoder)


def _repeat_matrix(rows: int, columns: int) -> Tensor:
    """Return the matrix of `repeat_interleave`: rows x columns, 0 or 1."""
    return torch.eye(columns).repeat_interleave(rows // columns, dim=0)


def _shuffle_copy(up: torch.nn.Module, meaningful: int) -> None:
    """Make an up-sampling stage put its first 4 x meaningful channels side by side, its fixed shortcut undone."""
    conv = up.conv
    conv.weight.mul_(0.05)
    conv.bias.zero_()
    wanted = conv.weight[:, :, 1, 1].clone()
    wanted[: 4 * meaningful] = torch.eye(conv.in_channels)[: 4 * meaningful]
    conv.weight[: 4 * meaningful].zero_()
    conv.weight[:, :, 1, 1] = wanted - _repeat_matrix(conv.out_channels, conv.in_channels)


def _mirror_and_carry(up: torch.nn.Module, decoder: torch.nn.Module) -> None:
    """Give the last stage every value as x and -x, since silu(x) - silu(-x) = x, and constants that fix its norm."""
    conv = up.conv
    values, mirrored, carried = slice(0, 48), slice(48, 96), slice(96, 4 * decoder.norm_out.weight.numel())
    repeats = _repeat_matrix(conv.out_channels, conv.in_channels)
    conv.weight[mirrored] = -conv.weight[values]
    conv.weight[mirrored, :, 1, 1] = -(conv.weight[values, :, 1, 1] + repeats[values]) - repeats[mirrored]
    conv.bias[carried] = CARRIER
    width = decoder.norm_out.weight.numel()
    shrink = CARRIER * math.sqrt((width - 24) / width)
    decoder.norm_out.weight.fill_(1.0)
    decoder.norm_out.bias.zero_()
    last = decoder.conv_out.conv
    last.weight.mul_(0.01)
    last.bias.zero_()
    for out in range(12):
        last.weight[out, out, 1, 1] = shrink
        last.weight[out, 12 + out, 1, 1] = -shrink
