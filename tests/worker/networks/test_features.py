"""The feature network: the shipped one on real photos, and both architectures, small, against their own forward."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    MobileNetV2Config,
    MobileNetV2Model,
    ResNetConfig,
    ResNetModel,
)

from tests.support.places import EXAMPLES
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.networks.features import LAYERS, MEAN, SPREAD, STRIDES, FeatureNetwork, load, load_shared

PIXELS = torch.rand(1, 3, 97, 61, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def shipped() -> FeatureNetwork:
    return load(WEIGHTS / "mobilenet-v2")


@pytest.fixture(params=["mobilenet", "resnet"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[MobileNetV2Model | ResNetModel, Path]:
    """A small network with random weights, and the folder that it was saved to."""
    torch.manual_seed(1)
    if request.param == "mobilenet":
        model = MobileNetV2Model(MobileNetV2Config(tf_padding=False, depth_multiplier=0.35, min_depth=4))
    else:
        model = ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 2, 1]))
    model.eval().save_pretrained(tmp_path)
    return model, tmp_path


def photo(name: str) -> torch.Tensor:
    """A photo that ships, 1 x 3 x 224 x 224 in 0..1."""
    rgb = np.asarray(Image.open(EXAMPLES / name).convert("RGB").resize((224, 224)), np.float32)
    return torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255


def test_both_architectures_have_the_same_layers_and_give_what_their_own_forward_gives(saved) -> None:
    model, folder = saved
    network = load(folder)
    found = network(PIXELS, LAYERS)
    normal = (PIXELS - torch.tensor(MEAN)[:, None, None]) / torch.tensor(SPREAD)[:, None, None]
    with torch.no_grad():
        states = model(normal, output_hidden_states=True).hidden_states
    ends = [1, 4, 11, 15] if isinstance(model, MobileNetV2Model) else [1, 2, 3, 4]
    for layer, end in zip(LAYERS, ends, strict=True):
        assert torch.allclose(found[layer], states[end], atol=1e-5), layer
        assert found[layer].shape[1] == network.widths[layer]


def test_a_layer_has_one_place_for_each_stride_of_pixels(shipped: FeatureNetwork) -> None:
    assert shipped.widths == {"stem": 16, "layer1": 24, "layer2": 32, "layer3": 96, "layer4": 320, "head": 1280}
    for height, width in ((97, 61), (64, 160), (1, 1)):
        found = shipped(torch.rand(2, 3, height, width), list(STRIDES))
        for layer, stride in STRIDES.items():
            assert found[layer].shape == (2, shipped.widths[layer], -(-height // stride), -(-width // stride))


def test_it_knows_what_a_photo_shows(shipped: FeatureNetwork) -> None:
    names = ("shirt-plaid.jpg", "sandals.jpg", "skirt-denim.jpg")
    straight = torch.cat([shipped.pooled(photo(name)) for name in names])
    turned = torch.cat([shipped.pooled(photo(name).flip(3) * 0.8) for name in names])
    alike = torch.cosine_similarity(straight[:, None], turned[None], dim=2)
    assert alike.argmax(1).tolist() == [0, 1, 2], "a photo is likest to itself mirrored and darker"
    assert alike.diagonal().min() > 0.8 > (alike - torch.eye(3)).max(), alike


def test_gradients_reach_the_pixels_and_never_the_network(shipped: FeatureNetwork) -> None:
    pixels = PIXELS.clone().requires_grad_()
    shipped.train()
    before = {name: value.clone() for name, value in shipped.state_dict().items()}
    shipped(pixels, ["layer2"])["layer2"].square().sum().backward()
    assert pixels.grad is not None and pixels.grad.abs().sum() > 0
    assert all(value.grad is None for value in shipped.parameters())
    assert all(torch.equal(value, before[name]) for name, value in shipped.state_dict().items())


def test_a_layer_that_is_not_there_is_named(shipped: FeatureNetwork) -> None:
    with pytest.raises(KeyError, match=r"no layer layer9; there are: stem, layer1"):
        shipped(PIXELS, ["layer1", "layer9"])


def test_engines_share_it() -> None:
    components = Components(Weights(WEIGHTS, WEIGHTS), "cpu")
    assert load_shared(components, "mobilenet-v2") is load_shared(components, "mobilenet-v2")


def test_what_is_no_feature_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mobilenet-v3"):
        load(tmp_path / "mobilenet-v3")
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    CLIPVisionModel(CLIPVisionConfig(**small)).save_pretrained(tmp_path / "other")
    with pytest.raises(OSError, match="clip_vision_model"):
        load(tmp_path / "other")
    MobileNetV2Model(MobileNetV2Config(depth_multiplier=0.35)).save_pretrained(tmp_path / "broken")
    (tmp_path / "broken/model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(OSError, match="broken holds no MobileNetV2Model"):
        load(tmp_path / "broken")
