"""Networks that give each picture the same numbers whatever shares its batch, however large it is."""

from copy import deepcopy

import pytest
import torch

from tests.support import tiny
from tests.support.tiny_parts import autoencoder
from worker.networks.batch_invariance import BatchInvariantUNet, MixedAutoencoder, in_precision, in_windows


@pytest.fixture(scope="module")
def unet() -> BatchInvariantUNet:
    torch.manual_seed(0)
    made = BatchInvariantUNet.from_config(tiny.unet().config).eval()
    made.paired = True
    return made


def given(rows: int, side: int = 8) -> tuple[torch.Tensor, int, torch.Tensor]:
    """Return noisy latents, a time and a prompt's states."""
    noise = torch.Generator().manual_seed(rows)
    return torch.randn(rows, 4, side, side, generator=noise), 500, torch.randn(rows, 77, 32, generator=noise)


@torch.inference_mode()
def test_it_takes_and_gives_float32_whatever_it_runs_in() -> None:
    torch.manual_seed(0)
    long = BatchInvariantUNet.from_config(tiny.unet().config).eval()
    short = deepcopy(long).to(torch.bfloat16)
    (exact,), (made,) = (one(*given(2), return_dict=False) for one in (long, short))
    assert short.precision is torch.bfloat16 and made.dtype is short.dtype is torch.float32
    assert 0 < (made - exact).abs().mean() < 0.05 * exact.abs().mean()


@torch.inference_mode()
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8])
def test_a_row_is_the_same_alone_and_in_any_number(unet: BatchInvariantUNet, rows: int) -> None:
    sample, _, states = given(8)
    whole = unet(sample, 500, states).sample
    assert torch.equal(unet(sample[:rows], 500, states[:rows]).sample, whole[:rows])


@torch.inference_mode()
def test_windows_cover_everything_and_meet_without_a_seam() -> None:
    def soften(part: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(part, 3, 1, 1, count_include_pad=False)

    sample = torch.randn(1, 4, 40, 56, generator=torch.Generator().manual_seed(0)).cumsum(2).cumsum(3)
    made = in_windows(soften, sample, 24, 8)
    assert made.shape == sample.shape
    error = (made - soften(sample)).abs()
    assert error.max() < 0.2 * (sample - soften(sample)).abs().max(), "only where a window's own edge is"


@torch.inference_mode()
def test_a_larger_sample_is_run_in_windows(unet: BatchInvariantUNet) -> None:
    sample, _, states = given(1, 24)
    whole = unet(sample, 500, states).sample
    unet.window, unet.overlap = 16, 8
    try:
        parts = unet(sample, 500, states).sample
        small = unet(sample[..., :16, :16], 500, states).sample
    finally:
        unet.window = None
    assert parts.shape == whole.shape and not torch.equal(parts, whole)
    assert torch.allclose(parts[..., :8, :8], small[..., :8, :8], atol=1e-5), "where no other window reaches"


@torch.inference_mode()
def test_an_autoencoder_encodes_in_short_numbers_and_decodes_in_long_ones() -> None:
    torch.manual_seed(0)
    made = MixedAutoencoder.from_config(autoencoder().config).eval()
    made.enable_slicing()
    pictures = torch.rand(3, 3, 32, 32) * 2 - 1
    exact = made.encode(pictures).latent_dist.mean
    shown = made.decode(exact).sample
    made.encoded_in = torch.bfloat16
    short = made.encode(pictures).latent_dist.mean
    assert short.dtype is torch.float32
    assert 0 < (short - exact).abs().mean() < 0.05 * exact.abs().mean()
    assert torch.equal(made.encode(pictures[1:2]).latent_dist.mean, short[1:2]), "the same alone"
    assert torch.equal(made.decode(exact).sample, shown)


def test_numbers_change_in_whatever_holds_them() -> None:
    made = in_precision({"a": [torch.ones(1), torch.ones(1, dtype=torch.long)], "b": (None, "x")}, torch.bfloat16)
    assert made["a"][0].dtype is torch.bfloat16 and made["a"][1].dtype is torch.long and made["b"] == (None, "x")
