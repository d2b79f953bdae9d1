"""The published files are not here; files of their layout, with random numbers, are."""

import hashlib
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.imaging.metrics.pairs import noisy, textured
from training import lpips
from worker.metrics.installed import LPIPS, PERCEPTUAL_FILES, ST_LPIPS
from worker.metrics.perceptual import PerceptualDistance, load


@pytest.fixture(scope="module")
def network() -> PerceptualDistance:
    torch.manual_seed(0)
    return PerceptualDistance()


def under(network: PerceptualDistance, names: list[str]) -> dict[str, torch.Tensor]:
    """The convolutions under published names, among layers that are not taken."""
    state = {"classifier.1.weight": torch.zeros(2, 2)}
    for name, conv in zip(names, network.convs, strict=True):
        state |= {f"{name}.weight": conv.weight.data, f"{name}.bias": conv.bias.data}
    return state


def linear(network: PerceptualDistance) -> dict[str, torch.Tensor]:
    return {f"lin{number}.model.1.weight": lin.weight.data for number, lin in enumerate(network.lins)}


def alexnet(folder, network):
    """Save it as published files are: with the digits that its sha256 begins with in its name."""
    torch.save(under(network, [f"features.{place}" for place in (0, 3, 6, 8, 10)]), folder / "alexnet.pth")
    digest = hashlib.sha256((folder / "alexnet.pth").read_bytes()).hexdigest()
    return (folder / "alexnet.pth").rename(folder / f"alexnet-owt-{digest[:8]}.pth")


def test_lpips_is_put_together_from_its_two_files(network, tmp_path, monkeypatch):
    torch.save(linear(network), tmp_path / "alex.pth")
    monkeypatch.setitem(lpips.SHA256, "alex.pth", hashlib.sha256((tmp_path / "alex.pth").read_bytes()).hexdigest())
    state = lpips.converted([alexnet(tmp_path, network), tmp_path / "alex.pth"], shift_tolerant=False)
    save_file(state, tmp_path / PERCEPTUAL_FILES[LPIPS])
    given = textured(40, 50)
    made = noisy(given, 0.2)
    assert load(tmp_path / PERCEPTUAL_FILES[LPIPS]).distance(given, made) == network.eval().distance(given, made)


def test_the_command_writes_st_lpips_where_a_worker_looks_for_it(network, tmp_path):
    names = ["net.slice1.0", "net.slice2.5", "net.slice3.9", "net.slice4.11", "net.slice5.13"]
    save_file(under(network, names) | linear(network), tmp_path / "st.safetensors")
    out = tmp_path / "models" / ST_LPIPS
    command = [sys.executable, "-m", "training.lpips", "--shift-tolerant", tmp_path / "st.safetensors", "--out", out]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "15 tensors, 2,470,848 numbers" in said
    assert load(out / PERCEPTUAL_FILES[ST_LPIPS], shift_tolerant=True).distance(textured(40, 40), textured(40, 40)) == 0


def test_a_file_that_is_not_the_published_one_is_refused(network, tmp_path):
    torch.save(linear(network), tmp_path / "alex.pth")
    with pytest.raises(ValueError, match=r"alex\.pth is not the published file"):
        lpips.published(tmp_path / "alex.pth")
    with pytest.raises(ValueError, match="not the published file"):
        lpips.published(alexnet(tmp_path, network).rename(tmp_path / "alexnet-owt-7be5be79.pth"))


def test_another_network_is_refused(network):
    state = under(network, [f"features.{place}" for place in (0, 3, 6, 8, 10)])
    state["features.3.weight"] = nn.Conv2d(64, 192, 3).weight.data
    with pytest.raises(ValueError, match="shapes are those of another network"):
        lpips.of_lpips(state, linear(network))
