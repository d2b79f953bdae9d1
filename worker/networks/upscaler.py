"""A product enlarged by a network that was trained to restore what a smaller picture lost, and held to that picture.

Swin2SR (Conde et al. 2022, "Swin2SR: SwinV2 Transformer for Compressed Image Super-Resolution and Restoration",
arXiv:2209.11345) in transformers' edition. What it makes is corrected by back-projection (Irani and Peleg, "Improving
Resolution by Image Registration", 1991), so that scaled down again it is the picture that was given.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from transformers import Swin2SRForImageSuperResolution

from likeness.imaging.colour import Bytes, Floats
from worker.networks.weights import load_pretrained, to_device

TILE, OVERLAP = 192, 16
"""Px of a tile, and of what it shares with the next; bounded memory."""
FILTER: Final = Image.Resampling.LANCZOS


class Upscaler:
    """A resident network that enlarges images by a whole factor."""

    def __init__(self, network: Swin2SRForImageSuperResolution, device: str) -> None:
        self.network: Any = to_device(network, device)
        self.factor: int = network.config.upscale
        self._device = device

    def enlarged(self, rgb: Bytes) -> Bytes:
        """Return H x W x 3 in 0..255 `factor` times as large (H, W >= 1)."""
        height, width = rgb.shape[:2]
        made = np.zeros((height * self.factor, width * self.factor, 3), np.float32)
        weight = np.zeros((*made.shape[:2], 1), np.float32)
        for top in _starts(height):
            for left in _starts(width):
                part = rgb[top : top + TILE, left : left + TILE]
                rows = slice(top * self.factor, (top + part.shape[0]) * self.factor)
                columns = slice(left * self.factor, (left + part.shape[1]) * self.factor)
                share = _hat(rows.stop - rows.start)[:, None, None] * _hat(columns.stop - columns.start)[None, :, None]
                made[rows, columns] += share * self._run(part)
                weight[rows, columns] += share
        return self._held_to(rgb, np.asarray(made / weight, np.float32))

    @torch.inference_mode()
    def _run(self, rgb: Bytes) -> Floats:
        spare = [(0, -side % self.network.config.window_size) for side in rgb.shape[:2]]
        whole = np.pad(rgb, [*spare, (0, 0)], mode="edge")  # the network's own padding needs more than a few px
        unit = np.ascontiguousarray(whole.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)
        found = self.network(pixel_values=torch.from_numpy(unit)[None].to(self._device)).reconstruction[0]
        height, width = (side * self.factor for side in rgb.shape[:2])
        shown: Floats = found[:, :height, :width].float().cpu().numpy()
        return np.nan_to_num(shown.transpose(1, 2, 0), nan=0.5).clip(0, 1)

    def _held_to(self, rgb: Bytes, made: Floats) -> Bytes:
        """Return what was made, 0..1, so corrected that scaled down it is `rgb`, to a grey level or so."""
        drawn = np.rint(made * 255).clip(0, 255).astype(np.uint8)
        small = np.asarray(Image.fromarray(drawn).resize(rgb.shape[1::-1], FILTER), np.float32)
        off, size = rgb - small, drawn.shape[1::-1]
        missed = [np.asarray(Image.fromarray(off[..., channel]).resize(size, FILTER)) for channel in range(3)]
        return np.rint(drawn + np.dstack(missed)).clip(0, 255).astype(np.uint8)


def _starts(side: int) -> list[int]:
    return list(range(0, max(1, side - OVERLAP), TILE - OVERLAP))


def _hat(length: int) -> Floats:
    """Return weights that fall off towards both ends, and are nowhere 0."""
    away = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
    return np.asarray(np.minimum(away, 2 * OVERLAP), np.float32)


def load(folder: Path, device: str) -> Upscaler:
    """Load the model in `folder` in float32. Raises OSError when it is not there or not whole."""
    return Upscaler(load_pretrained(Swin2SRForImageSuperResolution, folder, torch.float32), device)
