"""Train the VQGAN: `python -m training.vqgan --data DATA --minutes 22` (Esser et al. 2021, arXiv:2012.09841).

Its encoder and decoder start as those of the trained starter autoencoder, its codebook as a k-means of their latents.
Then all learn together: the pictures' loss with straight-through gradients, a commitment loss, codes that follow their
vectors (`codebook`), from half time on a PatchGAN with the paper's adaptive weight.
"""

import argparse
import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.models import AutoencoderDC
from PIL import Image
from rich.progress import Progress
from torch import Tensor

from training.autoencoder import similarity
from training.data.pictures import Crops, Pictures, Pixels, load_pictures
from training.denoiser import channel_weights
from training.loop import state
from training.losses.patchgan import PatchGAN, adaptive_weight, hinge
from training.starts.codebook import Upkeep, k_means, use
from worker.networks.vqgan import FACTOR, VQGAN

SCALES = (0.5, 0.75, 1.0, 1.0, 1.25, 1.6)
"""Crops are scaled by one of these: the transformer's pictures are small, shops' are large."""
COMMITMENT = 0.5
FIRST_VECTORS = 20_000
"""Latents that the codebook starts from."""
ADVERSARIAL = 0.1
"""The adversarial loss' share of the adaptive weight. The paper's is 0.8; psnr is asked here."""
JUDGING_FROM, GAN_FROM = 0.4, 0.5
"""Shares of the running time from which the discriminator, and the decoder by it, learns."""
RESTART, RESTART_TO = 50, 0.85
"""Steps after which codes without use are moved; share of the running time after which none is."""
DROPPED = "decoder.up_blocks.3.2."
"""The starter's layer that this decoder has no room for."""


def start(autoencoder: AutoencoderDC, crops: Tensor, generator: torch.Generator) -> VQGAN:
    """Return a VQGAN of an autoencoder's layers, its codebook the k-means of its latents of N x 3 x H x W crops.

    Latents are scaled by how much an error in each of them shows, so that Euclidean distance counts what is seen.
    """
    network = VQGAN().eval()
    kept = {name: value for name, value in autoencoder.state_dict().items() if not name.startswith(DROPPED)}
    network.autoencoder.load_state_dict(kept)
    weights = channel_weights(autoencoder).flatten()
    with torch.no_grad():
        for layer, scale in ((network.quant_conv, weights), (network.post_quant_conv, 1 / weights)):
            layer.weight.copy_(torch.diag(scale)[..., None, None])
            layer.bias.zero_()
        vectors = flat(network.encode(crops))
        vectors = vectors[torch.randperm(len(vectors), generator=generator)[:FIRST_VECTORS]]
        network.codebook.weight.copy_(k_means(vectors, network.config.codes, generator))
    return network


def flat(encoded: Tensor) -> Tensor:
    """Return N x width of N x width x h x w."""
    return encoded.movedim(1, -1).flatten(0, -2)


@dataclass(frozen=True)
class Losses:
    """What one batch says: pictures made, the losses of pictures and of commitment, tokens (N) and their vectors."""

    made: Tensor
    pictures: Tensor
    commitment: Tensor
    tokens: Tensor
    vectors: Tensor


def losses_of(network: VQGAN, crops: Tensor) -> Losses:
    """Return the losses of N x 3 x H x W crops in -1..1."""
    with torch.autocast("cpu", torch.bfloat16):
        encoded = network.encode(crops).float()
        tokens = network.tokens(encoded.detach())
        codes = network.codes(tokens)
        through = encoded + (codes - encoded).detach()
        made = network.decode(through).float()
    error = (made - crops).square().mean((1, 2, 3))
    pictures = torch.log(error + 3e-4).mean() + 2.0 * (1 - similarity(made, crops))
    commitment = (encoded - codes.detach()).square().mean()
    return Losses(made, pictures, commitment, tokens.flatten(), flat(encoded.detach()))


@torch.no_grad()
def judge(network: VQGAN, photos: list[Pixels]) -> dict[str, float]:
    """Return the figures of whole held-out photos, cut to multiples of 8, in float32.

    psnr: median, dB; ssim: mean; used: share of the codes; perplexity: 1..codes.
    """
    psnr, ssim, tokens = [], [], []
    for photo in photos:
        given = _canvas(photo)
        tokens.append(network.tokens(network.encode(given)))
        made = network.pixels(tokens[-1])
        psnr.append(10 * math.log10(4 / float((made - given).square().mean())))
        ssim.append(float(similarity(made, given)))
    used, perplexity = use(torch.cat([one.flatten() for one in tokens]), network.config.codes)
    return {"psnr": float(np.median(psnr)), "ssim": float(np.mean(ssim)), "used": used, "perplexity": perplexity}


