"""Where the product is: a mask of what stands out in an image, by a small salient-object network.

The network is U2Net-p (Qin et al. 2020, "U^2-Net: Going Deeper with Nested U-Structure for Salient Object Detection",
arXiv:2005.09007), written from the paper: a U of eleven blocks, each of them a small U. Batch norms are folded into the
convolutions. weights/segmenter/README.md says where the weights are from; `training/segmenter.py` reads them.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from likeness.imaging.colour import Floats
from worker.networks.weights import to_channels_last

SIDE = 320
"""The network sees every image as a square of this many px, as in training."""

MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
SPREAD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
"""Mean and standard deviation of ImageNet, which the network was trained with."""

DOUBT = (0.25, 0.75)
"""Between these the network is not sure, and its map is not stretched to hide that."""

OUTER, INNER = 64, 16
"""Channels of a block's input and output, and within it, in the paper's small ("p") edition."""


class Block(nn.Module):
    """A residual U-block: N x `given` x H x W -> N x OUTER x H x W.

    It goes `depth - 1` steps down and up again. A pooled block (RSU-L) halves its size at each step; a dilated one
    (RSU-4F), for maps too small to be halved, spreads its kernels instead.
    """

    def __init__(self, given: int, depth: int, pooled: bool = True) -> None:
        super().__init__()
        self.pooled = pooled
        reach = [1] * (depth - 1) + [2] if pooled else [2**step for step in range(depth)]
        self.entry = _conv(given, OUTER)
        self.down = nn.ModuleList(_conv(OUTER if step == 0 else INNER, INNER, reach[step]) for step in range(depth - 1))
        self.bottom = _conv(INNER, INNER, reach[-1])
        self.up = nn.ModuleList(
            _conv(2 * INNER, OUTER if step == 0 else INNER, reach[step]) for step in reversed(range(depth - 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's U of `x`, added to its entry."""
        entry = F.relu(self.entry(x))
        passed = [F.relu(self.down[0](entry))]
        for conv in self.down[1:]:
            passed.append(F.relu(conv(_halved(passed[-1]) if self.pooled else passed[-1])))
        x = F.relu(self.bottom(passed[-1]))
        for conv, skip in zip(self.up, reversed(passed), strict=True):
            x = F.relu(conv(torch.cat([_as_large_as(skip, x), skip], 1)))
        return x + entry


class U2NetP(nn.Module):
    """N x 3 x H x W, normalised -> N x 1 x H x W, how surely each px belongs to what stands out, 0..1."""

    def __init__(self) -> None:
        super().__init__()
        shapes = [(7, True), (6, True), (5, True), (4, True), (4, False), (4, False)]
        self.encoder = nn.ModuleList(
            Block(OUTER if number else 3, depth, pooled) for number, (depth, pooled) in enumerate(shapes)
        )
        self.decoder = nn.ModuleList(Block(2 * OUTER, depth, pooled) for depth, pooled in reversed(shapes[:-1]))
        self.side = nn.ModuleList(_conv(OUTER, 1) for _ in shapes)
        self.fuse = nn.Conv2d(len(shapes), 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the fused map; the six side maps only serve it."""
        passed = [self.encoder[0](x)]
        for block in self.encoder[1:]:
            passed.append(block(_halved(passed[-1])))
        found = [passed.pop()]
        for block, skip in zip(self.decoder, reversed(passed), strict=True):
            found.append(block(torch.cat([_as_large_as(skip, found[-1]), skip], 1)))
        sides = [_as_large_as(x, side(level)) for side, level in zip(self.side, reversed(found), strict=True)]
        return torch.sigmoid(self.fuse(torch.cat(sides, 1)))


def _conv(given: int, made: int, reach: int = 1) -> nn.Conv2d:
    """Return a 3 x 3 convolution that keeps the size, its taps `reach` px apart."""
    return nn.Conv2d(given, made, 3, padding=reach, dilation=reach)


def _halved(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, ceil_mode=True)


def _as_large_as(other: Tensor, x: Tensor) -> Tensor:
    if x.shape[2:] == other.shape[2:]:
        return x
    return F.interpolate(x, size=other.shape[2:], mode="bilinear", align_corners=False)


class Segmenter:
    """A resident network that finds the product in an image."""

    def __init__(self, network: U2NetP) -> None:
        self.network = network

    def product(self, rgb: Floats) -> Floats:
        """Return the mask of H x W x 3 in 0..1 (upright; H, W >= 1): H x W in 0..1, 1 = product.

        The same image gives the same bytes on the same kind of device with the same number of threads.
        """
        height, width = rgb.shape[:2]
        mask = stretched(self.raw(prepared(rgb)))
        return np.clip(_resized(mask, height, width), 0, 1)

    @torch.inference_mode()
    def raw(self, square: Floats) -> Floats:
        """Return the network's map of SIDE x SIDE x 3 normalised pixels: SIDE x SIDE in 0..1."""
        device = next(self.network.parameters()).device
        pixels = torch.from_numpy(np.ascontiguousarray(square.transpose(2, 0, 1)))[None].to(device)
        found: Floats = self.network(pixels)[0, 0].cpu().numpy()
        return found


def prepared(rgb: Floats) -> Floats:
    """Return H x W x 3 in 0..1 as in the network's training: SIDE x SIDE x 3, normalised."""
    square = _resized(rgb, SIDE, SIDE)
    brightest = max(float(square.max()), 1 / 255)
    return (square / np.float32(brightest) - MEAN) / SPREAD


def stretched(found: Floats) -> Floats:
    """Return the map from its least to its most, as the authors do, but never from above DOUBT[0] or to below DOUBT[1].

    So an image with no product, or with nothing else, does not become noise between 0 and 1.
    """
    least, most = min(float(found.min()), DOUBT[0]), max(float(found.max()), DOUBT[1])
    return (found - np.float32(least)) / np.float32(most - least)


def _resized(plane: Floats, height: int, width: int) -> Floats:
    """Return H x W or H x W x 3 at another size: a side that shrinks is averaged, one that grows is interpolated."""
    old_height, old_width = plane.shape[:2]
    wide = cv2.resize(np.ascontiguousarray(plane), (width, old_height), interpolation=_interpolation(old_width, width))
    return np.asarray(
        cv2.resize(wide, (width, height), interpolation=_interpolation(old_height, height)), dtype=np.float32
    )


def _interpolation(old: int, new: int) -> int:
    return cv2.INTER_AREA if new < old else cv2.INTER_LINEAR


def load(weights: Path, device: str = "cpu") -> Segmenter:
    """Load `weights`/model.safetensors in float32. Raises OSError when it is not there or not this network's."""
    with torch.device("meta"):
        network = U2NetP()
    try:
        tensors = load_file(weights / "model.safetensors")
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    except (SafetensorError, RuntimeError) as error:
        raise OSError(f"{weights / 'model.safetensors'} does not hold the segmenter: {error}") from error
    return Segmenter(to_channels_last(network.eval(), device))
