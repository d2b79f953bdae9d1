import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from likeness.imaging.metrics.psnr import psnr
from tests.imaging.metrics.pairs import SIZES, noisy, textured


@pytest.mark.parametrize("size", SIZES)
def test_it_agrees_with_skimage(size):
    given = textured(*size)
    made = noisy(given, 0.1)
    assert psnr(given, made) == pytest.approx(peak_signal_noise_ratio(given, made, data_range=1), abs=1e-3)
    assert psnr(given, made) == psnr(made, given)


def test_known_values():
    black = np.zeros((5, 4, 3), dtype=np.float32)
    assert psnr(black, black + np.float32(0.1)) == pytest.approx(20, abs=1e-4)
    assert psnr(black, black + 1) == pytest.approx(0, abs=1e-6)


def test_equal_and_all_but_equal_pictures_get_the_cap():
    given = textured(20, 20)
    assert psnr(given, given) == 100
    assert psnr(given, given + np.float32(1e-6)) == 100
