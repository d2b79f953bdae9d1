"""Train AdaIN's decoder: `python -m training.adain --data DATA --minutes 10.5`.

Huang & Belongie 2017 (arXiv:1703.06868): a frozen encoder, here the first layers of the feature network, its features
moved to the statistics of a style, and a decoder that learns to paint them, here over recoloured pixels. Content is
photos; styles come from training/data/textures.py. Style is told by Gram matrices (Gatys et al. 2016). One in four
pictures keeps its own features and is to come back as it was, so that a weight of 0 gives the picture.
"""

import argparse
import csv
import math
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional as F

from training.data.pictures import Crops, load_pictures
from training.data.textures import Styles
from training.loop import state
from worker.networks import features
from worker.networks.features import FeatureNetwork
from worker.networks.style import (
    DEEP,
    FINE,
    MOBILENET_STYLE,
    Statistics,
    StyleDecoder,
    adain,
    colours,
    content_error,
    folded,
    gram,
    recoloured,
    statistics,
    style_error,
    tapped,
)

COLOURS = "colours"
"""Among a style's statistics: those of its pixels."""
SAME = 4
"""One in so many pictures of a batch is to come back as it was."""
SHIFT = 16
"""The picture is moved by less than this many px before it is judged: else what falls between the strides of the
encoder, a grid of dots, would cost nothing."""
POOL = 256
"""Styles that are kept; one new one a step replaces the oldest."""
SHOWN, SIDE = 6, 192
"""Held-out photos that are judged, with as many styles; px of their sides."""


