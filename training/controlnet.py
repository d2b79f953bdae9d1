"""Train what draws by a map of edges: `python -m training.controlnet --data DATA`.

It takes ControlNet's place (Zhang et al. 2023, arXiv:2302.05543); `worker/networks/starter.py` describes it.

At pure noise a map of edges shows where something ends, not which side is brighter. The mean of both is no edge,
and the mean square error rewards it; so gradient lengths are compared too (training/losses/edges.py).
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training.data.pairs import TrainingTask
from training.data.stream import Latents
from training.loop import arguments
from training.loop.judge import judge_control
from training.loop.latent_run import LatentRun
from training.loop.trainer import RunningMean
from training.losses.edges import Edges, edge_error
from worker.networks.starter import TIMES, StarterControlNet

EDGES = 3.0
"""What the error of edges counts beside the mean square error, at pure noise."""
LEAST_NOISE = 0.05
"""Added to the variance of noise by which the error of the latents is divided."""
NO_TEXT = 0.1
"""Share of pairs trained without their text, for guidance."""
FROM = 100
"""Pairs are trained at times from it on."""
FITTED = 48
"""Crops that the linear decoder is fitted on."""


class Run(LatentRun[StarterControlNet]):
    """A run of the control, with samples.png."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        super().__init__(folder, args, args.family / "vae", StarterControlNet, TrainingTask.CONTROL)
        self.text = CLIPTextModel.from_pretrained(args.family / "text_encoder").float().eval().requires_grad_(False)
        self.tokenizer = CLIPTokenizer.from_pretrained(args.family / "tokenizer")
        self.loss = RunningMean(0.03)
        self.edges = Edges(self.vae, torch.stack([pair.target for pair in self.stream.batch(FITTED)]))

    def step(self) -> float:
        """Train on one batch, most of it at pure noise, and return the running mean of the loss."""
        return self.loss.add(self.trainer.descend(self._error(self.stream.batch(self.args.batch))))

    def _error(self, batch: list[Latents]) -> Tensor:
        """Return the error of the latents, the more the less noise there is, and that of their edges, the other way."""
        target = torch.stack([pair.target for pair in batch])
        times = torch.randint(FROM, TIMES, (len(batch),))
        times[: len(batch) * 3 // 4] = TIMES - 1
        made = self._made(self.noised(target, times, torch.randn_like(target)), times, batch)
        noise = 1 - self.signal(times)
        errors = (made - target).square() * self.weights / (noise + LEAST_NOISE)
        edges = edge_error(self.edges.lengths(made), self.edges.lengths(target))
        return errors.mean() + EDGES * (edges * noise.flatten()).mean()

    def _made(self, noisy: Tensor, times: Tensor, batch: list[Latents]) -> Tensor:
        maps = torch.stack([pair.control for pair in batch if pair.control is not None])
        texts = ["" if draw < NO_TEXT else pair.text for pair, draw in zip(batch, torch.rand(len(batch)), strict=True)]
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        with torch.autocast("cpu", torch.bfloat16):
            states = self.text(tokens).last_hidden_state
            return self.network.predicted(noisy, times[:, None], states, maps).float()

    def report(self) -> None:
        """Save everything, then judge what the running average makes of the held-out photos."""
        self.trainer.save()
        self.averaged().half().save_pretrained(self.folder / "controlnet")
        figures = judge_control(self.args.family, self.averaged(), self.pictures, self.folder / "samples.png")
        self.trainer.log_figures(self.loss.value, figures)


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "controlnet", minutes=13, every=180, batch=24, rate=1.5e-3)
    parser.add_argument("--family", type=Path, default=Path("weights/starter"), help="the other trained parts")
    arguments.add_side(parser, "--size", 128, 32)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
