"""Networks that give each picture the same numbers whatever shares its batch, however large it is."""

from copy import deepcopy

import pytest
import torch

from tests.support import tiny
from worker.networks.batch_invariance import BatchInvariantControlNet, BatchInvariantUNet, in_precision


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


def test_numbers_change_in_whatever_holds_them() -> None:
    made = in_precision({"a": [torch.ones(1), torch.ones(1, dtype=torch.long)], "b": (None, "x")}, torch.bfloat16)
    assert made["a"][0].dtype is torch.bfloat16 and made["a"][1].dtype is torch.long and made["b"] == (None, "x")


@torch.inference_mode()
@pytest.mark.parametrize("time", [999, 946.42])
def test_a_time_step_is_embedded_as_it_is(time: float) -> None:
    seen: list[torch.Tensor] = []
    for kind, config in (
        (BatchInvariantUNet, tiny.unet().config),
        (BatchInvariantControlNet, tiny.controlnet(tiny.unet()).config),
    ):
        network = kind.from_config(config).eval().to(torch.bfloat16)
        network.time_proj.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        sample, _, states = given(2)
        more = {} if kind is BatchInvariantUNet else {"controlnet_cond": torch.zeros(2, 3, 64, 64)}
        network(sample, torch.tensor(time), states, **more)
    assert [one.tolist() for one in seen] == [[torch.tensor(time).item()] * 2] * 2


@torch.inference_mode()
def test_sizes_are_embedded_as_they_are() -> None:
    network = BatchInvariantUNet.from_config(tiny.unet(large=True).config).eval().to(torch.bfloat16)
    seen: list[torch.Tensor] = []
    network.add_time_proj.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    sample, time, _ = given(1)
    added = {"text_embeds": torch.zeros(1, 32), "time_ids": torch.tensor([[1365.0, 2047, 0, 0, 1023, 767]])}
    network(sample, time, torch.zeros(1, 77, 64), added_cond_kwargs=added)
    assert seen[0].tolist() == [1365, 2047, 0, 0, 1023, 767]
