"""Train the generator of the engine feature-gan: `python -m training.feature_gan --data DATA --minutes 16`.

It learns to make a picture from what a frozen classifier sees in it, at one layer of four, by three errors
(Dosovitskiy and Brox 2016, arXiv:1602.02644): of pixels, of the features of what was made, and of a critic that is
shown patches (Isola et al. 2017, arXiv:1611.07004) and taught by the hinge loss (Lim and Ye 2017, arXiv:1705.02894)
under spectral norm (Miyato et al. 2018, arXiv:1802.05957). The linear part of each layer's entry is fitted first.
"""

import argparse
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from training.data.feature_pool import FeaturePool
from training.data.pictures import Crops, load_pictures
from training.loop.feature_run import SHARES, Clock, averaged, judge, seeded, settings, strides, widths_of
from training.starts.ridge import fit
from worker.engines.feature_gan import FeatureGanEngine
from worker.networks.feature_inversion import PATCH, FeatureGenerator
from worker.networks.features import LAYERS, load

COMPARED = "layer2"
"""Where what was made is looked at again."""
LOOKED_AT = 8
"""Pictures of a batch of which that is done: it costs more than all else."""
ALONE = 0.35
"""The share of the time before the critic has a say."""
SLOWLY = 0.2
"""The share of the learning rate that what was fitted moves by."""
WEIGHTS = {"features": 0.02, "critic": 0.004}
"""Against the error of pixels, the root mean square of 0..1."""


def critic() -> nn.Sequential:
    """Return what tells patches of 32 px of photos (above 0) from made ones: N x 3 x H x W to N x 1 x H/8 x W/8."""
    widths = (3, 32, 64, 128)
    layers: list[nn.Module] = []
    for given, made in pairwise(widths):
        layers += [spectral_norm(nn.Conv2d(given, made, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))


class Run:
    """One run in a folder: both networks, the running average, log.csv, samples.png. It goes on from its state."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        seeded(args)
        self.features, self.pictures = load(args.features), load_pictures(args.data)
        self.generator = FeatureGenerator(widths_of(self.features), strides()).to(memory_format=torch.channels_last)
        self.critic = critic().to(memory_format=torch.channels_last)
        both = nn.ModuleDict({"generator": self.generator, "critic": self.critic})
        optimiser = torch.optim.AdamW(self._groups(), lr=args.rate, betas=(0.5, 0.98), weight_decay=0.0)
        self.clock = Clock(args, both, optimiser)
        crops = Crops(self.pictures, args.size, args.seed + self.clock.step)
        self.pool = FeaturePool(crops, self.features, args.crops)
        self.random = np.random.default_rng(args.seed + self.clock.step)
        self.told = 0.0
        if not self.clock.step:
            self._start()

    def _groups(self) -> list[dict[str, Any]]:
        """Return all parameters, the fitted ones apart: they are near where they are to be, and move slowly."""
        fitted = [
            one
            for entry in self.generator.entries.values()
            for part in (entry.read, entry.straight)
            for one in part.parameters()
        ]
        known = {id(one) for one in fitted}
        others = [one for one in [*self.generator.parameters(), *self.critic.parameters()] if id(one) not in known]
        return [{"params": others}, {"params": fitted, "share": SLOWLY}]

    def _start(self) -> None:
        """Fit the linear part of every layer's entry."""
        for name in LAYERS:
            batches = (
                (self.pool.of(name, part), F.pixel_unshuffle(self.pool.of("pixels", part), PATCH))
                for part in self.pool.parts()
            )
            fit(self.generator.entries[name], self.pool.of(name, next(self.pool.parts(256))), batches)
        self.clock.restart()

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.clock.run("feature-gan", self._step, self._report)

    def _step(self) -> None:
        if self.args.fresh:
            self.pool.renew(self.args.fresh)
        layer = str(self.random.choice(list(SHARES), p=list(SHARES.values())))
        places = self.pool.batch(self.args.batch)
        given = self.pool.of("pixels", places).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.generator(layer, self.pool.of(layer, places)).float()
        judged = self.clock.done >= ALONE
        self._follow(self._error(given, made, places, judged))
        if judged:
            self._follow(self._teach(given, made.detach()))

    def _follow(self, loss: Tensor) -> None:
        """Take a step down the loss, with the parameters that it has gradients for."""
        parameters = list(self.clock.network.parameters())
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
            parameter.grad = slope
        nn.utils.clip_grad_norm_(parameters, 1.0)
        self.clock.optimiser.step()

    def _error(self, given: Tensor, made: Tensor, places: Tensor, judged: bool) -> Tensor:
        """Return the generator's loss: pixels, features and, once it is `judged`, the critic's word."""
        pixels = ((made - given).square().mean((1, 2, 3)) + 1e-5).sqrt().mean()
        seen = self.features(made[:LOOKED_AT].contiguous(memory_format=torch.channels_last), [COMPARED])[COMPARED]
        wanted = self.pool.of(COMPARED, places[:LOOKED_AT])
        features = ((seen - wanted) / self.generator.entries[COMPARED].spread).square().mean()
        loss = pixels + WEIGHTS["features"] * features
        if judged:
            self.critic.requires_grad_(False)
            loss = loss - WEIGHTS["critic"] * self._told(made).mean()
            self.critic.requires_grad_(True)
        return loss

    def _teach(self, given: Tensor, made: Tensor) -> Tensor:
        """Return the critic's loss."""
        loss = F.relu(1 - self._told(given)).mean() + F.relu(1 + self._told(made)).mean()
        self.told = float(loss.detach())
        return loss

    def _told(self, pictures: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            told: Tensor = self.critic(pictures * 2 - 1)
        return told.float()

    def _report(self) -> None:
        """Save everything; log the critic's loss, and median psnr and ssim of held-out photos from each layer."""
        network = FeatureGenerator(widths_of(self.features), strides())
        begin = "generator."
        average = {name.removeprefix(begin): one for name, one in self.clock.average.items() if name.startswith(begin)}
        averaged(network, average).load_state_dict(dict(self.generator.named_buffers()), strict=False)
        engine = lambda canvas: FeatureGanEngine(network, self.features, canvas)  # noqa: E731
        self.clock.save([self.told, *judge("feature-gan", engine, self.pictures, self.args.out / "samples.png")])
        network.half().save_pretrained(self.args.out / "generator")


def main() -> None:
    """Parse the command line and train."""
    Run(settings(str(__doc__), "runs/feature-gan", minutes=16, batch=16, rate=6e-4)).train()


if __name__ == "__main__":
    main()
