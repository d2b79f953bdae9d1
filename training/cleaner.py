"""Train the starter's cleaner: `python -m training.cleaner --data DATA --minutes 9`.

It takes low noise off latents, at the times below LOW, and is the base that the denoiser starts from there
(`worker/networks/starter.py`). The error is divided by the noise's variance, as in the prediction of noise (Ho et al.
2020, arXiv:2006.11239), and each channel counts as much as it shows in the picture.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers.models import AutoencoderDC
from torch import Tensor

from likeness.imaging.metrics.ssim import ssim
from training.data.pairs import Pairs, TrainingTask
from training.data.pictures import load_pictures
from training.data.stream import Stream
from training.loop import arguments
from training.loop.judge import shots
from training.loop.schedule import quarter_cosine
from training.loop.trainer import Trainer
from training.losses.channel_weights import channel_weights
from worker.networks.starter import LOW, TIMES, StarterCleaner, kept

LEAST_NOISE = 0.005
"""Added to the variance of noise by which the error is divided."""
LEAST, REST = 1024, 4
"""Pairs kept from the beginning; steps for each of new ones."""
JUDGED = 299
"""The time at which held-out photos are judged: that of strength 0.3."""


class Run:
    """One run in a folder: the network, its running average, log.csv. Resumed from its state."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(args.vae).float().eval()
        self.network = StarterCleaner().to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=args.rate, betas=(0.9, 0.98), fused=True)
        self.trainer = Trainer(folder, args, self.network, optimiser, quarter_cosine(args.rate, 50, 0.03), keep=0.99)
        self.kept = kept(torch.arange(TIMES)).float()
        self.weights = channel_weights(self.vae)
        self.pictures = load_pictures(args.data)
        pairs = Pairs(self.pictures, args.size, args.seed + self.trainer.step)
        self.stream = Stream(pairs, self.vae, TrainingTask.CLEAN, LEAST, REST)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run("cleaner", self._step, self._report)

    def _step(self) -> float:
        target = torch.stack([pair.target for pair in self.stream.batch(self.args.batch)])
        return self.trainer.descend(self._error(target, torch.randint(LOW, (len(target),))))

    def _error(self, target: Tensor, times: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            made = self.network(self._noised(target, times, torch.randn_like(target)), times)
        left = self.kept[times][:, None, None, None]
        return ((made.float() - target).square() * self.weights / (1 - left + LEAST_NOISE)).mean()

    def _noised(self, target: Tensor, times: Tensor, noise: Tensor) -> Tensor:
        left = self.kept[times][:, None, None, None]
        return left.sqrt() * target + (1 - left).sqrt() * noise

    def _report(self) -> None:
        """Save everything; log the median ssim of held-out photos cleaned in one step, and of them left noisy."""
        self.trainer.save()
        averaged = StarterCleaner()
        averaged.load_state_dict(self.trainer.average)
        figures = self._judged(averaged)
        averaged.half().save_pretrained(self.folder / "cleaner")
        self.trainer.log(f"{value:.4f}" for value in figures)

    @torch.no_grad()
    def _judged(self, network: StarterCleaner) -> tuple[float, float]:
        """Return the median ssim of held-out photos after cleaning, and without it."""
        times = torch.tensor([JUDGED])
        cleaned: list[float] = []
        left: list[float] = []
        for rgb, _ in shots(self.pictures):
            latents = self.vae.encode(torch.from_numpy(rgb).permute(2, 0, 1)[None] * 2 - 1).latent
            noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(1))
            noisy = self._noised(latents, times, noise)
            for values, one in ((cleaned, network(noisy, times)), (left, noisy * self.kept[times].sqrt())):
                made = self.vae.decode(one).sample[0].add(1).div(2).clamp(0, 1).permute(1, 2, 0).numpy()
                values.append(ssim(rgb, made))
        return float(np.median(cleaned)), float(np.median(left))


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "cleaner", minutes=9, every=100, batch=32, rate=2e-3)
    parser.add_argument("--vae", type=Path, default=Path("weights/starter/vae"), help="the trained autoencoder")
    parser.add_argument("--size", type=int, default=128, help="side of a training picture in px, a multiple of 32")
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
