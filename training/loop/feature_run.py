"""What the two recipes that recreate photos from features share: arguments, and how a checkpoint is judged."""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import CanvasSpec
from likeness.imaging.colour import Floats
from likeness.imaging.metrics.psnr import psnr
from likeness.imaging.metrics.ssim import ssim
from training.data.pictures import Pictures, Pixels
from training.loop import arguments
from training.loop.sheet import save_images
from worker.engine import Engine, EngineTask, silent
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
        made = [engine.generate([task], silent)[0] for task in tasks]
        rows.append(made)
        for metric in (psnr, ssim):
            scores = [metric(*pair) for pair in zip(photos, made, strict=True)]
            figures.append(float(np.median(scores)))
    save_images(sheet, rows)
    return figures


def _shot(photo: Pixels) -> Floats:
    """Return the middle of a photo, SIDE x SIDE x 3, 0..1."""
    top, left = ((side - SIDE) // 2 for side in photo.shape[:2])
    return np.asarray(photo[top : top + SIDE, left : left + SIDE] / np.float32(255), np.float32)


def settings(about: str | None, name: str, minutes: float, batch: int, rate: float) -> argparse.Namespace:
    """Parse the command line of a recipe."""
    parser = arguments.parser_of(about, name, minutes=minutes, every=300, batch=batch, rate=rate)
    arguments.add_features(parser)
    arguments.add_vae(parser)
    parser.add_argument("--crops", type=int, default=1024, help="crops kept in memory")
    parser.add_argument("--fresh", type=int, default=2, help="new crops for each step")
    arguments.add_side(parser, "--size", 96, 32)
    return parser.parse_args()
