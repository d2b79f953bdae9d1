import importlib
import sys
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from tests.imaging.metrics.pairs import noisy, textured
from tests.worker.metrics.models import save_perceptual
from worker.metrics.installed import LPIPS, ST_LPIPS
from worker.metrics.perceptual import LEAST_SIDE, MOST_PIXELS, load
from worker.metrics.sizes import bounded

SIZES = [(32, 32), (33, 47), (64, 96), (40, 130)]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    return {name: load(save_perceptual(models, name), shift_tolerant=name == ST_LPIPS) for name in (LPIPS, ST_LPIPS)}


def alexnet_features() -> nn.Sequential:
    """AlexNet as torchvision writes it: thirteen layers, of which LPIPS cuts five slices."""
    layers = [nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU()]
    layers += [nn.MaxPool2d(3, 2), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1)]
    layers += [nn.ReLU(), nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)]
    return nn.Sequential(*layers)


def shift_tolerant_features() -> nn.Sequential:
    """AlexNet as the paper changes it: its figure's layers in their order."""
    layers = [nn.Conv2d(3, 64, 11, 1, 2), BlurPool(), nn.ReLU(), nn.MaxPool2d(3, 1), BlurPool()]
    layers += [nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 1), BlurPool()]
    layers += [nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(256, 256, 3, padding=1), nn.ReLU())


class BlurPool(nn.Module):
    """Blur in NumPy, row by row and column by column, then take every second px."""

    def forward(self, x):
        padded = np.pad(x.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
        rows = (padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]) / 4
        both = (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4
        return torch.from_numpy(np.ascontiguousarray(both[:, :, ::2, ::2]))


def with_weights_of(network, features: nn.Sequential) -> nn.Sequential:
    convs = [layer for layer in features if isinstance(layer, nn.Conv2d)]
    for theirs, ours in zip(convs, network.convs, strict=True):
        theirs.load_state_dict(ours.state_dict())
    return features


@torch.no_grad()
def step_by_step(network, features: nn.Sequential, given, made) -> float:
    """The paper's formula in NumPy, on what follows each ReLU of another writing of the network."""
    total = 0.0
    stages = [[], []]
    for picture, found in zip((given, made), stages, strict=True):
        centred = (picture * 2 - 1 - np.array([-0.030, -0.088, -0.188])) / np.array([0.458, 0.448, 0.450])
        x = torch.tensor(centred.transpose(2, 0, 1)[None], dtype=torch.float32)
        for layer in features[:-1] if isinstance(features[-1], nn.MaxPool2d) else features:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(x[0].double().numpy())
    for lin, one, two in zip(network.lins, *stages, strict=True):
        units = [stage / (np.linalg.norm(stage, axis=0) + 1e-10) for stage in (one, two)]
        weighted = np.tensordot(lin.weight[0, :, 0, 0].double().numpy(), (units[0] - units[1]) ** 2, axes=1)
        total += weighted.mean()
    return total


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "features"), [(LPIPS, alexnet_features), (ST_LPIPS, shift_tolerant_features)])
def test_it_is_the_papers_formula(networks, name, features, size):
    given = textured(*size)
    made = noisy(given, 0.1)
    network = networks[name]
    oracle = step_by_step(network, with_weights_of(network, features()), given, made)
    assert network.distance(given, made) == pytest.approx(oracle, rel=1e-4)
    assert oracle > 1e-4


def test_it_agrees_with_the_reference_implementation(networks, monkeypatch):
    """The package lpips asks torchvision for AlexNet's layers and for nothing else; a stand-in has them."""
    models = ModuleType("torchvision.models")
    models.alexnet = lambda pretrained: SimpleNamespace(features=alexnet_features())
    package = ModuleType("torchvision")
    package.models = models
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    if importlib.util.find_spec("lpips") is None:
        pytest.skip("the package lpips, which pulls in torchvision, is not installed: pip install --no-deps lpips tqdm")
    reference = importlib.import_module("lpips").LPIPS(pretrained=False, pnet_rand=True, verbose=False)
    network = networks[LPIPS]
    for number in range(5):
        getattr(reference, f"lin{number}").model[1].load_state_dict(network.lins[number].state_dict())
    slices = [reference.net.slice1[0], reference.net.slice2[1], reference.net.slice3[1]]
    slices += [reference.net.slice4[0], reference.net.slice5[0]]
    for theirs, ours in zip(slices, network.convs, strict=True):
        theirs.load_state_dict(ours.state_dict())
    for size in SIZES:
        given = textured(*size)
        made = noisy(given, 0.1)
        pair = [torch.from_numpy(one.transpose(2, 0, 1)[None]) for one in (given, made)]
        with torch.no_grad():
            oracle = float(reference(*pair, normalize=True))
        assert network.distance(given, made) == pytest.approx(oracle, rel=1e-5)


@pytest.mark.parametrize("name", [LPIPS, ST_LPIPS])
def test_equal_pictures_are_at_0_and_it_is_symmetric_and_grows(networks, name):
    given = textured(48, 64)
    near, far = noisy(given, 0.02), noisy(given, 0.4)
    distance = networks[name].distance
    assert distance(given, given) == 0
    assert distance(given, far) == pytest.approx(distance(far, given), rel=1e-5)
    assert 0 < distance(given, near) < distance(given, far)


def test_a_large_picture_is_measured_reduced(networks):
    given = textured(700, 1100)
    made = noisy(given, 0.2)
    size = bounded(given, MOST_PIXELS).shape[1::-1]
    reduced = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (given, made)]
    assert size[0] * size[1] <= MOST_PIXELS
    assert size[0] / size[1] == pytest.approx(1100 / 700, rel=0.01)
    assert networks[LPIPS].distance(given, made) == networks[LPIPS].distance(*reduced)


@pytest.mark.parametrize("size", [(31, 64), (64, 31), (1, 1), (20, 60_000)])
def test_what_is_too_small_for_the_network_is_refused(networks, size):
    picture = np.zeros((*size, 3), np.float32)
    with pytest.raises(ValueError, match=f"shorter than {LEAST_SIDE} px"):
        networks[LPIPS].distance(picture, picture)


def test_a_file_of_something_else_is_refused(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        load(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("no tensors")
    with pytest.raises(OSError, match="does not hold"):
        load(tmp_path / "text.safetensors")
    save_file({"convs.0.weight": F.relu(torch.zeros(2, 2))}, tmp_path / "other.safetensors")
    with pytest.raises(OSError, match="does not hold"):
        load(tmp_path / "other.safetensors")
