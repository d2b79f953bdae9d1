"""Train the starter denoiser and its text encoder: `python -m training.denoiser --data DATA`.

One small UNet on the starter autoencoder's latents (`worker/networks/starter.py`) learns to edit, to fill and to draw
at once.

For few steps: noise and image are mixed along a straight line, as in rectified flow (Liu et al. 2022,
arXiv:2209.03003), with a shift (Esser et al. 2024, arXiv:2403.03206) towards less noise, as the latents are few; the
network predicts the image itself (Salimans & Ho 2022, arXiv:2202.00512), so the last of a few DDIM steps is its
answer.
"""

import argparse
from pathlib import Path

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training.data import tokenizer as vocabulary
from training.data.pairs import Pairs
from training.data.pictures import load_pictures
from training.data.stream import Latents, Stream
from training.loop import arguments
from training.loop.family import Family, scheduler
from training.loop.judge import judge
from training.loop.schedule import half_cosine
from training.loop.trainer import RunningMean, Trainer
from training.losses.channel_weights import channel_weights
from training.starts.text import text_start
from worker.networks.starter import TIMES, StarterUNet, kept

NO_TEXT, NO_SOURCE, NEITHER = 0.07, 0.05, 0.05
"""Shares of pairs trained without their text, their source, or both, for both guidances (Brooks et al. 2023)."""

TEXT_STEPS = 1000
"""Steps of `text_start`."""


class Run:
    """One training run in a folder: weights, their running average, optimiser state, log.csv, samples."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(args.vae).float().eval().to(memory_format=torch.channels_last)
        self.tokenizer = (
            CLIPTokenizer.from_pretrained(args.start / "tokenizer") if args.start else vocabulary.build(args.vocabulary)
        )
        self.family = Family(self.tokenizer)
        self.family.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for a memory format alone
        self.kept = kept(torch.arange(TIMES)).float()
        self.weights = channel_weights(self.vae)
        self.loss = RunningMean(0.02)
        optimiser = torch.optim.AdamW(
            self.family.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.trainer = Trainer(folder, args, self.family, optimiser, half_cosine(args.rate, 200, 0.03), keep=0.998)
        self.pictures = load_pictures(args.data)
        if not self.trainer.resumed:
            self._start()
        self.family.text.requires_grad_(args.start is None)
        self.stream = Stream(Pairs(self.pictures, args.size, args.seed + self.trainer.step), self.vae)

    def _start(self) -> None:
        """Take over the weights of `--from` with its text encoder as it stays, or train a new one on phrases."""
        if self.args.start:
            unet = StarterUNet.from_pretrained(self.args.start / "unet")
            text = CLIPTextModel.from_pretrained(self.args.start / "text_encoder")
            self.family.unet.load_state_dict(unet.float().state_dict())
            self.family.text.load_state_dict(text.float().state_dict())
        else:
            nouns = [*self.pictures.labels, *self.pictures.emoji_names]
            text_start(self.family.text, self.tokenizer, nouns, self.args.seed, TEXT_STEPS)
        self.trainer.restart_average()

    def train(self) -> None:
        """Train until `--until` (or `--minutes`) of running time is spent, over all resumed runs together."""
        until = self.args.until * 60 if self.args.until else None
        self.trainer.run("denoiser", self._step, self._report, until)

    def _step(self) -> float:
        return self.loss.add(self.trainer.descend(self._loss(self.stream.batch(self.args.batch))))

    def _loss(self, batch: list[Latents]) -> Tensor:
        target = torch.stack([pair.target for pair in batch])
        given = torch.stack([pair.given for pair in batch])
        texts = [pair.text for pair in batch]
        self._drop_conditions(given, texts)
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        times = _times(len(batch))
        signal = self.kept[times].sqrt()[:, None, None, None]
        noisy = signal * target + (1 - signal**2).sqrt() * torch.randn_like(target)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.family(noisy.contiguous(memory_format=torch.channels_last), times, tokens, given)
        return ((made.float() - target).square() * self.weights).mean()

    def _drop_conditions(self, given: Tensor, texts: list[str]) -> None:
        """Drop the text or the source of some pairs, in place, so that guidance has an unconditional prediction."""
        for index, draw in enumerate(torch.rand(len(texts)).tolist()):
            if draw < NO_TEXT + NEITHER:
                texts[index] = ""
            if NO_TEXT <= draw < NO_TEXT + NEITHER + NO_SOURCE:
                given[index] = 0

    def _averaged(self) -> Family:
        family = Family(self.tokenizer)
        family.load_state_dict(self.trainer.average, strict=False)  # all but position numbers, which are constants
        return family.eval()

    def _report(self) -> None:
        """Save everything, then judge what the running average makes of the held-out photos."""
        self.trainer.save()
        family = self._averaged()
        figures = judge(family, self.vae, self.tokenizer, scheduler(), self.pictures, self.folder / "samples.png")
        self.trainer.log_figures(self.loss.value, figures)
        family.unet.half().save_pretrained(self.folder / "unet")
        family.text.half().save_pretrained(self.folder / "text_encoder")
        self.tokenizer.save_pretrained(self.folder / "tokenizer")
        scheduler().save_pretrained(self.folder / "scheduler")


def _times(count: int) -> Tensor:
    """Return times to train at: half of them any, a quarter near pure noise, a quarter at it.

    At pure noise only the text says what is requested, and a run of few steps depends on its first.
    """
    times = torch.randint(TIMES, (count,))
    times[::4] = torch.randint(TIMES * 9 // 10, TIMES, times[::4].shape)
    times[1::4] = TIMES - 1
    return times


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "denoiser", minutes=90, every=300, batch=16, rate=7e-4)
    arguments.add_vae(parser)
    parser.add_argument(
        "--from",
        dest="start",
        type=Path,
        help="folder of a trained family to continue from; its text encoder is not trained",
    )
    parser.add_argument("--vocabulary", type=Path, help="bpe_simple_vocab_16e6.txt.gz; open_clip_torch's by default")
    parser.add_argument(
        "--until", type=float, help="stop after this many of those minutes, to continue with another --size"
    )
    arguments.add_side(parser, "--size", 192, 32)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
