"""Train the starter denoiser and its text encoder: `python -m training.denoiser --data DATA`.

One small UNet on the starter autoencoder's latents (`worker/networks/starter.py`) learns to edit, to fill and to draw
at once.

For few steps: noise and picture are mixed along a straight line, as in rectified flow (Liu et al. 2022,
arXiv:2209.03003), with a shift (Esser et al. 2024, arXiv:2403.03206) towards less noise, as the latents are few; the
network predicts the picture itself (Salimans & Ho 2022, arXiv:2202.00512), so the last of a few DDIM steps is its
answer.
"""

import argparse
import csv
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers.models import AutoencoderDC
from rich.progress import Progress
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from training.data import tokenizer as vocabulary
from training.data.pairs import Pairs
from training.data.pictures import load_pictures
from training.data.stream import Latents, Stream
from training.loop import arguments, state
from training.loop.family import Family, scheduler
from training.loop.judge import judge
from training.starts.text import text_start
from worker.networks.starter import LATENTS, TIMES, StarterUNet, kept

NO_TEXT, NO_SOURCE, NEITHER = 0.07, 0.05, 0.05
"""Shares of pairs trained without their text, their source, or both, for both guidances (Brooks et al. 2023)."""

TEXT_STEPS = 1000
"""Steps of `text_start`."""


