"""Trains a variational autoencoder by its bound, the ELBO (Kingma & Welling 2014), and reports both terms."""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor

from training.loop.schedule import quarter_cosine
from training.loop.trainer import Trainer
from worker.networks.vae import PatchVAE, PictureVAE

VAE = TypeVar("VAE", PatchVAE, PictureVAE)
Batch = tuple[Tensor, ...]
"""What the network models, N x channels x H x W, and, where it is conditioned on labels, their N numbers."""

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
    """The training of one network in a folder: its weights, their running average, log.csv, samples.png."""

    def __init__(
        self,
        folder: Path,
        network: VAE,
        batches: Callable[[int], Iterator[Batch]],
        judge: Callable[[VAE, Path], dict[str, float]],
        args: argparse.Namespace,
    ) -> None:
        """Start a run, or resume the one in the folder.

        `batches` returns endless batches of a seed; `judge` the figures of held-out data, and saves samples at a path;
        `args` has minutes, every, rate, seed.
        """
        self.folder = folder
        self.judge: Callable[[VAE, Path], dict[str, float]] = judge
        self.weights = folder.parent / "weights" / folder.name
        self.network = network.train().to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.trainer = Trainer(folder, args, network, optimiser, quarter_cosine(args.rate, 100, 0.02), keep=0.995)
        self.trainer.clock = time.process_time
        self.batches = batches(args.seed + self.trainer.step)

    def train(self) -> VAE:
        """Train until `minutes` of processor time are spent, over all resumed runs together; return the average."""
        if self.trainer.step == 0:
            self._report()
        self.trainer.run(self.folder.name, self._step, self._report)
        return self._averaged()

    def _step(self) -> float:
        data, *labels = next(self.batches)
        with torch.autocast("cpu", torch.bfloat16):
            found = bound(self.network, data.contiguous(memory_format=torch.channels_last), *labels)
        loss = self.trainer.descend(-found.elbo)
        fit_sigma(self.network, found.error.detach(), max(FITTED, 1 / (self.trainer.step + 1)))
        return loss

    def _averaged(self) -> VAE:
        averaged = type(self.network).from_config(self.network.config)
        averaged.load_state_dict(self.trainer.average)
        return averaged.eval()

    @torch.no_grad()
    def _report(self) -> None:
        """Save everything, and log the held-out figures of the averaged network, judged with a seed of their own."""
        averaged = self._averaged()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            figures = self.judge(averaged, self.folder / "samples.png")
        self.trainer.log([f"{value:.4f}" for value in figures.values()], list(figures))
        averaged.half().save_pretrained(self.weights)
        self.trainer.save()


def mean_terms(bounds: list[Bound]) -> dict[str, float]:
    """Return the means of both terms and of the bound, by their names in log.csv."""
    terms = {
        "reconstruction": [float(one.reconstruction) for one in bounds],
        "kl": [float(one.kl) for one in bounds],
        "elbo": [float(one.elbo) for one in bounds],
    }
    return {name: sum(values) / len(values) for name, values in terms.items()}
