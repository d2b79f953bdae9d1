"""Train the DCGAN: `python -m training.dcgan --data DATA --minutes 24`.

Radford et al. 2016 (arXiv:1511.06434), kept stable by spectral norm, the hinge loss (Lim and Ye 2017, arXiv:1705.02894)
and DiffAugment. The result is the running average of the generator, its norms' statistics measured again. `--batch`
must be a multiple of 8, the group whose variation is measured together.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as F

from training.data.garments import garments
from training.data.pictures import load_pictures
from training.loop import arguments
from training.loop.sheet import save_tensors
from training.loop.trainer import Trainer
from training.losses.diff_augment import moved
from training.losses.discriminator import Discriminator
from training.starts.eigen import EigenPictures, eigen_start
from worker.engines.dcgan import SIDE, DCGANGenerator

KEPT = 0.995
"""Share of the running average that a step leaves, once it has settled."""
STARTING = 200
"""Steps before adversarial training starts."""
SETTLED = 8
"""Batches from which the norms' statistics are measured again."""
SEEDS = 12
"""Columns of the sheet of samples."""
BETAS = (0.0, 0.99)


class Run:
    """One run in a folder: both networks, the generator's running average, log.csv. Resumed from its state."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        found = garments(load_pictures(args.data), SIDE)
        self.pictures, self.classes = torch.from_numpy(found.pictures), torch.from_numpy(found.classes)
        self.generator = DCGANGenerator(found.names, found.shares)
        self.discriminator = Discriminator(len(found.names))
        both = nn.ModuleDict({"generator": self.generator, "discriminator": self.discriminator})
        both.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for a memory format alone
        rates = [{"params": one.parameters(), "lr": args.rate} for one in (self.generator, self.discriminator)]
        optimiser = torch.optim.Adam(rates, betas=BETAS, fused=True)
        schedule = partial(falling, args.rate)
        self.trainer = Trainer(folder, args, both, optimiser, schedule, KEPT, averaged=self.generator)
        if self.trainer.resumed:
            torch.manual_seed(args.seed + self.trainer.step)
        self.losses: list[tuple[float, float]] = []

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        if self.trainer.step == 0:
            self._start()
        self.trainer.run("dcgan", self._step, self._report)

    def _start(self) -> None:
        """Train the generator to draw the mean image of each class and its principal variations."""
        began = time.monotonic()
        pictures = self.pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
        drawn = EigenPictures(pictures, self.classes, self.generator.config.latents)
        for _ in track(eigen_start(self.generator, drawn, self.args.batch, STARTING), "start", STARTING):
            pass
        self.trainer.restart_average()
        self.trainer.seconds += time.monotonic() - began
        self._report()

    def _step(self) -> float:
        """Train the discriminator, then the generator, on one batch; return the generator's loss."""
        real, classes = self._batch()
        with torch.autocast("cpu", torch.bfloat16):
            made = self.generator(torch.randn(len(real), self.generator.config.latents), classes)
        made = made.float()
        discriminator = self._train_discriminator(real, made.detach(), classes)
        generator = self._train_generator(made, classes)
        self.losses.append((discriminator, generator))
        return generator

    def _batch(self) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(self.classes), (self.args.batch,))
        real = self.pictures[chosen].permute(0, 3, 1, 2).float() / 127.5 - 1
        mirrored = torch.rand(len(real), 1, 1, 1) < 0.5
        return torch.where(mirrored, real.flip(3), real), self.classes[chosen]

    def _train_discriminator(self, real: Tensor, made: Tensor, classes: Tensor) -> float:
        scores = self._judged(torch.cat([real, made]), classes.repeat(2))
        loss = F.relu(1 - scores[: len(real)]).mean() + F.relu(1 + scores[len(real) :]).mean()
        self._descend(loss, self.discriminator)
        return float(loss.detach())

    def _train_generator(self, made: Tensor, classes: Tensor) -> float:
        loss = -self._judged(made, classes).mean()
        self._descend(loss, self.generator)
        return float(loss.detach())

    def _judged(self, pictures: Tensor, classes: Tensor) -> Tensor:
        changed = moved(pictures).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            return self.discriminator(changed, classes).float()

    def _descend(self, loss: Tensor, network: nn.Module) -> None:
        """Move one network down its loss by one step; the other one stays as it is."""
        parameters = list(network.parameters())
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = gradient
        self.trainer.optimiser.step()
        self.trainer.optimiser.zero_grad()

    def _report(self) -> None:
        """Save everything; log the losses' means since the last report."""
        self.trainer.save()
        averaged = settled(self._averaged(), self.args.batch)
        sample_sheet(averaged, self.folder / "samples.png")
        averaged.half().save_pretrained(self.folder / "generator")
        means = np.mean(self.losses, 0) if self.losses else np.zeros(2)
        self.losses.clear()
        self.trainer.log(f"{value:.4f}" for value in means)

    def _averaged(self) -> DCGANGenerator:
        averaged = DCGANGenerator(**{name: self.generator.config[name] for name in ("labels", "shares")})
        averaged.load_state_dict(self.trainer.average, strict=False)  # all but the norms' statistics
        return averaged


def falling(highest: float, step: int, done: float) -> float:
    """Return the learning rate of a step: the highest, and over the last third of the time less and less of it."""
    return highest * max(0.02, min(1.0, 3 * (1 - done)))


@torch.no_grad()
def settled(generator: DCGANGenerator, batch: int) -> DCGANGenerator:
    """Return the generator for use: the statistics of its norms taken of SETTLED batches (Brock et al. 2019)."""
    noise = torch.Generator().manual_seed(0)
    shares = torch.tensor(generator.config.shares)
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain mean of all batches
    generator.train()
    for _ in range(SETTLED):
        classes = torch.multinomial(shares, batch, replacement=True, generator=noise)
        generator(torch.randn(batch, generator.config.latents, generator=noise), classes)
    return generator.eval()


@torch.no_grad()
def sample_sheet(generator: DCGANGenerator, path: Path) -> None:
    """Save a PNG: a row for each class, a column for each seed."""
    noise = torch.randn(SEEDS, generator.config.latents, generator=torch.Generator().manual_seed(1))
    rows = [generator(noise, torch.full((SEEDS,), number)) for number in range(len(generator.config.labels))]
    save_tensors(path, rows)


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "dcgan", minutes=24, every=180, batch=32, rate=5e-4)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
