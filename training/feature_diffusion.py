"""Train the denoiser of the engine feature-diffusion: `python -m training.feature_diffusion --data DATA --minutes 22`.

It learns to make the starter's latents of a crop from what a frozen classifier sees in it, at one layer of four. Noise
and loss are those of Karras et al. 2022 (arXiv:2206.00364); each latent channel counts as much as it shows in the
image. The linear estimate of each layer is fitted first and stays as it is, so that what is noised keeps its spread.
"""

import argparse

import numpy as np
import torch
from torch import Tensor

from training.data.feature_pool import FeaturePool
from training.data.pictures import Crops, load_pictures
from training.loop.feature_run import SHARES, judge, settings, strides, widths_of
from training.loop.schedule import half_cosine
from training.loop.trainer import Trainer
from training.losses.channel_weights import channel_weights
from training.starts.ridge import fit
from worker.diffusion.starter import StarterAutoencoder
from worker.engines.feature_diffusion import FeatureDiffusionEngine, scheduler
from worker.networks.feature_inversion import FeatureDenoiser
from worker.networks.features import LAYERS, load

NOISE = (0.0, 1.4)
"""Mean and spread of the logarithm of the noise that is learned at."""

UNSEEN = 128
"""New crops that what the linear estimate leaves is measured on."""


class Run:
    """One run in a folder: the denoiser, its running average, log.csv, samples.png. Resumed from its state."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        torch.manual_seed(args.seed)
        self.features, self.vae = load(args.features), StarterAutoencoder.loaded(args.vae)
        self.pictures, self.scheduler = load_pictures(args.data), scheduler()
        self.network = FeatureDenoiser(widths_of(self.features), strides()).to(memory_format=torch.channels_last)
        for entry in self.network.entries.values():
            entry.read.requires_grad_(False)
            entry.straight.requires_grad_(False)
        learned = [one for one in self.network.parameters() if one.requires_grad]
        optimiser = torch.optim.AdamW(learned, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
        schedule = half_cosine(args.rate, 50, 0.02)
        self.trainer = Trainer(args.out, args, self.network, optimiser, schedule, keep=0.995)
        crops = Crops(self.pictures, args.size, args.seed + self.trainer.step)
        self.pool = FeaturePool(crops, self.features, args.crops, self.vae)
        self.random = np.random.default_rng(args.seed + self.trainer.step)
        if not self.trainer.step:
            self._start()
        self.weights = {name: self._shown(name) for name in LAYERS}

    @torch.no_grad()
    def _start(self) -> None:
        """Fit the linear estimate of every layer, and measure what it leaves of new crops."""
        for name in LAYERS:
            entry = self.network.entries[name]
            batches = ((self.pool.of(name, part), self.pool.of("latents", part)) for part in self.pool.parts())
            fit(entry, self.pool.of(name, next(self.pool.parts(256))), batches)
        unseen = self.pool.renew(min(UNSEEN, self.args.crops))
        for name in LAYERS:
            left = self.pool.of("latents", unseen) - self._straight(name, unseen)
            self.network.left[name].copy_(left.square().mean((0, 2, 3)).sqrt()[:, None, None])
        self.trainer.restart_average()

    def _straight(self, name: str, places: Tensor) -> Tensor:
        straight: Tensor = self.network.entries[name](self.pool.of(name, places))[0]
        return straight

    @torch.no_grad()
    def _shown(self, name: str) -> Tensor:
        """Return 16 x 1 x 1 of mean 1: how much what a layer leaves of each channel shows in the image."""
        shown = channel_weights(self.vae)[0] * self.network.left[name]
        return shown / shown.mean()

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run("feature-diffusion", self._step, self._report)

    def _step(self) -> float:
        if self.args.fresh:
            self.pool.renew(self.args.fresh)
        return self._train_layer(str(self.random.choice(list(SHARES), p=list(SHARES.values()))))

    def _train_layer(self, layer: str) -> float:
        return self.trainer.descend(self._error(layer))

    def _error(self, layer: str) -> Tensor:
        """Return the loss of one batch at one layer."""
        places = self.pool.batch(self.args.batch)
        noise = (NOISE[0] + NOISE[1] * torch.randn(len(places))).exp()[:, None, None, None]
        with torch.autocast("cpu", torch.bfloat16):
            straight, more = self.network.entries[layer](self.pool.of(layer, places))
        clean = (self.pool.of("latents", places) - straight.float()) / self.network.left[layer]
        noisy = clean + noise * torch.randn_like(clean)
        scaled = self.scheduler.precondition_inputs(noisy, noise)
        condition = self.scheduler.precondition_noise(noise).flatten()
        with torch.autocast("cpu", torch.bfloat16):
            made = self.network(scaled, condition, straight, more).float()
        found = self.scheduler.precondition_outputs(noisy, made, noise)
        certain = (1 + noise.square()) / noise.square()
        return (certain * (found - clean).square() * self.weights[layer]).mean()

    def _report(self) -> None:
        """Save everything; log median psnr and ssim of held-out photos, recreated from each layer."""
        network = FeatureDenoiser(widths_of(self.features), strides())
        network.load_state_dict(self.network.state_dict() | self.trainer.average)
        engine = lambda canvas: FeatureDiffusionEngine(network.eval(), self.features, self.vae, canvas)  # noqa: E731
        figures = judge("feature-diffusion", engine, self.pictures, self.args.out / "samples.png")
        self.trainer.log(f"{value:.4f}" for value in figures)
        self.trainer.save()
        network.half().save_pretrained(self.args.out / "denoiser")


def main() -> None:
    """Parse the command line and train."""
    Run(settings(__doc__, "feature-diffusion", minutes=22, batch=32, rate=1.5e-3)).train()


if __name__ == "__main__":
    main()
