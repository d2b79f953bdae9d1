"""Large tensors run through a network in overlapping windows, which are blended where they meet."""

from collections.abc import Callable, Iterable
from fractions import Fraction

import torch
from torch import Tensor

from likeness.imaging.tiles import boxes

Span = tuple[int, int]
"""Where a window begins along a side, and the first place behind it."""


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
    parts = boxes(height, width, side, overlap, multiple)
    reach = int(overlap * scale)
    down = _weights({_scaled((box.top, box.bottom), scale) for box in parts}, reach)
    across = _weights({_scaled((box.left, box.right), scale) for box in parts}, reach)
    total = None
    for box in parts:
        made = run(sample[..., box.top : box.bottom, box.left : box.right])
        if total is None:  # how many channels it has is known from here
            total = made.new_zeros(len(made), made.shape[1], int(height * scale), int(width * scale))
        rows, columns = _scaled((box.top, box.bottom), scale), _scaled((box.left, box.right), scale)
        weight = (down[rows][:, None] * across[columns]).to(made.device, made.dtype)
        total[..., slice(*rows), slice(*columns)] += made * weight
    assert total is not None  # noqa: S101  there is a window in any sample
    return total


def _scaled(span: Span, scale: Fraction) -> Span:
    return int(span[0] * scale), int(span[1] * scale)


def _weights(spans: Iterable[Span], overlap: int) -> dict[Span, Tensor]:
    """Return the weights of each window along one side: they fall where a neighbour is, and add up to 1 everywhere."""
    length = max(end for _, end in spans)
    lines = {span: _line(span, length, overlap) for span in spans}
    total = torch.zeros(length)
    for (start, end), line in lines.items():
        total[start:end] += line
    return {(start, end): line / total[start:end] for (start, end), line in lines.items()}


def _line(span: Span, length: int, overlap: int) -> Tensor:
    start, end = span
    rise = (torch.arange(overlap) + 1) / (overlap + 1)
    line = torch.ones(end - start)
    if start > 0:
        line[:overlap] *= rise[: len(line)]
    if end < length:
        line[-overlap:] *= rise.flip(0)[-len(line) :]
    return line
