"""Large tensors in windows: nothing is left out, and no seam shows."""

from fractions import Fraction

import torch
from torch.nn import functional as F

from worker.networks.windows import in_windows


@torch.inference_mode()
def test_windows_cover_everything_and_meet_without_a_seam() -> None:
    def soften(part: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(part, 3, 1, 1, count_include_pad=False)

    sample = torch.randn(1, 4, 40, 56, generator=torch.Generator().manual_seed(0)).cumsum(2).cumsum(3)
    made = in_windows(soften, sample, 24, 8)
    assert made.shape == sample.shape
    error = (made - soften(sample)).abs()
    assert error.max() < 0.2 * (sample - soften(sample)).abs().max(), "only where a window's own edge is"


def test_what_is_made_may_be_of_another_scale() -> None:
    """Bilinear enlarging looks one pixel far, so windows that overlap by more give what the whole gives."""
    sample = torch.randn(1, 2, 40, 24, generator=torch.Generator().manual_seed(0))

    def enlarge(part: torch.Tensor) -> torch.Tensor:
        return F.interpolate(part, scale_factor=8.0, mode="nearest")

    large = in_windows(enlarge, sample, 16, 4, scale=Fraction(8))
    assert torch.allclose(large, enlarge(sample), atol=1e-6)
    small = in_windows(lambda part: F.avg_pool2d(part, 8), large, 128, 32, scale=Fraction(1, 8), multiple=8)
    assert torch.allclose(small, sample, atol=1e-6)
