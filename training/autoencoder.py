"""Train the starter autoencoder: `python -m training.autoencoder --data DATA --minutes 90`.

A small `diffusers.AutoencoderDC` (Chen et al. 2024, arXiv:2410.10733): 8 x 8 pixels become one latent of 16 numbers.
Every norm in it looks at one place only, so a tile's inside is what the whole picture would have given.

Arithmetic is float32 throughout: in bfloat16 it lost 2 dB (docs/decisions/0001).

Before the first step the network is set to a principal component analysis of 8 x 8 patches (`pca_start`): it starts
at the best linear codec of that size, 29.8 dB on held-out photos.
"""

import argparse
import csv
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers.models import AutoencoderDC
from PIL import Image
from rich.progress import Progress
from torch import Tensor
from torch.nn import functional as F

from training.data.pictures import Crops, Pictures, load_pictures
from training.loop import arguments, state
from training.starts.pca import pca_start

LATENT_CHANNELS = 16
WIDTHS = (12, 48, 96, 192)
"""Channels at full, half, quarter and eighth size. Full size has no layers: its work is done by pixel shuffling."""

LATENT_NOISE = 0.04
"""Standard deviation added to unit-variance latents while training, so that a denoiser's small errors do little."""


def build() -> AutoencoderDC:
    """Return the untrained network, in float32, in evaluation mode for good.

    Batch norm that never gathers statistics is a scale and a shift, and makes no picture depend on its neighbours.
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


def similarity(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean SSIM (Wang et al. 2004, 11 x 11 Gaussian) of N x 3 x H x W pictures in -1..1."""
    axis = torch.arange(11, dtype=a.dtype) - 5
    window = torch.exp(-(axis**2) / (2 * 1.5**2))
    window = window / window.sum()
    kernel = (window[:, None] * window[None]).expand(3, 1, 11, 11)
    blur = lambda x: F.conv2d(x, kernel, groups=3)  # noqa: E731  one line, used six times below
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, cov = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    return ((2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean()


def loss_of(vae: AutoencoderDC, crops: Tensor) -> Tensor:
    """Return the training loss: log error of each crop, structure, and latents held near unit variance."""
    latents = vae.encode(crops).latent
    noisy = latents + LATENT_NOISE * torch.rand(len(crops), 1, 1, 1) * torch.randn_like(latents)
    made = vae.decode(noisy).sample
    error = (made - crops).square().mean((1, 2, 3))
    spread = latents.square().mean((0, 2, 3))
    return torch.log(error + 3e-4).mean() + 2.0 * (1 - similarity(made, crops)) + 0.02 * (spread - 1).square().mean()


@torch.no_grad()
def judge(vae: AutoencoderDC, photos: list[np.ndarray]) -> tuple[float, float]:
    """Return median PSNR (dB) and mean SSIM of whole held-out photos, cut to multiples of 8."""
    psnr, ssim = [], []
    for photo in photos:
        given = _canvas(photo)
        made = vae.decode(vae.encode(given).latent).sample.clamp(-1, 1)
        psnr.append(10 * math.log10(4 / float((made - given).square().mean())))
        ssim.append(float(similarity(made, given)))
    return float(np.median(psnr)), float(np.mean(ssim))


def _canvas(photo: np.ndarray) -> Tensor:
    height, width = photo.shape[0] // 8 * 8, photo.shape[1] // 8 * 8
    return torch.from_numpy(photo[:height, :width].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


def sample_sheet(vae: AutoencoderDC, photos: list[np.ndarray], path: Path) -> None:
    """Save given above made, for the first photos, as a PNG."""
    with torch.no_grad():
        pairs = [(_canvas(photo)[..., :256, :256], photo) for photo in photos]
        columns = [torch.cat([given, vae.decode(vae.encode(given).latent).sample], 2)[0] for given, _ in pairs]
    sheet = torch.cat(columns, 2).clamp(-1, 1).add(1).mul(127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(sheet).save(path)


class Run:
    """One training run in a folder: weights, their running average, optimiser state, log.csv, samples."""

    def __init__(self, folder: Path, data: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.pictures: Pictures = load_pictures(data)
        self.crops = Crops(self.pictures, args.crop, args.seed)
        self.vae = build()
        self.step, self.seconds = 0, 0.0
        pca_start(self.vae, torch.from_numpy(self.crops.batch(512)))
        self.average = state.start(self.vae)
        self.optimiser = torch.optim.AdamW(self.vae.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.0)
        if (folder / state.FILE).exists():
            self.average, self.step, self.seconds = state.resume(folder, self.vae, self.optimiser)
            self.crops = Crops(self.pictures, args.crop, args.seed + self.step)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        budget = self.args.minutes * 60
        self._report()
        with Progress() as progress:
            bar = progress.add_task("autoencoder", total=budget, completed=self.seconds)
            saved = time.monotonic()
            for loss in self._steps(budget):
                progress.update(bar, completed=self.seconds, description=f"step {self.step} loss {loss:.3f}")
                if time.monotonic() - saved > self.args.every:
                    self._report()
                    saved = time.monotonic()
        self._report()

    def _steps(self, budget: float) -> Iterator[float]:
        while self.seconds < budget:
            began = time.monotonic()
            warm = min(1.0, (self.step + 1) / 200)
            rate = self.args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.seconds / budget)))
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            crops = torch.from_numpy(self.crops.batch(self.args.batch)).to(memory_format=torch.channels_last)
            loss = loss_of(self.vae, crops)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.vae.parameters(), 1.0)
            self.optimiser.step()
            state.follow(self.average, self.vae, min(0.999, (1 + self.step) / (10 + self.step)))
            self.step += 1
            self.seconds += time.monotonic() - began
            yield float(loss.detach())

    def _averaged(self) -> AutoencoderDC:
        vae = build()
        vae.load_state_dict(self.average, strict=False)  # all but batch norm's constants
        return vae.eval()

    def _report(self) -> None:
        vae = self._averaged()
        psnr, ssim = judge(vae, self.pictures.held_out)
        with (self.folder / "log.csv").open("a") as log:
            csv.writer(log).writerow([self.step, f"{self.seconds:.0f}", f"{psnr:.3f}", f"{ssim:.4f}"])
        sample_sheet(vae, self.pictures.held_out[:4], self.folder / "samples.png")
        vae.half().save_pretrained(self.folder / "vae")
        state.save(self.folder, self.vae, self.average, self.optimiser, self.step, self.seconds)


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.of_run(__doc__, "autoencoder", minutes=90, every=180, batch=16, rate=5e-4)
    parser.add_argument("--crop", type=int, default=96, help="side of a training crop in px, a multiple of 8")
    args = parser.parse_args()
    Run(args.out, args.data, args).train()


if __name__ == "__main__":
    main()
