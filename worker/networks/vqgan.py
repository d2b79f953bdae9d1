"""VQGAN's network (Esser et al. 2021, arXiv:2012.09841): an image as a grid of tokens, each one code of a codebook.

Encoder and decoder are those of diffusers' AutoencoderDC (Chen et al. 2024, arXiv:2410.10733), whose norms look at one
place only: a tile's inside is what the whole image would have given.
"""

from pathlib import Path

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import AutoencoderDC, ModelMixin
from torch import Tensor, nn

from worker.components import Components
from worker.networks.weights import load_float32, to_channels_last, to_device

FACTOR = 8
"""Px under one token's side."""
ACROSS = 16
SIDE = ACROSS * FACTOR
"""Tokens and px across an image that the transformer draws."""
LATENTS = 16
WIDTHS = (12, 48, 96, 192)
"""Channels at full, half, quarter and eighth size."""


class VQGAN(ModelMixin, ConfigMixin):
    """Pixels to tokens and back.

    A token is the number of the code nearest to the encoder's output at its place (Euclidean), 0..codes-1.
    """

    @register_to_config
    def __init__(
        self,
        codes: int = 1024,
        code_width: int = 16,
        encoder_layers: tuple[int, ...] = (0, 1, 1, 1),
        decoder_layers: tuple[int, ...] = (0, 2, 2, 2),
    ) -> None:
        super().__init__()
        self.autoencoder = AutoencoderDC(
            latent_channels=LATENTS,
            encoder_block_out_channels=WIDTHS,
            decoder_block_out_channels=WIDTHS,
            encoder_layers_per_block=encoder_layers,
            decoder_layers_per_block=decoder_layers,
            encoder_qkv_multiscales=((), (), (), ()),
            decoder_qkv_multiscales=((), (), (), ()),
            decoder_conv_act_fn="silu",
            decoder_norm_types="batch_norm",
            scaling_factor=1.0,
        )
        self.quant_conv = nn.Conv2d(LATENTS, code_width, 1)
        self.codebook = nn.Embedding(codes, code_width)
        self.post_quant_conv = nn.Conv2d(code_width, LATENTS, 1)

    def encode(self, pixels: Tensor) -> Tensor:
        """Return the encoder's output, N x code_width x H/8 x W/8, of N x 3 x H x W in -1..1."""
        latents: Tensor = self.autoencoder.encode(pixels).latent
        made: Tensor = self.quant_conv(latents)
        return made

    def tokens(self, encoded: Tensor) -> Tensor:
        """Return the numbers of the nearest codes, N x h x w, of N x code_width x h x w."""
        flat = encoded.movedim(1, -1).flatten(0, -2).float()
        codes = self.codebook.weight.float()
        nearest = torch.addmm(codes.square().sum(1), flat, codes.T, alpha=-2).argmin(1)
        return nearest.view(len(encoded), *encoded.shape[2:])

    def codes(self, tokens: Tensor) -> Tensor:
        """Return the codes of tokens, N x code_width x h x w."""
        made: Tensor = self.codebook(tokens)
        return made.movedim(-1, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Return pixels about -1..1, N x 3 x 8h x 8w, of codes."""
        made: Tensor = self.autoencoder.decode(self.post_quant_conv(codes)).sample
        return made

    def pixels(self, tokens: Tensor) -> Tensor:
        """Return the images of tokens, N x 3 x 8h x 8w in -1..1."""
        return self.decode(self.codes(tokens)).clamp(-1, 1)


def vqgan(components: Components, weights: str) -> VQGAN:
    """Load the network in float32, shared. Raises OSError when it is not there or not in safetensors."""
    folder = components.folder(weights)
    return components.get((weights, "vqgan"), lambda: to_device(loaded(folder), components.device))


def loaded(folder: Path) -> VQGAN:
    """Load the network in float32, on the CPU. Raises OSError when it is not there or not in safetensors."""
    return to_channels_last(load_float32(VQGAN, folder), "cpu")