class Run:
    """One run in a folder: the decoder, its running average, log.csv. It goes on from its state."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.encoder = folded(features.load(args.features))
        self.network = StyleDecoder().to(memory_format=torch.channels_last)
        self.average = state.start(self.network)
        self.step, self.seconds = 0, 0.0
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=args.rate, betas=(0.9, 0.99), fused=True)
        if (folder / state.FILE).exists():
            self.average, self.step, self.seconds = state.resume(folder, self.network, self.optimiser)
        pictures = load_pictures(args.data)
        self.held_out = [_square(photo) for photo in pictures.held_out[:SHOWN]]
        self.shown = [Styles(pictures, SIDE, seed).draw() for seed in range(SHOWN)]
        self.crops = Crops(pictures, args.size, args.seed + self.step)
        self.styles = Styles(pictures, args.size, args.seed + self.step)
        self.pool: deque[Style] = deque(maxlen=POOL)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        budget = self.args.minutes * 60
        with Progress() as progress:
            bar = progress.add_task("adain", total=budget, completed=self.seconds)
            saved = time.monotonic()
            while self.seconds < budget:
                self._step(self.seconds / budget)
                progress.update(bar, completed=self.seconds, description=f"step {self.step}")
                if time.monotonic() - saved > self.args.every:
                    self._report()
                    saved = time.monotonic()
        self._report()

    def _step(self, done: float) -> None:
        began = time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = self.args.rate * min(1.0, (self.step + 1) / 50) * (0.03 + 0.97 * math.cos(math.pi / 2 * done))
        content = torch.from_numpy(self.crops.batch(self.args.batch)).add(1).div(2)
        loss = self._loss(content.contiguous(memory_format=torch.channels_last), self._style())
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        state.follow(self.average, self.network, min(0.995, (1 + self.step) / (10 + self.step)))
        self.step += 1
        self.seconds += time.monotonic() - began

    def _style(self) -> "Style":
        """Return as many styles as a batch has pictures, one of them new."""
        while len(self.pool) < 4 * self.args.batch:
            self.pool.append(self._drawn())
        self.pool.append(self._drawn())
        chosen = self.styles.random.integers(len(self.pool), size=self.args.batch)
        return Style.together([self.pool[index] for index in chosen])

    def _drawn(self) -> "Style":
        with torch.autocast("cpu", torch.bfloat16):
            return Style.of(self.encoder, pixels_of([self.styles.draw()]))

    def _loss(self, content: Tensor, style: "Style") -> Tensor:
        """Return the loss of a batch; the first of SAME parts of it keeps its own style."""
        same = len(content) // SAME
        base = _but(content, recoloured(content, style.statistics[COLOURS]), same)
        with torch.autocast("cpu", torch.bfloat16):
            given = places_of(self.encoder, content, grad=False)
            aim = {name: _but(given[name], adain(given[name], style.statistics[name]), same) for name in (FINE, DEEP)}
            made = self.network(base, aim[DEEP], aim[FINE]).float()
            judged, move = made, [int(torch.randint(SHIFT, ())) for _ in range(2)]
            if self.step % 2:
                judged, content_moved = (F.pad(one, (move[0], 0, move[1], 0), "reflect") for one in (made, content))
                moved = places_of(self.encoder, content_moved, grad=False)
                aim = {name: _but(moved[name], adain(moved[name], style.statistics[name]), same) for name in aim}
            seen = places_of(self.encoder, judged)
        grams = {name: gram(value[same:]) for name, value in seen.items()}
        wanted = {name: value[same:] for name, value in style.grams.items()}
        kept = (made[:same] - content[:same]).square().mean()
        over = (made - made.clamp(0, 1)).square().mean()
        style_part = self.args.style_weight * style_error(grams, wanted)
        return content_error(seen, aim) + style_part + self.args.same_weight * kept + 10 * over

    def _report(self) -> None:
        """Save everything; log the median psnr of held-out photos in their own style, and the mean style error."""
        state.save(self.folder, self.network, self.average, self.optimiser, self.step, self.seconds)
        averaged = StyleDecoder()
        averaged.load_state_dict(self.average)
        figures = self._judged(averaged.eval())
        averaged.half().save_pretrained(self.folder / "decoder")
        with (self.folder / "log.csv").open("a") as log:
            csv.writer(log).writerow([self.step, f"{self.seconds:.0f}", *(f"{value:.4f}" for value in figures)])

    @torch.no_grad()
    def _judged(self, network: StyleDecoder) -> tuple[float, float, float]:
        """Return psnr in dB of photos in their own style, style error after and before, and save samples.png."""
        content = pixels_of(self.held_out)
        same = self._painted(network, content, Style.of(self.encoder, content))
        rows, errors = [torch.cat([torch.ones_like(content[:1]), one]) for one in (content, same)], []
        for shown in self.shown:
            pixels = pixels_of([shown])
            style = Style.of(self.encoder, pixels)
            made = self._painted(network, content, style)
            rows.append(torch.cat([pixels, made]))
            errors.append(
                [float(style_error(Style.of(self.encoder, one).grams, style.grams)) for one in (made, content)]
            )
        _save(rows, self.folder / "samples.png")
        psnr = -10 * (same - content).square().mean((1, 2, 3)).log10()
        after, before = np.mean(errors, 0)
        return float(psnr.median()), float(after), float(before)

    def _painted(self, network: StyleDecoder, content: Tensor, style: "Style") -> Tensor:
        given = places_of(self.encoder, content, grad=False)
        moved = [adain(given[name], style.statistics[name]) for name in (DEEP, FINE)]
        return network(recoloured(content, style.statistics[COLOURS]), *moved).clamp(0, 1)


@dataclass(frozen=True)
class Style:
    """What is asked of N pictures: statistics for AdaIN, and Gram matrices, by place."""

    statistics: dict[str, Statistics]
    grams: dict[str, Tensor]

    @classmethod
    def of(cls, encoder: FeatureNetwork, pixels: Tensor) -> "Style":
        """Return the styles of N x 3 x H x W in 0..1."""
        found = places_of(encoder, pixels, grad=False)
        told = {name: statistics(found[name]) for name in (FINE, DEEP)}
        with torch.autocast("cpu", enabled=False):
            told[COLOURS] = colours(pixels)
        return cls(told, {name: gram(one) for name, one in found.items()})

    @classmethod
    def together(cls, styles: list["Style"]) -> "Style":
        """Return several as one."""
        rows = {name: zip(*(one.statistics[name] for one in styles), strict=True) for name in (FINE, DEEP, COLOURS)}
        told = {name: (torch.cat(mean), torch.cat(spread)) for name, (mean, spread) in rows.items()}
        return cls(told, {name: torch.cat([one.grams[name] for one in styles]) for name in MOBILENET_STYLE})


def places_of(encoder: FeatureNetwork, pixels: Tensor, grad: bool = True) -> dict[str, Tensor]:
    """Return the features of every place of a style, in float32; without `grad` nothing can be learned through them."""
    with torch.set_grad_enabled(grad and torch.is_grad_enabled()):
        return {name: value.float() for name, value in tapped(encoder, pixels, MOBILENET_STYLE).items()}


def _but(first: Tensor, others: Tensor, count: int) -> Tensor:
    """Return rows of `others`, but the first `count` of them of `first`."""
    return torch.cat([first[:count], others[count:]])


def pixels_of(pictures: list[np.ndarray]) -> Tensor:
    """Return pictures of one size, uint8 RGB, as N x 3 x H x W in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def _square(photo: np.ndarray) -> np.ndarray:
    """Return the middle of a photo, SIDE x SIDE."""
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    image = Image.fromarray(photo[top : top + side, left : left + side])
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _save(rows: list[Tensor], sheet: Path) -> None:
    """Save rows of pictures as one."""
    whole = torch.cat([torch.cat(list(row), 2) for row in rows], 1)
    Image.fromarray((whole.permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()).save(sheet)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument("--features", type=Path, default=Path("weights/mobilenet-v2"), help="the feature network")
    parser.add_argument("--out", type=Path, default=Path("runs/adain"), help="where the run is kept; resumed if there")
    parser.add_argument("--minutes", type=float, default=10.5, help="running time in all")
    parser.add_argument("--every", type=float, default=120, help="seconds between checkpoints")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=96, help="side of a training picture in px, a multiple of 16")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--style-weight", type=float, default=30, help="of the style error beside the content error")
    parser.add_argument("--same-weight", type=float, default=50, help="of the squared error of what is to come back")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
