"""Sample sheets: what a checkpoint makes, in rows of one PNG."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from likeness.imaging.colour import Floats


def save_tensors(path: Path, rows: Iterable[Iterable[Tensor]]) -> None:
    """Save rows of images, each 3 x H x W in -1..1; what lies outside is clipped."""
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1).clamp(-1, 1).add(1).mul(127.5).round()
    Image.fromarray(sheet.byte().permute(1, 2, 0).numpy()).save(path)


def save_images(path: Path, rows: Sequence[Sequence[Floats]]) -> None:
    """Save rows of images, each H x W x 3 in 0..1."""
    pixels = np.vstack([np.hstack(row) for row in rows])
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)