class Run:
    """One training run in a folder: weights, their running average, optimiser state, log.csv, samples."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(args.vae).float().eval().to(memory_format=torch.channels_last)
        self.tokenizer = (
            CLIPTokenizer.from_pretrained(args.start / "tokenizer") if args.start else vocabulary.build(args.vocabulary)
        )
        self.family = Family(self.tokenizer).to(memory_format=torch.channels_last)
        self.kept = kept(torch.arange(TIMES)).float()
        self.weights = channel_weights(self.vae)
        self.step, self.seconds, self.loss = 0, 0.0, 0.0
        self.optimiser = torch.optim.AdamW(
            self.family.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.pictures = load_pictures(args.data)
        self.average: dict[str, Tensor] = {}
        if (folder / state.FILE).exists():
            self.average, self.step, self.seconds = state.resume(folder, self.family, self.optimiser)
        else:
            self._begin()
        self.family.text.requires_grad_(args.start is None)
        self.stream = Stream(Pairs(self.pictures, args.size, args.seed + self.step), self.vae)

    def _begin(self) -> None:
        """Take over the weights of `--from` with its text encoder as it stays, or teach a new one its words."""
        if self.args.start:
            unet = StarterUNet.from_pretrained(self.args.start / "unet")
            text = CLIPTextModel.from_pretrained(self.args.start / "text_encoder")
            self.family.unet.load_state_dict(unet.float().state_dict())
            self.family.text.load_state_dict(text.float().state_dict())
        else:
            nouns = [*self.pictures.labels, *self.pictures.emoji_names]
            text_start(self.family.text, self.tokenizer, nouns, self.args.seed, TEXT_STEPS)
        self.average = state.start(self.family)

    def train(self) -> None:
        """Train until `--until` (or `--minutes`) of running time is spent, over all resumed runs together."""
        budget = min(self.args.until or self.args.minutes, self.args.minutes) * 60
        with Progress() as progress:
            bar = progress.add_task("denoiser", total=budget, completed=self.seconds)
            saved = time.monotonic()
            for loss in self._steps(budget):
                progress.update(bar, completed=self.seconds, description=f"step {self.step} loss {loss:.3f}")
                if time.monotonic() - saved > self.args.every:
                    self._report()
                    saved = time.monotonic()
        self._report()

    def _steps(self, budget: float) -> Iterator[float]:
        while self.seconds < budget:
            began = time.monotonic()
            warm = min(1.0, (self.step + 1) / 200)
            rate = (
                self.args.rate
                * warm
                * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * self.seconds / self.args.minutes / 60)))
            )
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            loss = self._loss(self.stream.batch(self.args.batch))
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.family.parameters(), 1.0)
            self.optimiser.step()
            state.follow(self.average, self.family, min(0.998, (1 + self.step) / (10 + self.step)))
            self.loss += 0.02 * (float(loss.detach()) - self.loss)
            self.step += 1
            self.seconds += time.monotonic() - began
            yield self.loss

    def _loss(self, batch: list[Latents]) -> Tensor:
        target = torch.stack([pair.target for pair in batch])
        given = torch.stack([pair.given for pair in batch])
        texts = [pair.text for pair in batch]
        self._forget(given, texts)
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        times = _times(len(batch))
        signal = self.kept[times].sqrt()[:, None, None, None]
        noisy = signal * target + (1 - signal**2).sqrt() * torch.randn_like(target)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.family(noisy.contiguous(memory_format=torch.channels_last), times, tokens, given)
        return ((made.float() - target).square() * self.weights).mean()

    def _forget(self, given: Tensor, texts: list[str]) -> None:
        """Leave out text or source of some pairs, in place, so that guidance has something to compare with."""
        for index, draw in enumerate(torch.rand(len(texts)).tolist()):
            if draw < NO_TEXT + NEITHER:
                texts[index] = ""
            if NO_TEXT <= draw < NO_TEXT + NEITHER + NO_SOURCE:
                given[index] = 0

    def _averaged(self) -> Family:
        family = Family(self.tokenizer)
        family.load_state_dict(self.average, strict=False)  # all but position numbers, which are constants
        return family.eval()

    def _report(self) -> None:
        """Save everything, then judge what the running average makes of the held-out photos."""
        state.save(self.folder, self.family, self.average, self.optimiser, self.step, self.seconds)
        family = self._averaged()
        figures = judge(family, self.vae, self.tokenizer, scheduler(), self.pictures, self.folder / "samples.png")
        new = not (self.folder / "log.csv").exists()
        with (self.folder / "log.csv").open("a") as log:
            rows = csv.writer(log)
            if new:
                rows.writerow(["step", "seconds", "loss", *figures])
            rows.writerow(
                [self.step, f"{self.seconds:.0f}", f"{self.loss:.4f}", *(f"{value:.3f}" for value in figures.values())]
            )
        family.unet.half().save_pretrained(self.folder / "unet")
        family.text.half().save_pretrained(self.folder / "text_encoder")
        self.tokenizer.save_pretrained(self.folder / "tokenizer")
        scheduler().save_pretrained(self.folder / "scheduler")


def _times(count: int) -> Tensor:
    """Return times to train at: half of them any, a quarter near pure noise, a quarter at it.

    There only the text can say what is asked, and a run of few steps stands on its first.
    """
    times = torch.randint(TIMES, (count,))
    times[::4] = torch.randint(TIMES * 9 // 10, TIMES, times[::4].shape)
    times[1::4] = TIMES - 1
    return times


@torch.no_grad()
def channel_weights(vae: AutoencoderDC) -> Tensor:
    """Return 1 x 16 x 1 x 1 of mean 1: how much an error in each latent channel shows in the picture.

    The root of the pixels' mean square change when the channel is moved by 0.3, so that no channel is forgotten.
    """
    flat = torch.zeros(1, LATENTS, 8, 8)
    still = vae.decode(flat).sample
    shown = []
    for channel in range(LATENTS):
        moved = flat.clone()
        moved[:, channel] = 0.3 * torch.randn(8, 8)
        shown.append((vae.decode(moved).sample - still).square().mean().sqrt())
    weights = torch.stack(shown).view(1, LATENTS, 1, 1)
    return weights / weights.mean()


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.of_run(__doc__, "denoiser", minutes=90, every=300, batch=16, rate=7e-4)
    parser.add_argument("--vae", type=Path, default=Path("weights/starter/vae"), help="the trained autoencoder")
    parser.add_argument(
        "--from", dest="start", type=Path, help="a family's folder to go on from; its text encoder then stays as it is"
    )
    parser.add_argument(
        "--vocabulary", type=Path, help="bpe_simple_vocab_16e6.txt.gz; open_clip_torch's when not given"
    )
    parser.add_argument("--until", type=float, help="stop after so many of those minutes, to go on with another --size")
    parser.add_argument("--size", type=int, default=192, help="side of a training picture in px, a multiple of 32")
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