def _canvas(photo: Pixels) -> Tensor:
    height, width = (side // FACTOR * FACTOR for side in photo.shape[:2])
    return torch.from_numpy(photo[:height, :width].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


@torch.no_grad()
def sample_sheet(network: VQGAN, photos: list[Pixels], path: Path) -> None:
    """Save given above made, for the first photos, as a PNG."""
    given = [_canvas(photo)[..., :256, :256] for photo in photos]
    columns = [torch.cat([one, network.pixels(network.tokens(network.encode(one)))], 2)[0] for one in given]
    sheet = torch.cat(columns, 2).add(1).mul(127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(sheet).save(path)


LOSSES = ("pictures", "commitment", "adversarial", "discriminator")


class Run:
    """One training run in a folder: network, its running average, discriminator, both optimisers, log.csv, samples."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.generator = torch.Generator().manual_seed(args.seed)
        self.pictures: Pictures = load_pictures(args.data)
        self.crops = Crops(self.pictures, args.crop, args.seed, SCALES)
        first = torch.from_numpy(self.crops.batch(args.first))
        starter = AutoencoderDC.from_pretrained(args.vae).float().eval()
        self.network = start(starter, first, self.generator).to(memory_format=torch.channels_last)
        self.discriminator = PatchGAN().to(memory_format=torch.channels_last)
        self.average = state.start(self.network)
        self.step, self.seconds = 0, 0.0
        learning = [value for name, value in self.network.named_parameters() if not name.startswith("codebook")]
        self.optimiser = torch.optim.AdamW(learning, lr=args.rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.judging = torch.optim.AdamW(self.discriminator.parameters(), lr=args.rate, betas=(0.5, 0.9))
        if (folder / state.FILE).exists():
            self.average, self.step, self.seconds = state.resume(folder, self.network, self.optimiser)
            state.resume(folder / "discriminator", self.discriminator, self.judging)
            self.crops = Crops(self.pictures, args.crop, args.seed + self.step, SCALES)
        self.upkeep = Upkeep(self.network.codebook.weight.data, self.generator)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        budget = self.args.minutes * 60
        self._report({})
        with Progress() as progress:
            bar = progress.add_task("vqgan", total=budget, completed=self.seconds)
            saved, told = time.monotonic(), {}
            while self.seconds < budget:
                began = time.monotonic()
                told = self._step(self.seconds / budget)
                self.step += 1
                self.seconds += time.monotonic() - began
                progress.update(bar, completed=self.seconds, description=f"step {self.step} {told['pictures']:.3f}")
                if time.monotonic() - saved > self.args.every:
                    self._report(told)
                    saved = time.monotonic()
        self._report(told)

    def _step(self, done: float) -> dict[str, float]:
        rate = min(1.0, (self.step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in (*self.optimiser.param_groups, *self.judging.param_groups):
            group["lr"] = self.args.rate * rate
        crops = torch.from_numpy(self.crops.batch(self.args.batch)).to(memory_format=torch.channels_last)
        losses = losses_of(self.network, crops)
        told = {"pictures": float(losses.pictures.detach()), "commitment": float(losses.commitment.detach())}
        total = losses.pictures + COMMITMENT * losses.commitment
        if done >= GAN_FROM:
            total = total + self._adversarial(losses, told)
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        if done >= JUDGING_FROM:
            told["discriminator"] = self._judge(crops, losses.made.detach())
        self.upkeep.follow(losses.vectors, losses.tokens)
        if (self.step + 1) % RESTART == 0 and done < RESTART_TO:
            told["restarted"] = self.upkeep.restart(losses.vectors)
        state.follow(self.average, self.network, min(0.996, (1 + self.step) / (10 + self.step)))
        return told

    def _adversarial(self, losses: Losses, told: dict[str, float]) -> Tensor:
        """Return the weighted loss of pictures that do not pass for real."""
        self.discriminator.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16):
            loss = -self.discriminator(losses.made).float().mean()
        self.discriminator.requires_grad_(True)
        last = self.network.autoencoder.decoder.conv_out.conv.weight
        told["adversarial"] = float(loss.detach())
        return ADVERSARIAL * adaptive_weight(losses.pictures, loss, last) * loss

    def _judge(self, crops: Tensor, made: Tensor) -> float:
        with torch.autocast("cpu", torch.bfloat16):
            loss = hinge(self.discriminator(crops).float(), self.discriminator(made).float())
        self.judging.zero_grad()
        loss.backward()
        self.judging.step()
        return float(loss.detach())

    def _averaged(self) -> VQGAN:
        network = VQGAN()
        network.load_state_dict(self.average, strict=False)  # all but batch norm's constants
        return network.eval().half().float()

    def _report(self, told: dict[str, float]) -> None:
        network = self._averaged()
        figures = judge(network, self.pictures.held_out)
        row = [f"{figures[name]:.4f}" for name in ("psnr", "ssim", "used", "perplexity")]
        row += [
            f"{told[name]:.4f}" if name in told else ""
            for name in ("pictures", "commitment", "adversarial", "discriminator")
        ]
        with (self.folder / "log.csv").open("a") as log:
            csv.writer(log).writerow([self.step, f"{self.seconds:.0f}", *row])
        sample_sheet(network, self.pictures.held_out[:4], self.folder / "samples.png")
        network.half().save_pretrained(self.folder / "vqgan")
        state.save(self.folder, self.network, self.average, self.optimiser, self.step, self.seconds)
        (self.folder / "discriminator").mkdir(exist_ok=True)
        state.save(self.folder / "discriminator", self.discriminator, {}, self.judging, self.step, self.seconds)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument("--vae", type=Path, default=Path("weights/starter/vae"), help="the autoencoder to start from")
    parser.add_argument("--out", type=Path, default=Path("runs/vqgan"), help="where the run is kept; resumed if there")
    parser.add_argument("--minutes", type=float, default=22, help="running time in all")
    parser.add_argument("--every", type=float, default=180, help="seconds between checkpoints")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--crop", type=int, default=96, help="side of a training crop in px, a multiple of 8")
    parser.add_argument("--first", type=int, default=256, help="crops whose latents the codebook starts from")
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    Run((args := parser.parse_args()).out, args).train()


if __name__ == "__main__":
    main()
