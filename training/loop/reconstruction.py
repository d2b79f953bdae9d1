"""How the autoencoder and the VQGAN are judged: by whole held-out photos, encoded and decoded again."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.data.pictures import Pixels, canvas
from training.loop.sheet import save_tensors
from training.losses.reconstruction import similarity

MULTIPLE = 8
"""Photos are cut to multiples of so many px, the side of a latent."""
SHOWN, SIDE = 4, 256
"""Photos on the sheet, and the px of them that are shown."""

Reconstruct = Callable[[Tensor], Tensor]
"""From 1 x 3 x H x W in -1..1 to the same encoded and decoded."""


@torch.no_grad()
def judge(photos: list[Pixels], reconstruct: Reconstruct) -> tuple[float, float]:
    """Return median PSNR (dB) and mean SSIM of photos, H x W x 3."""
    psnr, ssim = [], []
    for photo in photos:
        given = canvas(photo, MULTIPLE)
        made = reconstruct(given)
        psnr.append(10 * math.log10(4 / float((made - given).square().mean())))
        ssim.append(float(similarity(made, given)))
    return float(np.median(psnr)), float(np.mean(ssim))


@torch.no_grad()
def save_sheet(path: Path, photos: list[Pixels], reconstruct: Reconstruct) -> None:
    """Save the first photos above their reconstructions, as a PNG."""
    given = [canvas(photo, MULTIPLE)[..., :SIDE, :SIDE] for photo in photos[:SHOWN]]
    save_tensors(path, [[one[0] for one in given], [reconstruct(one)[0] for one in given]])
