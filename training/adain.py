"""Train AdaIN's decoder: `python -m training.adain --data DATA --minutes 10.5`.

Huang & Belongie 2017 (arXiv:1703.06868): a frozen encoder, here the first layers of the feature network, its features
moved to the statistics of a style, and a decoder that learns to paint them, here over recoloured pixels. Content is
photos; styles come from training/data/textures.py. Style is compared by Gram matrices (Gatys et al. 2016). One in
four images keeps its own features and must come back unchanged, so that a style weight of 0 returns the original.
"""

import argparse
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from training.data.pictures import Crops, load_pictures
from training.data.textures import Styles
from training.loop import arguments
from training.loop.schedule import quarter_cosine
from training.loop.sheet import save_tensors
from training.loop.trainer import Trainer
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
"""One image in this many of a batch must come back unchanged."""
SHIFT = 16
"""The image is moved by less than this many px before it is judged: else what falls between the strides of the
encoder, a grid of dots, would cost nothing."""
POOL = 256
"""Styles that are kept; one new one a step replaces the oldest."""
SHOWN, SIDE = 6, 192
"""Held-out photos that are judged, with as many styles; px of their sides."""


class Run:
    """One run in a folder: the decoder, its running average, log.csv. Resumed from its state."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        torch.manual_seed(args.seed)
        self.encoder = folded(features.load(args.features))
        self.network = StyleDecoder().to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=args.rate, betas=(0.9, 0.99), fused=True)
        self.trainer = Trainer(folder, args, self.network, optimiser, quarter_cosine(args.rate, 50, 0.03), keep=0.995)
        pictures = load_pictures(args.data)
        self.held_out = [_square(photo) for photo in pictures.held_out[:SHOWN]]
        self.shown = [Styles(pictures, SIDE, seed).draw() for seed in range(SHOWN)]
        self.crops = Crops(pictures, args.size, args.seed + self.trainer.step)
        self.styles = Styles(pictures, args.size, args.seed + self.trainer.step)
        self.pool: deque[Style] = deque(maxlen=POOL)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run("adain", self._step, self._report)

    def _step(self) -> float:
        content = torch.from_numpy(self.crops.batch(self.args.batch)).add(1).div(2)
        return self.trainer.descend(self._loss(content.contiguous(memory_format=torch.channels_last), self._style()))

    def _style(self) -> "Style":
        """Return as many styles as a batch has images, one of them new."""
        while len(self.pool) < 4 * self.args.batch:
            self.pool.append(self._drawn())
        self.pool.append(self._drawn())
        chosen = self.styles.random.integers(len(self.pool), size=self.args.batch)
        return Style.collate([self.pool[index] for index in chosen])

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
            if self.trainer.step % 2:
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
        self.trainer.save()
        averaged = StyleDecoder()
        averaged.load_state_dict(self.trainer.average)
        figures = self._judged(averaged.eval())
        averaged.half().save_pretrained(self.folder / "decoder")
        self.trainer.log(f"{value:.4f}" for value in figures)

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
        save_tensors(self.folder / "samples.png", [row * 2 - 1 for row in rows])
        psnr = -10 * (same - content).square().mean((1, 2, 3)).log10()
        after, before = np.mean(errors, 0)
        return float(psnr.median()), float(after), float(before)

    def _painted(self, network: StyleDecoder, content: Tensor, style: "Style") -> Tensor:
        given = places_of(self.encoder, content, grad=False)
        moved = [adain(given[name], style.statistics[name]) for name in (DEEP, FINE)]
        return network(recoloured(content, style.statistics[COLOURS]), *moved).clamp(0, 1)


@dataclass(frozen=True)
class Style:
    """The target style of N images: statistics for AdaIN, and Gram matrices, by place."""

    statistics: dict[str, Statistics]
    grams: dict[str, Tensor]

    @classmethod
    def of(cls, encoder: FeatureNetwork, pixels: Tensor) -> "Style":
        """Return the styles of N x 3 x H x W in 0..1."""
        found = places_of(encoder, pixels, grad=False)
        measured = {name: statistics(found[name]) for name in (FINE, DEEP)}
        with torch.autocast("cpu", enabled=False):
            measured[COLOURS] = colours(pixels)
        return cls(measured, {name: gram(one) for name, one in found.items()})

    @classmethod
    def collate(cls, styles: list["Style"]) -> "Style":
        """Return several styles as one batch."""
        rows = {name: zip(*(one.statistics[name] for one in styles), strict=True) for name in (FINE, DEEP, COLOURS)}
        measured = {name: (torch.cat(mean), torch.cat(spread)) for name, (mean, spread) in rows.items()}
        return cls(measured, {name: torch.cat([one.grams[name] for one in styles]) for name in MOBILENET_STYLE})


def places_of(encoder: FeatureNetwork, pixels: Tensor, grad: bool = True) -> dict[str, Tensor]:
    """Return the features of every place of a style, in float32; without `grad` nothing can be learned through them."""
    with torch.set_grad_enabled(grad and torch.is_grad_enabled()):
        return {name: value.float() for name, value in tapped(encoder, pixels, MOBILENET_STYLE).items()}


def _but(first: Tensor, others: Tensor, count: int) -> Tensor:
    """Return rows of `others`, but the first `count` of them of `first`."""
    return torch.cat([first[:count], others[count:]])


def pixels_of(pictures: list[np.ndarray]) -> Tensor:
    """Return images of one size, uint8 RGB, as N x 3 x H x W in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def _square(photo: np.ndarray) -> np.ndarray:
    """Return the middle of a photo, SIDE x SIDE."""
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    image = Image.fromarray(photo[top : top + side, left : left + side])
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "adain", minutes=10.5, every=120, batch=8, rate=1.5e-3)
    arguments.add_features(parser)
    arguments.add_side(parser, "--size", 96, 16)
    parser.add_argument("--style-weight", type=float, default=30, help="of the style error beside the content error")
    parser.add_argument("--same-weight", type=float, default=50, help="of the squared error of what is to come back")
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
