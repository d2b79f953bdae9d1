import numpy as np
import pytest
from skimage.metrics import structural_similarity

from likeness.imaging.colour import luma
from likeness.imaging.metrics.ms_ssim import ms_ssim, scales
from tests.imaging.metrics.pairs import SIZES, noisy, textured


@pytest.mark.parametrize("size", SIZES)
def test_it_is_never_negative(size):
    given = textured(*size)
    assert 0 <= ms_ssim(given, noisy(given, 0.2)) < 1


@pytest.mark.parametrize(("side", "count"), [(1, 1), (21, 1), (22, 2), (175, 4), (176, 5), (5000, 5)])
def test_a_scale_is_used_when_the_window_fits(side, count):
    assert scales(side, 6000) == scales(6000, side) == count


def test_a_small_picture_is_measured_at_one_scale():
    given = textured(16, 20)
    made = noisy(given, 0.1)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1}
    assert ms_ssim(given, made) == pytest.approx(structural_similarity(luma(given), luma(made), **options), abs=1e-3)


def test_more_noise_is_worse_and_a_negative_is_worst():
    given = textured(180, 190)
    values = [ms_ssim(given, noisy(given, amount)) for amount in (0.02, 0.1, 0.4)]
    assert values == sorted(values, reverse=True)
    assert ms_ssim(given, 1 - given) == 0


def test_five_scales_agree_with_the_formula_written_out():
    given, made = (noisy(textured(200, 190), amount) for amount in (0.0, 0.1))
    expected = 1.0
    one, two = (luma(picture).astype(np.float64) for picture in (given, made))
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        expected *= _term(one, two, with_luminance=scale == 4) ** weight
        one, two = (_halved(plane) for plane in (one, two))
    assert ms_ssim(given, made) == pytest.approx(expected, abs=1e-4)


def _halved(plane):
    height, width = (side // 2 * 2 for side in plane.shape)
    return plane[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))


def _term(one, two, with_luminance):
    window = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2

    def mean(plane):
        return (np.lib.stride_tricks.sliding_window_view(plane, (11, 11)) * window).sum(axis=(2, 3))

    m1, m2 = mean(one), mean(two)
    v1, v2, cov = mean(one**2) - m1**2, mean(two**2) - m2**2, mean(one * two) - m1 * m2
    structure = (2 * cov + 0.03**2) / (v1 + v2 + 0.03**2)
    luminance = (2 * m1 * m2 + 0.01**2) / (m1**2 + m2**2 + 0.01**2)
    return (structure * luminance if with_luminance else structure).mean()
