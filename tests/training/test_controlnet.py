"""The ControlNet's recipe, on data and a denoiser that the test makes."""

from argparse import Namespace
from pathlib import Path

import torch

from training import tokenizer as vocabulary
from training.autoencoder import build as build_vae
from training.controlnet import Run, build
from training.family import build_text, build_unet
from worker.denoiser import LATENTS, StarterControlNet


def test_it_begins_as_the_denoisers_way_down_and_has_an_effect_at_once() -> None:
    torch.manual_seed(0)
    unet = build_unet()
    torch.nn.init.normal_(unet.conv_out.weight, std=0.1)
    network = build(unet)
    assert torch.equal(network.conv_in.weight, unet.conv_in.weight)
    noisy, text, map_ = torch.randn(1, LATENTS, 8, 8), torch.randn(1, 4, 192), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        down, mid = network(noisy, 500, text, controlnet_cond=map_)
        made = unet(noisy, 500, text, down_block_additional_residuals=down, mid_block_additional_residual=mid).sample
        assert not torch.equal(made, unet(noisy, 500, text).sample)


def test_a_run_is_resumed_and_leaves_weights_that_load(data: Path, merges: Path, tmp_path: Path) -> None:
    family = tmp_path / "family"
    tokenizer = vocabulary.build(merges)
    build_vae().save_pretrained(family / "vae")
    build_unet().save_pretrained(family / "unet")
    build_text(tokenizer).save_pretrained(family / "text_encoder")
    tokenizer.save_pretrained(family / "tokenizer")
    settings = {"data": data, "family": family, "size": 64, "batch": 2, "rate": 1e-3, "seed": 1, "every": 1e9}
    Run(tmp_path / "run", Namespace(minutes=0.01, **settings)).train()
    resumed = Run(tmp_path / "run", Namespace(minutes=0.02, **settings))
    before = resumed.step
    assert before > 0
    resumed.train()
    steps = [int(row.split(",")[0]) for row in (tmp_path / "run/log.csv").read_text().splitlines()]
    assert steps == sorted(steps) and steps[-1] > before
    StarterControlNet.from_pretrained(tmp_path / "run/controlnet", use_safetensors=True)
