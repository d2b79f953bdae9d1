"""Train the starter's cleaner: `python -m training.cleaner --data DATA --minutes 9`.

It takes low noise off latents, at the times below LOW, and is the base that the denoiser starts from there
(`worker/networks/starter.py`). The error is divided by the noise's variance, as in the prediction of noise (Ho et al.
2020, arXiv:2006.11239), and each channel counts as much as it shows in the image.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from likeness.imaging.metrics.ssim import ssim
from training.data.pairs import TrainingTask
from training.loop import arguments
from training.loop.judge import shots
from training.loop.latent_run import LatentRun
from worker.networks.starter import LOW, StarterCleaner

LEAST_NOISE = 0.005
"""Added to the variance of noise by which the error is divided."""
JUDGED = 299
"""The time at which held-out photos are judged: that of strength 0.3."""


class Run(LatentRun[StarterCleaner]):
    """A run of the cleaner."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        super().__init__(folder, args, args.vae, StarterCleaner, TrainingTask.CLEAN)

    def step(self) -> float:
        """Train on one batch at low noise, and return the loss."""
        target = torch.stack([pair.target for pair in self.stream.batch(self.args.batch)])
        return self.trainer.descend(self._error(target, torch.randint(LOW, (len(target),))))

    def _error(self, target: Tensor, times: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            made = self.network(self.noised(target, times, torch.randn_like(target)), times)
        noise = 1 - self.signal(times)
        return ((made.float() - target).square() * self.weights / (noise + LEAST_NOISE)).mean()

    def report(self) -> None:
        """Save everything; log the median ssim of held-out photos cleaned in one step, and of them left noisy."""
        self.trainer.save()
        averaged = self.averaged()
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
            noisy = self.noised(latents, times, noise)
            for values, one in ((cleaned, network(noisy, times)), (left, noisy * self.kept[times].sqrt())):
                made = self.vae.decode(one).sample[0].add(1).div(2).clamp(0, 1).permute(1, 2, 0).numpy()
                values.append(ssim(rgb, made))
        return float(np.median(cleaned)), float(np.median(left))


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "cleaner", minutes=9, every=100, batch=32, rate=2e-3)
    arguments.add_vae(parser)
    arguments.add_side(parser, "--size", 128, 32)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
