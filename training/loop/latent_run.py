"""What the two recipes share that train a small network of the starter's on noised latents: cleaner and control."""

import argparse
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor

from training.data.pairs import Pairs, TrainingTask
from training.data.pictures import load_pictures
from training.data.stream import Stream
from training.loop.schedule import quarter_cosine
from training.loop.trainer import Trainer
from training.losses.channel_weights import channel_weights
from worker.networks.starter import TIMES, StarterCleaner, StarterControlNet, kept

LEAST, REST = 1024, 4
"""Pairs kept from the beginning; steps for each of new ones."""

Network = TypeVar("Network", StarterCleaner, StarterControlNet)


class LatentRun(ABC, Generic[Network]):
    """One run in a folder: the network, its running average, log.csv. Resumed from its state."""

    def __init__(
        self, folder: Path, args: argparse.Namespace, vae: Path, kind: type[Network], task: TrainingTask
    ) -> None:
        """Start or resume the run of a network of `kind` on pairs of one task, as latents of the autoencoder `vae`."""
        self.folder, self.args = folder, args
        self.kind: type[Network] = kind
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(vae).float().eval()
        self.network = kind().to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=args.rate, betas=(0.9, 0.98), fused=True)
        self.trainer = Trainer(folder, args, self.network, optimiser, quarter_cosine(args.rate, 50, 0.03), keep=0.99)
        self.kept = kept(torch.arange(TIMES)).float()
        self.weights = channel_weights(self.vae)
        self.pictures = load_pictures(args.data)
        pairs = Pairs(self.pictures, args.size, args.seed + self.trainer.step)
        self.stream = Stream(pairs, self.vae, task, LEAST, REST)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run(self.kind.__name__, self.step, self.report)

    @abstractmethod
    def step(self) -> float:
        """Train on one batch, and return the loss."""

    @abstractmethod
    def report(self) -> None:
        """Save everything, and log the figures of held-out photos."""

    def averaged(self) -> Network:
        """Return a network with the running average of the parameters."""
        network = self.kind()
        network.load_state_dict(self.trainer.average)
        return network

    def signal(self, times: Tensor) -> Tensor:
        """Return the share of variance that is signal at N times, N x 1 x 1 x 1."""
        return self.kept[times][:, None, None, None]

    def noised(self, target: Tensor, times: Tensor, noise: Tensor) -> Tensor:
        """Return N latents mixed with as much noise as there is at N times."""
        left = self.signal(times)
        return left.sqrt() * target + (1 - left).sqrt() * noise
