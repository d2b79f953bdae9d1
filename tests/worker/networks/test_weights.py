"""How weights are read."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from tests.support.tiny_parts import seeded, text_encoder
from worker.networks.weights import load_float32


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
