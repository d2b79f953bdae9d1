"""The generator's start: what a principal component analysis draws of each class (Turk and Pentland 1991).

Before adversarial training the generator learns to add components to its class's mean image, each scaled by one
latent. It then starts with the outlines of its classes and with colours that vary.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from worker.engines.dcgan import DCGANGenerator

RATE = 2e-3


class EigenPictures:
    """Mean images of classes, classes x D, and the components of what the images differ from them by, D x latents.

    The components have the length of their standard deviation.
    """

    def __init__(self, pictures: Tensor, classes: Tensor, latents: int) -> None:
        flat = pictures.flatten(1)
        self.shape = pictures.shape[1:]
        self.means = torch.stack([flat[classes == one].mean(0) for one in range(int(classes.max()) + 1)])
        _, lengths, directions = torch.pca_lowrank(flat - self.means[classes], q=min(latents, len(flat)), center=False)
        self.components = directions * lengths / len(flat) ** 0.5

    def drawn(self, latents: Tensor, classes: Tensor) -> Tensor:
        """Return N x 3 x H x W, -1..1, of N x latents of unit noise; the first latents count most."""
        differences = latents[:, : self.components.shape[1]] @ self.components.T
        return (self.means[classes] + differences).clamp(-1, 1).unflatten(1, self.shape)


def eigen_start(generator: DCGANGenerator, drawn: EigenPictures, batch: int, steps: int) -> Iterator[float]:
    """Train the generator to draw what the components do; yield the mean squared error after each of `steps`."""
    shares = torch.tensor(generator.config.shares)
    optimiser = torch.optim.Adam(generator.parameters(), lr=RATE, fused=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        latents = torch.randn(batch, generator.config.latents)
        classes = torch.multinomial(shares, batch, replacement=True)
        with torch.autocast("cpu", torch.bfloat16):
            made = generator(latents, classes)
        loss = F.mse_loss(made.float(), drawn.drawn(latents, classes))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield float(loss.detach())
