"""The start of the DCGAN's generator."""

import pytest
import torch

from training.starts.eigen import EigenPictures, eigen_start
from worker.engines.dcgan import SIDE, DCGANGenerator


def pictures(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures of two classes, light above and light below, whose one colour varies, and their classes."""
    classes = torch.arange(count) % 2
    light = torch.full((count, 3, SIDE, SIDE), -0.5)
    for number, one in enumerate(classes):
        light[number, :, : SIDE // 2] += 0.6 * (1 - one)
        light[number, :, SIDE // 2 :] += 0.6 * one
    return light + 0.1 * torch.randn(count, 1, 1, 1), classes


def test_draws_have_the_means_and_the_spread_of_the_pictures() -> None:
    torch.manual_seed(0)
    given, classes = pictures(400)
    drawn = EigenPictures(given, classes, 4).drawn(torch.randn(4000, 4), torch.arange(4000) % 2)
    for one in (0, 1):
        real, made = given[classes == one], drawn[one::2]
        assert made.mean(0) == pytest.approx(real.mean(0), abs=0.02)
        assert made.std(0) == pytest.approx(real.std(0), rel=0.1)


def test_the_generator_comes_to_draw_so() -> None:
    torch.manual_seed(0)
    given, classes = pictures(60)
    generator = DCGANGenerator(("above", "below"), (0.5, 0.5), latents=8, told=4, widths=(32, 16, 16, 16))
    errors = list(eigen_start(generator, EigenPictures(given, classes, 8), 16, 80))
    assert len(errors) == 80 and sum(errors[-5:]) < 0.5 * sum(errors[:5])
