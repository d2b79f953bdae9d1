"""Training crops and their features, kept for reuse: computing features costs more than a training step."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from training.data.pictures import Crops
from worker.diffusion.starter import StarterAutoencoder
from worker.networks.features import LAYERS, FeatureNetwork

CHUNK = 32
"""Crops whose features are computed together."""


class FeaturePool:
    """`count` crops in memory: pixels, the features of every layer and, with an autoencoder, latents.

    `renew` replaces the oldest, so that a long run keeps seeing new ones.
    """

    def __init__(
        self, crops: Crops, network: FeatureNetwork, count: int, vae: StarterAutoencoder | None = None
    ) -> None:
        self.crops, self.network, self.vae, self.place = crops, network, vae, 0
        self.random = np.random.default_rng(crops.random.integers(2**32))
        self.kept: dict[str, Tensor] = {}
        self.count = count
        for _ in range(-(-count // CHUNK)):
            self.renew(CHUNK)

    @torch.no_grad()
    def renew(self, count: int) -> Tensor:
        """Replace the `count` oldest crops by new ones; return their places."""
        pixels = torch.from_numpy(self.crops.batch(count)).contiguous(memory_format=torch.channels_last)
        found = self.network(pixels.add(1).div(2), LAYERS) | {"pixels": pixels}
        if self.vae is not None:
            found["latents"] = self.vae.encode(pixels).latents
        places = (self.place + torch.arange(count)) % self.count
        self.place = (self.place + count) % self.count
        for name, values in found.items():
            if name not in self.kept:
                self.kept[name] = torch.empty(self.count, *values.shape[1:], dtype=torch.float16)
            self.kept[name][places] = values.half()
        return places

    def batch(self, count: int) -> Tensor:
        """Return the places of `count` crops drawn at random."""
        return torch.from_numpy(self.random.integers(self.count, size=count))

    def of(self, name: str, places: Tensor) -> Tensor:
        """Return a layer's features, or "latents", or "pixels" (N x 3 x H x W in 0..1), in float32."""
        values = self.kept[name][places].float()
        return values.add(1).div(2) if name == "pixels" else values

    def parts(self, size: int = 128) -> Iterator[Tensor]:
        """Yield the places of every crop, `size` at a time."""
        yield from torch.arange(self.count).split(size)
