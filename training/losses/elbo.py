"""Teaching a variational autoencoder by its bound, the ELBO (Kingma & Welling 2014), and telling both terms of it."""

import argparse
import csv
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from rich.progress import Progress
from torch import Tensor, nn

from training.loop import state
from worker.networks.vae import PatchVAE, PictureVAE

VAE = TypeVar("VAE", PatchVAE, PictureVAE)
Batch = tuple[Tensor, ...]
"""What the network models, N x channels x H x W, and where it is told labels, their N numbers."""

LEAST_ERROR = 1e-6
"""What is less counts as this."""
FITTED = 0.05
"""Share of the way that the standard deviation of what is decoded goes at a step."""


@dataclass(frozen=True)
class Bound:
    """Both terms of the bound, in nats per dimension: per number of what is modelled.

    `reconstruction` is the log density of the data under what one sampled code decodes to (higher is better), `kl`
    the divergence of the posterior from the prior. `error` is the mean squared error of each channel, C x 1 x 1.
    """

    reconstruction: Tensor
    kl: Tensor
    error: Tensor

    @property
    def elbo(self) -> Tensor:
        """The bound on the data's log density; higher is better."""
        return self.reconstruction - self.kl


def bound(vae: PatchVAE | PictureVAE, data: Tensor, *labels: Tensor) -> Bound:
    """Return the bound of data N x channels x H x W, estimated with one sample of each posterior (torch's seed)."""
    posterior = vae.encode(data, *labels)
    made = vae.decode(posterior.sample(), *labels)
    error = (data - made).square().mean((0, 2, 3))[:, None, None]
    density = -(0.5 * error / vae.log_sigma.mul(2).exp() + vae.log_sigma + 0.5 * math.log(2 * math.pi))
    return Bound(density.mean(), posterior.kl().mean() / data[0].numel(), error)


@torch.no_grad()
def fit_sigma(vae: PatchVAE | PictureVAE, error: Tensor, share: float) -> None:
    """Move the standard deviation of what is decoded to the likeliest one for this error, by `share` of the way."""
    vae.log_sigma.lerp_(0.5 * error.clamp(min=LEAST_ERROR).log(), share)


class Run(Generic[VAE]):
    """The teaching of one network, `name`, in a folder: its weights, their running average, log.csv, samples.png."""

    def __init__(
        self,
        folder: Path,
        network: VAE,
        batches: Callable[[int], Iterator[Batch]],
        judge: Callable[[VAE, Path], dict[str, float]],
        args: argparse.Namespace,
    ) -> None:
        """Begin, or go on where the folder's state stopped.

        `batches` returns endless batches of a seed; `judge` the figures of held-out data, and saves samples at a path;
        `args` has minutes, every, rate, seed.
        """
        self.folder, self.judge, self.args = folder, judge, args
        self.weights = folder.parent / "weights" / folder.name
        folder.mkdir(parents=True, exist_ok=True)
        self.network = network.train().to(memory_format=torch.channels_last)
        self.average = state.start(network)
        self.step, self.seconds = 0, 0.0
        self.optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.0)
        if (folder / state.FILE).exists():
            self.average, self.step, self.seconds = state.resume(folder, network, self.optimiser)
        self.batches = batches(args.seed + self.step)

    def train(self) -> VAE:
        """Train until `minutes` of processor time are spent, over all resumed runs together; return the average."""
        budget = self.args.minutes * 60
        if self.step == 0:
            self._report()
        with Progress() as progress:
            bar = progress.add_task(self.folder.name, total=budget, completed=self.seconds)
            saved = time.monotonic()
            while self.seconds < budget:
                elbo = self._step(self.seconds / budget)
                progress.update(bar, completed=self.seconds, description=f"{self.folder.name} {self.step} {elbo:.3f}")
                if time.monotonic() - saved > self.args.every:
                    self._report()
                    saved = time.monotonic()
        self._report()
        return self._averaged()

    def _step(self, done: float) -> float:
        began = time.process_time()
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(done)
        data, *labels = next(self.batches)
        with torch.autocast("cpu", torch.bfloat16):
            found = bound(self.network, data.contiguous(memory_format=torch.channels_last), *labels)
        self.optimiser.zero_grad()
        (-found.elbo).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        fit_sigma(self.network, found.error.detach(), max(FITTED, 1 / (self.step + 1)))
        state.follow(self.average, self.network, min(0.995, (1 + self.step) / (10 + self.step)))
        self.step += 1
        self.seconds += time.process_time() - began
        return float(found.elbo.detach())

    def _rate(self, done: float) -> float:
        """Return the learning rate when this share of the time is over: a short rise, then a quarter of a cosine."""
        return float(self.args.rate * min(1.0, (self.step + 1) / 100) * (0.02 + 0.98 * math.cos(math.pi / 2 * done)))

    def _averaged(self) -> VAE:
        averaged = type(self.network).from_config(self.network.config)
        averaged.load_state_dict(self.average)
        return averaged.eval()

    @torch.no_grad()
    def _report(self) -> None:
        """Save everything, and log the held-out figures of the averaged network, judged with a seed of their own."""
        averaged = self._averaged()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            figures = self.judge(averaged, self.folder / "samples.png")
        log, row = self.folder / "log.csv", {"step": self.step, "seconds": round(self.seconds), **figures}
        began = not log.exists()
        with log.open("a") as file:
            rows = csv.writer(file)
            if began:
                rows.writerow(row)
            rows.writerow(f"{value:.4f}" if isinstance(value, float) else value for value in row.values())
        averaged.half().save_pretrained(self.weights)
        state.save(self.folder, self.network, self.average, self.optimiser, self.step, self.seconds)


def told(bounds: list[Bound]) -> dict[str, float]:
    """Return the means of both terms and of the bound, by their names in log.csv."""
    terms = {
        "reconstruction": [float(one.reconstruction) for one in bounds],
        "kl": [float(one.kl) for one in bounds],
        "elbo": [float(one.elbo) for one in bounds],
    }
    return {name: sum(values) / len(values) for name, values in terms.items()}
