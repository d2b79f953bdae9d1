"""Large tensors run through a network in overlapping windows, which are blended where they meet."""

from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor

from likeness.imaging.tiles import Box, boxes


def in_windows(
    run: Callable[[Tensor], Tensor],
    sample: Tensor,
    side: int,
    overlap: int,
    *,
    scale: Fraction = Fraction(1),
    multiple: int = 1,
) -> Tensor:
    """Return what `run` makes of a large sample, N x C x H x W, in overlapping windows of at most `side`, blended.

    Windows weigh less towards the edges they share. What `run` makes is `scale` times as large as what it is given;
    sides and corners of windows are multiples of `multiple`. Run at every step of a denoiser, this is MultiDiffusion
    (Bar-Tal et al. 2023, arXiv:2302.08113): neighbours agree before the next step.
    """
    height, width = sample.shape[2:]
    tall, wide = int(height * scale), int(width * scale)
    total, weights = sample.new_zeros(()), sample.new_zeros(1, 1, tall, wide)
    for box in boxes(height, width, side, overlap, multiple):
        made = run(sample[..., box.top : box.bottom, box.left : box.right])
        place = Box(*(int(edge * scale) for edge in (box.left, box.top, box.right, box.bottom)))
        weight = _ramp(place, tall, wide, int(overlap * scale)).to(made.device, made.dtype)
        if total.ndim == 0:  # how many channels it has is known from here
            total, weights = made.new_zeros(len(made), made.shape[1], tall, wide), weights.to(made)
        total[..., place.top : place.bottom, place.left : place.right] += made * weight
        weights[..., place.top : place.bottom, place.left : place.right] += weight
    return total.div_(weights)


def _ramp(box: Box, height: int, width: int, overlap: int) -> Tensor:
    """Return the weights of a window, h x w: 1 inside and at the image's own edges, less where a neighbour is."""
    along = [
        _line(box.bottom - box.top, box.top > 0, box.bottom < height, overlap),
        _line(box.right - box.left, box.left > 0, box.right < width, overlap),
    ]
    return along[0][:, None] * along[1][None, :]


def _line(length: int, before: bool, after: bool, overlap: int) -> Tensor:
    rise = (torch.arange(overlap) + 1) / (overlap + 1)
    line = torch.ones(length)
    if before:
        line[:overlap] *= rise[:length]
    if after:
        line[-overlap:] *= rise.flip(0)[-length:]
    return line
