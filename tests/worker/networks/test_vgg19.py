"""VGG19's convolutions, read from the layout of the published file."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tests.support import tiny
from worker.networks.features import MEAN, SPREAD
from worker.networks.vgg19 import DEPTHS, NAMES, load, places


def test_it_gives_what_the_published_row_of_layers_gives_with_mean_pools(tmp_path: Path) -> None:
    tiny.vgg19(tmp_path / "vgg19")
    network = load(tmp_path / "vgg19")
    tensors = load_file(tmp_path / "vgg19/model.safetensors")
    row: list[nn.Module] = []
    for depth in DEPTHS:
        for _ in range(depth):
            convolution = nn.Conv2d(4 if row else 3, 4, 3, padding=1)
            convolution.weight.data = tensors[f"features.{len(row)}.weight"]
            convolution.bias.data = tensors[f"features.{len(row)}.bias"]
            row += [convolution, nn.ReLU()]
        row.append(nn.AvgPool2d(2))
    picture = torch.rand(1, 3, 48, 33, generator=torch.Generator().manual_seed(0))
    found = network(picture, NAMES)
    features = (picture - torch.tensor(MEAN)[:, None, None]) / torch.tensor(SPREAD)[:, None, None]
    activations = {number + 1: name for number, name in zip(places(), NAMES, strict=True)}
    for number, module in enumerate(row):
        features = module(features)
        if number in activations:
            assert torch.allclose(found[activations[number]], features, rtol=1e-3, atol=1e-5), activations[number]


def test_what_is_deeper_is_not_run(tmp_path: Path) -> None:
    tiny.vgg19(tmp_path / "vgg19")
    network = load(tmp_path / "vgg19")
    network.convolutions["conv3_2"].weight.data.fill_(float("nan"))
    found = network(torch.rand(1, 3, 16, 16), {"conv1_1", "conv3_1"})
    assert set(found) == {"conv1_1", "conv3_1"} and found["conv3_1"].isfinite().all()


@pytest.mark.parametrize("harm", ["missing", "other", "broken"])
def test_what_is_no_vgg19_is_refused(tmp_path: Path, harm: str) -> None:
    if harm == "other":
        save_file({"features.0.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "model.safetensors")
    if harm == "broken":
        (tmp_path / "model.safetensors").write_bytes(b"no safetensors")
    with pytest.raises(OSError, match=r"model\.safetensors"):
        load(tmp_path)
