"""Train the VQGAN: `python -m training.vqgan --data DATA --minutes 22` (Esser et al. 2021, arXiv:2012.09841).

Its encoder and decoder start as those of the trained starter autoencoder, its codebook as a k-means of their latents.
Then all learn together: the images' loss with straight-through gradients, a commitment loss, codes that follow their
vectors (`codebook`), from half time on a PatchGAN with the paper's adaptive weight.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor

from training.data.pictures import Crops, Pictures, Pixels, load_pictures
from training.loop import arguments, reconstruction, state
from training.loop.schedule import half_cosine
from training.loop.trainer import Trainer
from training.losses.channel_weights import channel_weights
from training.losses.patchgan import PatchGAN, adaptive_weight, hinge
from training.losses.reconstruction import reconstruction_loss
from training.starts.codebook import Upkeep, k_means, use
from worker.networks.vqgan import VQGAN

SCALES = (0.5, 0.75, 1.0, 1.0, 1.25, 1.6)
"""Crops are scaled by one of these: the transformer's images are small, shops' are large."""
COMMITMENT = 0.5
FIRST_VECTORS = 20_000
"""Latents that the codebook starts from."""
ADVERSARIAL = 0.1
"""The adversarial loss' share of the adaptive weight. The paper's is 0.8; here psnr matters more."""
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
    """The losses of one batch: images made, the losses of images and of commitment, tokens (N) and their vectors."""

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
    commitment = (encoded - codes.detach()).square().mean()
    return Losses(made, reconstruction_loss(made, crops), commitment, tokens.flatten(), flat(encoded.detach()))


@torch.no_grad()
def judge(network: VQGAN, photos: list[Pixels]) -> dict[str, float]:
    """Return the figures of whole held-out photos, cut to multiples of 8, in float32.

    psnr: median, dB; ssim: mean; used: share of the codes; perplexity: 1..codes.
    """
    tokens = []

    def reconstruct(given: Tensor) -> Tensor:
        tokens.append(network.tokens(network.encode(given)))
        return network.pixels(tokens[-1])

    psnr, ssim = reconstruction.judge(photos, reconstruct)
    used, perplexity = use(torch.cat([one.flatten() for one in tokens]), network.config.codes)
    return {"psnr": psnr, "ssim": ssim, "used": used, "perplexity": perplexity}


def sample_sheet(network: VQGAN, photos: list[Pixels], path: Path) -> None:
    """Save the first photos above their reconstructions, as a PNG."""
    reconstruction.save_sheet(path, photos, lambda given: network.pixels(network.tokens(network.encode(given))))


LOSSES = ("pictures", "commitment", "adversarial", "discriminator")


class Run:
    """One training run in a folder: network, its running average, discriminator, both optimisers, log.csv, samples."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        self.generator = torch.Generator().manual_seed(args.seed)
        self.pictures: Pictures = load_pictures(args.data)
        self.crops = Crops(self.pictures, args.crop, args.seed, SCALES)
        first = torch.from_numpy(self.crops.batch(args.first))
        starter = AutoencoderDC.from_pretrained(args.vae).float().eval()
        self.network = start(starter, first, self.generator).to(memory_format=torch.channels_last)
        self.discriminator = PatchGAN()
        self.discriminator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for a memory format alone
        learning = [value for name, value in self.network.named_parameters() if not name.startswith("codebook")]
        optimiser = torch.optim.AdamW(learning, lr=args.rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.judging = torch.optim.AdamW(self.discriminator.parameters(), lr=args.rate, betas=(0.5, 0.9))
        self.schedule = half_cosine(args.rate, 100, 0.02)
        self.trainer = Trainer(folder, args, self.network, optimiser, self.schedule, keep=0.996)
        if self.trainer.resumed:
            state.resume(folder / "discriminator", self.discriminator, self.judging)
            self.crops = Crops(self.pictures, args.crop, args.seed + self.trainer.step, SCALES)
        self.losses: dict[str, float] = {}
        self.upkeep = Upkeep(self.network.codebook.weight.data, self.generator)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self._report()
        self.trainer.run("vqgan", self._step, self._report)

    def _step(self) -> float:
        step, done = self.trainer.step, self.trainer.done
        crops = torch.from_numpy(self.crops.batch(self.args.batch)).to(memory_format=torch.channels_last)
        losses = losses_of(self.network, crops)
        logged = {"pictures": float(losses.pictures.detach()), "commitment": float(losses.commitment.detach())}
        total = losses.pictures + COMMITMENT * losses.commitment
        if done >= GAN_FROM:
            total = total + self._adversarial(losses, logged)
        self.trainer.descend(total)
        if done >= JUDGING_FROM:
            logged["discriminator"] = self._train_discriminator(crops, losses.made.detach())
        self.upkeep.follow(losses.vectors, losses.tokens)
        if (step + 1) % RESTART == 0 and done < RESTART_TO:
            self.upkeep.restart(losses.vectors)
        self.losses = logged
        return logged["pictures"]

    def _adversarial(self, losses: Losses, logged: dict[str, float]) -> Tensor:
        """Return the weighted loss of images that do not pass for real."""
        self.discriminator.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16):
            loss = -self.discriminator(losses.made).float().mean()
        self.discriminator.requires_grad_(True)
        last = self.network.autoencoder.decoder.conv_out.conv.weight
        logged["adversarial"] = float(loss.detach())
        return ADVERSARIAL * adaptive_weight(losses.pictures, loss, last) * loss

    def _train_discriminator(self, crops: Tensor, made: Tensor) -> float:
        with torch.autocast("cpu", torch.bfloat16):
            loss = hinge(self.discriminator(crops).float(), self.discriminator(made).float())
        for group in self.judging.param_groups:
            group["lr"] = self.schedule(self.trainer.step, self.trainer.done)
        self.judging.zero_grad()
        loss.backward()
        self.judging.step()
        return float(loss.detach())

    def _averaged(self) -> VQGAN:
        network = VQGAN()
        network.load_state_dict(self.trainer.average, strict=False)  # all but batch norm's constants
        return network.eval().half().float()

    def _report(self) -> None:
        """Save everything; log the figures of held-out photos and the losses of the last step, where there are any."""
        network = self._averaged()
        figures = judge(network, self.pictures.held_out)
        row = [f"{figures[name]:.4f}" for name in ("psnr", "ssim", "used", "perplexity")]
        row += [f"{self.losses[name]:.4f}" if name in self.losses else "" for name in LOSSES]
        self.trainer.log(row)
        sample_sheet(network, self.pictures.held_out, self.folder / "samples.png")
        network.half().save_pretrained(self.folder / "vqgan")
        self.trainer.save()
        (self.folder / "discriminator").mkdir(exist_ok=True)
        state.save(
            self.folder / "discriminator",
            self.discriminator,
            {},
            self.judging,
            self.trainer.step,
            self.trainer.seconds,
        )


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "vqgan", minutes=22, every=180, batch=16, rate=2e-4)
    arguments.add_vae(parser)
    arguments.add_side(parser, "--crop", 96, 8)
    parser.add_argument("--first", type=int, default=256, help="crops whose latents the codebook starts from")
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
