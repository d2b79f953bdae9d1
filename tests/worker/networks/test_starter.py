"""The denoiser's own seams, on networks small enough to build on the spot."""

import pytest
import torch
from diffusers.models import UNet2DConditionModel

from training.loop.family import scheduler
from worker.networks.batch_invariance import in_pairs
from worker.networks.starter import (
    CHANNELS,
    LATENTS,
    LOW,
    TIMES,
    StarterCleaner,
    StarterControlNet,
    StarterUNet,
    kept,
    whole,
)


def small() -> StarterUNet:
    torch.manual_seed(3)
    return StarterUNet(
        sample_size=8,
        in_channels=CHANNELS,
        out_channels=LATENTS,
        block_out_channels=(32, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=8,
    ).eval()


@torch.no_grad()
def test_what_is_missing_counts_as_no_mask_and_no_source() -> None:
    unet, noisy, text = small(), torch.randn(2, LATENTS, 8, 8), torch.randn(2, 4, 16)
    filled = torch.cat([noisy, torch.zeros(2, CHANNELS - LATENTS, 8, 8)], 1)
    assert torch.equal(unet(noisy, 10, text).sample, unet(filled, 10, text).sample)
    assert torch.equal(whole(filled), filled)


@torch.no_grad()
def test_it_predicts_the_difference_from_the_source() -> None:
    unet, text = small(), torch.randn(1, 4, 16)
    unet.conv_out.weight.zero_()
    unet.conv_out.bias.zero_()
    inputs = torch.randn(1, CHANNELS, 8, 8)
    assert torch.equal(unet(inputs, TIMES - 1, text).sample, inputs[:, LATENTS + 1 :]), "with a source: the source"
    alone = unet(inputs[:, :LATENTS], 300, text).sample
    assert torch.allclose(alone, inputs[:, :LATENTS] * kept(torch.tensor(300)).sqrt().float()), "without: the signal"


@torch.no_grad()
def test_a_cleaner_makes_the_base_at_low_noise_where_no_source_is() -> None:
    unet, noisy, text = small(), torch.randn(3, LATENTS, 8, 8), torch.randn(3, 4, 16)
    inputs = torch.randn(1, CHANNELS, 8, 8)
    asked = [(noisy, LOW - 1, text), (noisy, LOW, text), (inputs, 10, text[:1])]
    before = [unet(*one).sample for one in asked]
    unet.cleaner = StarterCleaner(width=8, depth=3)
    assert all(torch.allclose(unet(*one).sample, plain, atol=1e-6) for one, plain in zip(asked, before, strict=True))
    torch.nn.init.normal_(unet.cleaner.convolutions[-1].weight)
    same = [torch.equal(unet(*one).sample, plain) for one, plain in zip(asked, before, strict=True)]
    assert same == [False, True, True]
    mixed = unet(noisy, torch.tensor([10, LOW, 10]), text).sample
    assert torch.allclose(mixed[1], before[1][1], atol=1e-5)


@torch.no_grad()
def test_a_control_takes_as_much_of_the_prediction_as_its_weight_says() -> None:
    unet, noisy, text, maps = small(), torch.randn(3, LATENTS, 8, 8), torch.randn(3, 4, 16), torch.rand(3, 3, 64, 64)
    network = StarterControlNet(width=8, depth=3, text_width=16).eval()
    torch.nn.init.normal_(network.convolutions[-1].weight)
    whole_, mixed = network.predicted(noisy, torch.full((3, 1), 500), text, maps), unet(noisy, 500, text).sample
    for paired in (False, True):
        unet.paired = network.paired = paired
        for weight in (0.0, 0.25, 1.0, 1.5):
            down, mid = network(noisy, 500, text, maps, conditioning_scale=weight)
            made = unet(noisy, 500, text, down_block_additional_residuals=down, mid_block_additional_residual=mid)
            share = min(weight, 1)
            assert torch.allclose(made.sample, share * whole_ + (1 - share) * mixed, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("rows", [1, 2, 3, 6, 12])
def test_rows_in_pairs_are_the_same_in_any_number(rows: int) -> None:
    unet, inputs, text = small(), torch.randn(12, CHANNELS, 8, 8), torch.randn(12, 4, 16)
    unet.paired = True
    every = unet(inputs, 500, text).sample
    assert torch.equal(unet(inputs[:rows], 500, text[:rows]).sample, every[:rows])
    plain = UNet2DConditionModel.forward(unet, inputs, 500, text).sample
    assert torch.allclose(every - unet._base(inputs, 500), plain, atol=1e-5)


def test_pairs_leave_numbers_and_nested_residuals_in_order() -> None:
    rows = torch.arange(5.0)[:, None]
    down, mid = in_pairs(lambda down, mid, scale: ([one * scale for one in down], mid), 5, {
        "down": (rows, rows + 10), "mid": rows + 20, "scale": 2.0,
    })  # fmt: skip
    assert torch.equal(down[1], (rows + 10) * 2) and torch.equal(mid, rows + 20)


def test_the_schedule_is_the_one_that_diffusers_runs() -> None:
    assert torch.allclose(scheduler().alphas_cumprod.double(), kept(torch.arange(TIMES)), atol=1e-4)
    assert kept(torch.tensor(TIMES - 1)) == 0, "the last time is pure noise"
