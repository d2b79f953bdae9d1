"""The numbers that networks run in."""

import pytest
import torch

from worker.components import pick_dtype

HALF, SHORT = torch.float16, torch.bfloat16


@pytest.mark.parametrize(
    ("quick", "published", "picked"),
    [(True, HALF, HALF), (True, SHORT, SHORT), (False, HALF, HALF), (False, SHORT, HALF)],
)
def test_on_a_gpu_networks_run_in_what_their_weights_come_in(
    monkeypatch: pytest.MonkeyPatch, quick: bool, published: torch.dtype, picked: torch.dtype
) -> None:
    """A GPU before Ampere only imitates bfloat16."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: quick)
    assert pick_dtype("auto", "cuda:0", published) is picked


def test_what_is_asked_for_is_taken_anywhere() -> None:
    for device in ("cpu", "cuda"):
        assert pick_dtype("float32", device, HALF) is torch.float32


def test_a_cpu_runs_in_what_it_is_quick_with() -> None:
    assert pick_dtype("auto", "cpu", HALF) in (torch.bfloat16, torch.float32)
