"""How weights are read."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import EngineFailed
from tests.support import tiny
from tests.support.places import ROOT
from tests.support.tiny_parts import seeded, text_encoder
from tests.worker.networks.checkers import write_checker
from worker.components import Components, Weights
from worker.networks import captioner, safety_checker
from worker.networks.weights import load_float32
from worker.residency.engines import Residents

CATALOGUE = load_catalogue()
WHOLE = ["sdxl-refined", "sd15-depth", "kandinsky22", "flux-kontext", "flux2-klein", "qwen-image-edit"]
"""Engines that together load every network of the full-size families."""
SHIPPED = {
    "starter": {"cleaner", "text_encoder", "unet", "vae"},
    "feature-diffusion": {"feature-diffusion", "mobilenet-v2", "vae"},
    "vqgan-transformer": {"vqgan-transformer", "vqgan"},
    "vae": {"patches", "picture"},
    "dcgan": {"generator"},
    "adain": {"adain", "mobilenet-v2"},
}
"""Engines that ship, and the folders of the networks that each loads."""


def test_weights_of_two_precisions_are_read_as_they_are(tmp_path: Path) -> None:
    seeded(0)
    model = text_encoder()
    model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    halved = {name: one.half() if "embedding" in name else one for name, one in load_file(file).items()}
    save_file(halved, file, {"format": "pt"})
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | {"dtype": "float16"}))
    found, exact = load_float32(CLIPTextModel, tmp_path).state_dict(), model.state_dict()
    assert all(one.dtype is torch.float32 for one in found.values() if one.is_floating_point())
    assert all(torch.equal(found[name], one) for name, one in exact.items() if "embedding" not in name)


def spoilt(file: Path) -> list[str]:
    """Take one tensor out of a file, give another a wrong shape and add a third; return what they are called."""
    tensors = load_file(file)
    tied = ("embed", "shared", "wte")
    there = sorted(name for name, one in tensors.items() if one.ndim > 1 and not any(part in name for part in tied))
    dropped, bent = there[0], there[-1]
    del tensors[dropped]
    tensors[bent] = tensors[bent][..., :1].repeat_interleave(tensors[bent].shape[-1] + 1, -1).contiguous()
    save_file(tensors | {"stray.weight": torch.zeros(2)}, file, {"format": "pt"})
    if not file.name.startswith("diffusion"):  # transformers renames what is in its older files
        dropped = bent = ""
    return [f"missing: {dropped}", f"of another shape: {bent}", "unexpected: stray.weight"]


def networks(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.safetensors") if "lora" not in path.name)


@pytest.mark.parametrize("name", WHOLE)
def test_no_network_of_an_engine_loads_with_other_weights_than_its_own(tmp_path: Path, name: str) -> None:
    spec = CATALOGUE.find(name)
    for need in spec.needs:
        tiny.MAKERS[need](tmp_path / need)
    files = networks(tmp_path)
    assert len(files) >= 3
    for file in files:
        whole = file.read_bytes()
        told = spoilt(file)
        residents = Residents(Components(Weights(tmp_path, tmp_path), "cpu", "float32"), 10**12)
        with pytest.raises(EngineFailed) as caught:
            residents.engine(spec)
        assert all(one in caught.value.detail for one in told), (file, caught.value.detail)
        file.write_bytes(whole)


@pytest.mark.parametrize(("name", "read"), SHIPPED.items())
def test_nor_does_one_that_ships(tmp_path: Path, name: str, read: set[str]) -> None:
    spec, refused = CATALOGUE.find(name), set()
    for need in spec.needs:
        shutil.copytree(ROOT / "weights" / need, tmp_path / need)
    for file in networks(tmp_path):
        whole = file.read_bytes()
        spoilt(file)
        residents = Residents(Components(Weights(tmp_path, tmp_path), "cpu", "float32"), 10**12)
        with suppress(EngineFailed):
            residents.engine(spec)
        if spec.name not in residents.names():
            refused.add(file.parent.name)
        file.write_bytes(whole)
    assert refused == read


def test_nor_do_those_beside_the_engines(tmp_path: Path) -> None:
    tiny.captioner(tmp_path / "captioner")
    write_checker(tmp_path / "checker", fires=False)
    for load in (
        lambda: captioner.load(tmp_path / "captioner", "cpu", torch.float32),
        lambda: safety_checker.load(tmp_path / "checker", "cpu"),
    ):
        load()
    told = [spoilt(tmp_path / name / "model.safetensors") for name in ("captioner", "checker")]
    with pytest.raises(OSError, match="holds no whole Blip") as caught:
        captioner.load(tmp_path / "captioner", "cpu", torch.float32)
    assert all(one in str(caught.value) for one in told[0])
    with pytest.raises(OSError, match="holds no whole StableDiffusionSafetyChecker") as caught:
        safety_checker.load(tmp_path / "checker", "cpu")
    assert all(one in str(caught.value) for one in told[1])


def test_a_file_that_was_cut_short_is_told_of(tmp_path: Path) -> None:
    text_encoder().save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(OSError, match="holds no CLIPTextModel"):
        load_float32(CLIPTextModel, tmp_path)


@pytest.mark.parametrize("kind", [torch.int8, torch.float8_e4m3fn])
def test_quantised_weights_are_refused_by_name(tmp_path: Path, kind: torch.dtype) -> None:
    """Taken for plain numbers they would load, and make noise."""
    text_encoder().save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    name = next(name for name in sorted(tensors) if name.endswith("mlp.fc1.weight"))
    save_file(tensors | {name: tensors[name].to(kind)}, file, {"format": "pt"})
    with pytest.raises(OSError, match="not in floating point") as caught:
        load_float32(CLIPTextModel, tmp_path)
    assert name in str(caught.value) and str(caught.value).endswith("pull these weights anew")
