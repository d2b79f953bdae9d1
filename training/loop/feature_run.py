"""What the two recipes that go back from features have in common: a run in a folder, its clock, log and samples."""

import argparse
import csv
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import Progress
from torch import nn
from torch.optim import Optimizer

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import CanvasSpec
from likeness.imaging.colour import Floats
from likeness.imaging.metrics.psnr import psnr
from likeness.imaging.metrics.ssim import ssim
from training.data.pictures import Pictures, Pixels
from training.loop import state
from worker.engine import Engine, EngineTask
from worker.networks.features import LAYERS, STRIDES, FeatureNetwork

SHARES = {"layer1": 0.2, "layer2": 0.2, "layer3": 0.4, "layer4": 0.2}
"""How often each layer is learned; the middle one is what the study used."""
JUDGED = 6
"""Held-out photos that a checkpoint is judged by."""
SIDE = 160
"""Px of the middle of each that are taken."""


def widths_of(network: FeatureNetwork) -> dict[str, int]:
    """Return the channels of each layer."""
    return {name: network.widths[name] for name in LAYERS}


def strides() -> dict[str, int]:
    """Return the stride of each layer."""
    return {name: STRIDES[name] for name in LAYERS}


class Clock:
    """The progress of a run, its state and its log: what it takes to stop and to go on."""

    def __init__(self, args: argparse.Namespace, network: nn.Module, optimiser: Optimizer) -> None:
        self.args, self.network, self.optimiser, self.folder = args, network, optimiser, args.out
        self.step, self.seconds = 0, 0.0
        self.average = state.start(network)
        if (self.folder / state.FILE).exists():
            self.average, self.step, self.seconds = state.resume(self.folder, network, optimiser)

    def restart(self) -> None:
        """Begin the running average anew, after the network was set to where it is to begin."""
        self.average = state.start(self.network)

    @property
    def done(self) -> float:
        """The share of the running time that is spent."""
        return min(1.0, self.seconds / (self.args.minutes * 60))

    @property
    def rate(self) -> float:
        """The learning rate as a share of the highest: it rises over 50 steps and falls by a cosine."""
        return min(1.0, (self.step + 1) / 50) * (0.02 + 0.98 * math.cos(math.pi / 2 * self.done) ** 2)

    def run(self, name: str, learn: Callable[[], None], report: Callable[[], None]) -> None:
        """Learn until `--minutes` of running time are spent, over all resumed runs together."""
        with Progress() as progress:
            bar, saved = progress.add_task(name, total=self.args.minutes * 60), time.monotonic()
            while self.done < 1:
                began = time.monotonic()
                for group in self.optimiser.param_groups:
                    group["lr"] = self.args.rate * self.rate * group.get("share", 1)
                learn()
                state.follow(self.average, self.network, min(0.995, (1 + self.step) / (10 + self.step)))
                self.step += 1
                self.seconds += time.monotonic() - began
                progress.update(bar, completed=self.seconds, description=f"{name}, step {self.step}")
                if time.monotonic() - saved > self.args.every:
                    report()
                    saved = time.monotonic()
        report()

    def save(self, figures: Sequence[float]) -> None:
        """Save the state and write a line of the log: step, seconds, figures."""
        state.save(self.folder, self.network, self.average, self.optimiser, self.step, self.seconds)
        with (self.folder / "log.csv").open("a") as log:
            csv.writer(log).writerow([self.step, f"{self.seconds:.0f}", *(f"{value:.4f}" for value in figures)])


def judge(name: str, make: Callable[[CanvasSpec], Engine], pictures: Pictures, sheet: Path) -> list[float]:
    """Return median psnr and ssim of held-out photos for each layer, by the catalogue's defaults, and save a sheet.

    The sheet has the photos above what was made of each layer.
    """
    spec = load_catalogue().find(name)
    settings = {key: one.default for key, one in spec.parameters.items()}
    photos, engine = [_shot(photo) for photo in pictures.held_out[:JUDGED]], make(spec.canvas)
    rows, figures = [photos], []
    for layer in LAYERS:
        tasks = [EngineTask(photo, 1, settings | {"layer": layer}) for photo in photos]
        made = [engine.generate([task], lambda step, steps, stage: None)[0] for task in tasks]
        rows.append(made)
        for metric in (psnr, ssim):
            scores = [metric(*pair) for pair in zip(photos, made, strict=True)]
            figures.append(float(np.median(scores)))
    pixels = np.vstack([np.hstack(row) for row in rows])
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(sheet)
    return figures


def _shot(photo: Pixels) -> Floats:
    """Return the middle of a photo, SIDE x SIDE x 3, 0..1."""
    top, left = ((side - SIDE) // 2 for side in photo.shape[:2])
    return photo[top : top + SIDE, left : left + SIDE].astype(np.float32) / 255


def averaged(network: nn.Module, average: state.Average) -> nn.Module:
    """Return a network with its running average; buffers as they are."""
    network.load_state_dict(average, strict=False)
    return network.eval()


def settings(about: str, out: str, minutes: float, batch: int, rate: float) -> argparse.Namespace:
    """Parse the command line of a recipe."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument("--features", type=Path, default=Path("weights/mobilenet-v2"), help="the feature network")
    parser.add_argument("--vae", type=Path, default=Path("weights/starter/vae"), help="the trained autoencoder")
    parser.add_argument("--out", type=Path, default=Path(out), help="where the run is kept; resumed if there")
    parser.add_argument("--minutes", type=float, default=minutes, help="running time in all")
    parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
    parser.add_argument("--crops", type=int, default=1024, help="crops kept in memory")
    parser.add_argument("--fresh", type=int, default=2, help="new crops for each step")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--size", type=int, default=96, help="side of a training crop in px, a multiple of 32")
    parser.add_argument("--rate", type=float, default=rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def seeded(args: argparse.Namespace) -> None:
    """Make the folder of the run, and chance as the seed says."""
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
