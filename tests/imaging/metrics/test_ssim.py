import numpy as np
import pytest
from skimage.metrics import structural_similarity

from likeness.imaging.metrics.ms_ssim import ms_ssim
from likeness.imaging.metrics.ssim import ssim
from tests.imaging.metrics.pairs import SIZES, noisy, textured


@pytest.mark.parametrize("size", [size for size in SIZES if min(size) >= 11])
@pytest.mark.parametrize("amount", [0.01, 0.1, 1.0])
def test_it_agrees_with_skimage(size, amount):
    given = textured(*size)
    made = noisy(given, amount)
    oracle = structural_similarity(
        given, made, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=2
    )
    assert ssim(given, made) == pytest.approx(oracle, abs=1e-3)


@pytest.mark.parametrize("metric", [ssim, ms_ssim])
@pytest.mark.parametrize("size", SIZES)
def test_equal_images_have_one_and_it_is_symmetric(size, metric):
    given = textured(*size)
    made = noisy(given, 0.2)
    assert metric(given, given) == pytest.approx(1, abs=1e-6)
    assert metric(given, made) == pytest.approx(metric(made, given), abs=1e-6)
    assert metric(given, made) < 1


def test_flat_black_against_white_is_all_but_nothing():
    black = np.zeros((16, 16, 3), dtype=np.float32)
    assert ssim(black, black + 1) == pytest.approx(0.0001 / 1.0001, abs=1e-6)


def test_a_negative_has_a_negative_structure():
    given = noisy(np.full((32, 32, 3), 0.5, dtype=np.float32), 0.2)
    assert ssim(given, 1 - given) < -0.5
