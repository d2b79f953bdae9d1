"""Train the generator of the engine feature-gan: `python -m training.feature_gan --data DATA --minutes 16`.

It learns to make an image from what a frozen classifier sees in it, at one layer of four, by three errors
(Dosovitskiy and Brox 2016, arXiv:1602.02644): of pixels, of the features of what was made, and of a critic of
patches (Isola et al. 2017, arXiv:1611.07004) trained with the hinge loss (Lim and Ye 2017, arXiv:1705.02894)
under spectral norm (Miyato et al. 2018, arXiv:1802.05957). The linear part of each layer's entry is fitted first.
"""

import argparse
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.data.feature_pool import FeaturePool
from training.data.pictures import Crops, load_pictures
from training.loop import state
from training.loop.feature_run import SHARES, judge, settings, strides, widths_of
from training.loop.schedule import half_cosine
from training.loop.trainer import Trainer
from training.losses.patchgan import PatchGAN
from training.starts.ridge import fit
from worker.engines.feature_gan import FeatureGanEngine
from worker.networks.feature_inversion import PATCH, FeatureGenerator
from worker.networks.features import LAYERS, load

COMPARED = "layer2"
"""The layer at which the features of the result are compared."""
LOOKED_AT = 8
"""Images of a batch compared there: it costs more than all else."""
ALONE = 0.35
"""The share of the time before the critic's loss counts."""
SLOWLY = 0.2
"""The share of the learning rate that what was fitted moves by."""
WEIGHTS = {"features": 0.02, "critic": 0.004}
"""Against the error of pixels, the root mean square of 0..1."""


class Run:
    """One run in a folder: both networks, the running average, log.csv, samples.png. Resumed from its state."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        torch.manual_seed(args.seed)
        self.features, self.pictures = load(args.features), load_pictures(args.data)
        self.generator = FeatureGenerator(widths_of(self.features), strides()).to(memory_format=torch.channels_last)
        self.critic = PatchGAN()
        self.critic.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for a memory format alone
        both = nn.ModuleDict({"generator": self.generator, "critic": self.critic})
        optimiser = torch.optim.AdamW(self._groups(), lr=args.rate, betas=(0.5, 0.98), weight_decay=0.0)
        self.trainer = Trainer(args.out, args, both, optimiser, half_cosine(args.rate, 50, 0.02), keep=0.995)
        crops = Crops(self.pictures, args.size, args.seed + self.trainer.step)
        self.pool = FeaturePool(crops, self.features, args.crops)
        self.random = np.random.default_rng(args.seed + self.trainer.step)
        self.critic_loss = 0.0
        if not self.trainer.step:
            self._start()

    def _groups(self) -> list[dict[str, Any]]:
        """Return all parameters, the fitted ones apart: they start near their optimum and move slowly."""
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
        self.trainer.restart_average()

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run("feature-gan", self._step, self._report)

    def _step(self) -> float:
        if self.args.fresh:
            self.pool.renew(self.args.fresh)
        layer = str(self.random.choice(list(SHARES), p=list(SHARES.values())))
        places = self.pool.batch(self.args.batch)
        given = self.pool.of("pixels", places).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.generator(layer, self.pool.of(layer, places)).float()
        judged = self.trainer.done >= ALONE
        loss = self._error(given, made, places, judged)
        self._descend(loss)
        if judged:
            self._descend(self._critic_error(given, made.detach()))
        return float(loss.detach())

    def _descend(self, loss: Tensor) -> None:
        """Take a step down the loss, with the parameters that it has gradients for."""
        parameters = list(self.trainer.network.parameters())
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
            parameter.grad = slope
        nn.utils.clip_grad_norm_(parameters, 1.0)
        self.trainer.optimiser.step()

    def _error(self, given: Tensor, made: Tensor, places: Tensor, judged: bool) -> Tensor:
        """Return the generator's loss: pixels, features and, once it is `judged`, the critic's score."""
        pixels = ((made - given).square().mean((1, 2, 3)) + 1e-5).sqrt().mean()
        seen = self.features(made[:LOOKED_AT].contiguous(memory_format=torch.channels_last), [COMPARED])[COMPARED]
        wanted = self.pool.of(COMPARED, places[:LOOKED_AT])
        features = ((seen - wanted) / self.generator.entries[COMPARED].spread).square().mean()
        loss = pixels + WEIGHTS["features"] * features
        if judged:
            self.critic.requires_grad_(False)
            loss = loss - WEIGHTS["critic"] * self._scores(made).mean()
            self.critic.requires_grad_(True)
        return loss

    def _critic_error(self, given: Tensor, made: Tensor) -> Tensor:
        """Return the critic's loss."""
        loss = F.relu(1 - self._scores(given)).mean() + F.relu(1 + self._scores(made)).mean()
        self.critic_loss = float(loss.detach())
        return loss

    def _scores(self, pictures: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            scores: Tensor = self.critic(pictures * 2 - 1)
        return scores.float()

    def _report(self) -> None:
        """Save everything; log the critic's loss, and median psnr and ssim of held-out photos from each layer."""
        network = FeatureGenerator(widths_of(self.features), strides())
        network.load_state_dict(self.generator.state_dict() | self._average())
        engine = lambda canvas: FeatureGanEngine(network.eval(), self.features, canvas)  # noqa: E731
        figures = judge("feature-gan", engine, self.pictures, self.args.out / "samples.png")
        self.trainer.log(f"{value:.4f}" for value in (self.critic_loss, *figures))
        self.trainer.save()
        network.half().save_pretrained(self.args.out / "generator")

    def _average(self) -> state.Average:
        """Return the generator's part of the running average."""
        part = "generator."
        return {name.removeprefix(part): one for name, one in self.trainer.average.items() if name.startswith(part)}


def main() -> None:
    """Parse the command line and train."""
    Run(settings(__doc__, "feature-gan", minutes=16, batch=16, rate=6e-4)).train()


if __name__ == "__main__":
    main()
