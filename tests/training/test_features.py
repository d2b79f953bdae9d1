"""The published file is not here; one of its layout, with random numbers, is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from training.features import network, published, renamed
from worker.networks.features import MEAN, SPREAD, STRIDES, load

WIDTHS = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320]
"""Channels after each of torchvision's blocks, features.1 to features.17."""
SLOW = {2, 4, 7, 14}
"""Blocks that halve the picture."""
ENDS = {"stem": 1, "layer1": 3, "layer2": 6, "layer3": 13, "layer4": 17}
"""The last block of each layer."""


def kernels() -> Iterator[tuple[str, str, tuple[int, int, int, int]]]:
    """Yield the name of each convolution in torchvision's order, that of its norm, and its shape."""
    yield "features.0.0", "features.0.1", (32, 3, 3, 3)
    yield "features.1.conv.0.0", "features.1.conv.0.1", (32, 1, 3, 3)
    yield "features.1.conv.1", "features.1.conv.2", (16, 32, 1, 1)
    for block in range(2, 18):
        given, made = WIDTHS[block - 2 : block]
        begin, wide = f"features.{block}.conv", 6 * given
        yield f"{begin}.0.0", f"{begin}.0.1", (wide, given, 1, 1)
        yield f"{begin}.1.0", f"{begin}.1.1", (wide, 1, 3, 3)
        yield f"{begin}.2", f"{begin}.3", (made, wide, 1, 1)
    yield "features.18.0", "features.18.1", (1280, 320, 1, 1)


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    torch.manual_seed(0)
    state: dict[str, Tensor] = {}
    for conv, norm, shape in kernels():
        state[f"{conv}.weight"] = torch.randn(shape) * (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
        state[f"{norm}.weight"], state[f"{norm}.bias"] = torch.rand(shape[0]) + 0.5, torch.randn(shape[0]) / 4
        state[f"{norm}.running_mean"] = torch.randn(shape[0]) / 4
        state[f"{norm}.running_var"] = torch.rand(shape[0]) + 0.5
        state[f"{norm}.num_batches_tracked"] = torch.tensor(1)
    return state | {"classifier.1.weight": torch.zeros(1000, 1280), "classifier.1.bias": torch.zeros(1000)}


def layer(x: Tensor, tensors: dict[str, Tensor], conv: str, norm: str, stride: int = 1, linear: bool = False) -> Tensor:
    """Return a convolution with its norm, by the names in the file."""
    kernel = tensors[f"{conv}.weight"]
    groups = x.shape[1] // kernel.shape[1]
    x = F.conv2d(x, kernel, None, stride, kernel.shape[2] // 2, 1, groups)
    x = (x - tensors[f"{norm}.running_mean"][:, None, None]) / (
        tensors[f"{norm}.running_var"][:, None, None] + 1e-5
    ).sqrt()
    x = x * tensors[f"{norm}.weight"][:, None, None] + tensors[f"{norm}.bias"][:, None, None]
    return x if linear else x.clamp(0, 6)


def oracle(pixels: Tensor, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the features as the paper's table 2 computes them, block by block."""
    x = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(SPREAD)[:, None, None]
    x = layer(x, tensors, "features.0.0", "features.0.1", stride=2)
    x = layer(x, tensors, "features.1.conv.0.0", "features.1.conv.0.1")
    states = {1: layer(x, tensors, "features.1.conv.1", "features.1.conv.2", linear=True)}
    for block in range(2, 18):
        begin, x = f"features.{block}.conv", states[block - 1]
        wide = layer(x, tensors, f"{begin}.0.0", f"{begin}.0.1")
        deep = layer(wide, tensors, f"{begin}.1.0", f"{begin}.1.1", stride=2 if block in SLOW else 1)
        made = layer(deep, tensors, f"{begin}.2", f"{begin}.3", linear=True)
        states[block] = made + x if made.shape == x.shape else made
    found = {name: states[end] for name, end in ENDS.items()}
    return found | {"head": layer(states[17], tensors, "features.18.0", "features.18.1")}


def test_the_network_taken_over_computes_what_the_published_one_does(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    network(tensors).save_pretrained(tmp_path)
    pixels = torch.rand(1, 3, 75, 50, generator=torch.Generator().manual_seed(2))
    halves = {name: one.half().float() if one.ndim == 4 else one for name, one in tensors.items()}
    found, wanted = load(tmp_path)(pixels, list(STRIDES)), oracle(pixels, halves)
    for name in STRIDES:
        assert torch.allclose(found[name], wanted[name], rtol=1e-3, atol=1e-3), name


def test_another_network_is_refused(tensors: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match="shapes are those of another network"):
        renamed(tensors | {"features.2.conv.0.0.weight": torch.zeros(96, 8, 1, 1)})


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mobilenet_v2-b0353104.pth").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"not the published file: its sha256 is \w+, not b03531047ffa"):
        published(tmp_path / "mobilenet_v2-b0353104.pth")
