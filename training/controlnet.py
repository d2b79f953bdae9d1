"""Train what draws by a map of edges: `python -m training.controlnet --data DATA`.

It takes ControlNet's place (Zhang et al. 2023, arXiv:2302.05543); `worker/networks/starter.py` describes it.

At pure noise a map of edges shows where something ends, not which side is brighter. The mean of both is no edge,
and the mean square error rewards it; so gradient lengths are compared too (training/losses/edges.py).
"""

import argparse
from pathlib import Path

import torch
from diffusers.models import AutoencoderDC
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training.data.pairs import Pairs, TrainingTask
from training.data.pictures import load_pictures
from training.data.stream import Latents, Stream
from training.loop import arguments
from training.loop.judge import judge_control
from training.loop.schedule import quarter_cosine
from training.loop.trainer import Trainer
from training.losses.channel_weights import channel_weights
from training.losses.edges import Edges, edge_error
from worker.networks.starter import TIMES, StarterControlNet, kept

EDGES = 3.0
"""What the error of edges counts beside the mean square error, at pure noise."""
LEAST_NOISE = 0.05
"""Added to the variance of noise by which the error of the latents is divided."""
NO_TEXT = 0.1
"""Share of pairs trained without their text, for guidance."""
LEAST, REST = 1024, 4
"""Pairs kept from the beginning; steps for each of new ones."""
FROM = 100
"""Pairs are trained at times from it on."""
FITTED = 48
"""Crops that the linear decoder is fitted on."""


class Run:
    """One run in a folder: the network, its running average, log.csv, samples.png. Resumed from its state."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(args.family / "vae").float().eval()
        self.text = CLIPTextModel.from_pretrained(args.family / "text_encoder").float().eval().requires_grad_(False)
        self.tokenizer = CLIPTokenizer.from_pretrained(args.family / "tokenizer")
        self.network = StarterControlNet().to(memory_format=torch.channels_last)
        self.loss = 0.0
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=args.rate, betas=(0.9, 0.98), fused=True)
        self.trainer = Trainer(folder, args, self.network, optimiser, quarter_cosine(args.rate, 50, 0.03), keep=0.99)
        self.kept = kept(torch.arange(TIMES)).float()
        self.pictures = load_pictures(args.data)
        pairs = Pairs(self.pictures, args.size, args.seed + self.trainer.step)
        self.stream = Stream(pairs, self.vae, TrainingTask.CONTROL, LEAST, REST)
        self.weights = channel_weights(self.vae)
        self.edges = Edges(self.vae, torch.stack([pair.target for pair in self.stream.batch(FITTED)]))

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run("controlnet", self._step, self._report)

    def _step(self) -> float:
        loss = self.trainer.descend(self._error(self.stream.batch(self.args.batch)))
        self.loss += 0.03 * (loss - self.loss)
        return self.loss

    def _error(self, batch: list[Latents]) -> Tensor:
        """Return the error of the latents, the more the less noise there is, and that of their edges, the other way."""
        target = torch.stack([pair.target for pair in batch])
        times = torch.randint(FROM, TIMES, (len(batch),))
        times[: len(batch) * 3 // 4] = TIMES - 1
        left = self.kept[times][:, None, None, None]
        noisy = left.sqrt() * target + (1 - left).sqrt() * torch.randn_like(target)
        made = self._made(noisy, times, batch)
        errors = (made - target).square() * self.weights / (1 - left + LEAST_NOISE)
        edges = edge_error(self.edges.lengths(made), self.edges.lengths(target))
        return errors.mean() + EDGES * (edges * (1 - left.flatten())).mean()

    def _made(self, noisy: Tensor, times: Tensor, batch: list[Latents]) -> Tensor:
        maps = torch.stack([pair.control for pair in batch if pair.control is not None])
        texts = ["" if draw < NO_TEXT else pair.text for pair, draw in zip(batch, torch.rand(len(batch)), strict=True)]
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        with torch.autocast("cpu", torch.bfloat16):
            states = self.text(tokens).last_hidden_state
            return self.network.predicted(noisy, times[:, None], states, maps).float()

    def _averaged(self) -> StarterControlNet:
        network = StarterControlNet()
        network.load_state_dict(self.trainer.average)
        return network

    def _report(self) -> None:
        """Save everything, then judge what the running average makes of the held-out photos."""
        self.trainer.save()
        self._averaged().half().save_pretrained(self.folder / "controlnet")
        figures = judge_control(self.args.family, self._averaged(), self.pictures, self.folder / "samples.png")
        self.trainer.log([f"{self.loss:.4f}", *(f"{value:.3f}" for value in figures.values())], ["loss", *figures])


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "controlnet", minutes=13, every=180, batch=24, rate=1.5e-3)
    parser.add_argument("--family", type=Path, default=Path("weights/starter"), help="the other trained parts")
    parser.add_argument("--size", type=int, default=128, help="side of a training picture in px, a multiple of 32")
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
