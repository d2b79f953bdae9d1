"""Train the starter autoencoder: `python -m training.autoencoder --data DATA --minutes 90`.

A small `diffusers.AutoencoderDC` (Chen et al. 2024, arXiv:2410.10733): 8 x 8 pixels become one latent of 16 numbers.
Every norm is computed per position, so the inside of a tile is what the whole image would have given.

Arithmetic is float32 throughout: in bfloat16 it lost 2 dB (docs/decisions/0001).

Before the first step the network is set to a principal component analysis of 8 x 8 patches (`pca_start`): it starts
at the best linear codec of that size, 29.8 dB on held-out photos.
"""

import argparse
from functools import partial
from pathlib import Path

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor

from training.data.pictures import Crops, Pictures, Pixels, load_pictures
from training.loop import arguments, reconstruction
from training.loop.schedule import half_cosine
from training.loop.trainer import Trainer
from training.losses.reconstruction import reconstruction_loss
from training.starts.pca import pca_start

LATENT_CHANNELS = 16
WIDTHS = (12, 48, 96, 192)
"""Channels at full, half, quarter and eighth size. Full size has no layers: its work is done by pixel shuffling."""

LATENT_NOISE = 0.04
"""Standard deviation added to unit-variance latents while training, so that a denoiser's small errors do little."""


def build() -> AutoencoderDC:
    """Return the untrained network, in float32, in evaluation mode for good.

    Batch norm that never gathers statistics is a scale and a shift, and makes no image depend on its neighbours.
    RMS norms did as well in a short comparison (docs/decisions/0001).
    """
    return AutoencoderDC(
        latent_channels=LATENT_CHANNELS,
        encoder_block_out_channels=WIDTHS,
        decoder_block_out_channels=WIDTHS,
        encoder_layers_per_block=(0, 1, 1, 1),
        decoder_layers_per_block=(0, 2, 2, 3),
        encoder_qkv_multiscales=((), (), (), ()),
        decoder_qkv_multiscales=((), (), (), ()),
        decoder_conv_act_fn="silu",
        decoder_norm_types="batch_norm",
        scaling_factor=1.0,
    ).eval()


def loss_of(vae: AutoencoderDC, crops: Tensor) -> Tensor:
    """Return the training loss: log error of each crop, structure, and latents held near unit variance."""
    latents = vae.encode(crops).latent
    noisy = latents + LATENT_NOISE * torch.rand(len(crops), 1, 1, 1) * torch.randn_like(latents)
    made = vae.decode(noisy).sample
    spread = latents.square().mean((0, 2, 3))
    return reconstruction_loss(made, crops) + 0.02 * (spread - 1).square().mean()


def judge(vae: AutoencoderDC, photos: list[Pixels]) -> tuple[float, float]:
    """Return median PSNR (dB) and mean SSIM of whole held-out photos, cut to multiples of 8."""
    return reconstruction.judge(photos, partial(reconstructed, vae))


def reconstructed(vae: AutoencoderDC, given: Tensor) -> Tensor:
    """Return N x 3 x H x W in -1..1, encoded and decoded."""
    made: Tensor = vae.decode(vae.encode(given).latent).sample
    return made.clamp(-1, 1)


class Run:
    """One training run in a folder: weights, their running average, optimiser state, log.csv, samples."""

    def __init__(self, folder: Path, data: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        self.pictures: Pictures = load_pictures(data)
        self.crops = Crops(self.pictures, args.crop, args.seed)
        self.vae = build()
        pca_start(self.vae, torch.from_numpy(self.crops.batch(512)))
        optimiser = torch.optim.AdamW(self.vae.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.trainer = Trainer(folder, args, self.vae, optimiser, half_cosine(args.rate, 200, 0.02), keep=0.999)
        if self.trainer.resumed:
            self.crops = Crops(self.pictures, args.crop, args.seed + self.trainer.step)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self._report()
        self.trainer.run("autoencoder", self._step, self._report)

    def _step(self) -> float:
        crops = torch.from_numpy(self.crops.batch(self.args.batch)).to(memory_format=torch.channels_last)
        return self.trainer.descend(loss_of(self.vae, crops))

    def _averaged(self) -> AutoencoderDC:
        vae = build()
        vae.load_state_dict(self.trainer.average, strict=False)  # all but batch norm's constants
        return vae

    def _report(self) -> None:
        """Save everything; log the median psnr and mean ssim of held-out photos."""
        vae = self._averaged()
        psnr, ssim = judge(vae, self.pictures.held_out)
        self.trainer.log([f"{psnr:.3f}", f"{ssim:.4f}"])
        reconstruction.save_sheet(self.folder / "samples.png", self.pictures.held_out, partial(reconstructed, vae))
        vae.half().save_pretrained(self.folder / "vae")
        self.trainer.save()


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "autoencoder", minutes=90, every=180, batch=16, rate=5e-4)
    arguments.add_side(parser, "--crop", 96, 8)
    args = parser.parse_args()
    Run(args.out, args.data, args).train()


if __name__ == "__main__":
    main()
