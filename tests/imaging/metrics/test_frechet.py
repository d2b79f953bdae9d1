import numpy as np
import pytest
from scipy.linalg import sqrtm

from likeness.imaging.metrics.frechet import frechet_distance


def drawn(count: int, width: int, seed: int, shift: float = 0.0) -> np.ndarray:
    """Return features that hang together, N x D."""
    random = np.random.default_rng(seed)
    return random.standard_normal((count, width)) @ random.standard_normal((width, width)) + shift


def exactly(mean: np.ndarray, deviation: np.ndarray, seed: int) -> np.ndarray:
    """Return 40 x D features whose mean and standard deviations are as given and whose columns do not correlate."""
    noise = np.random.default_rng(seed).standard_normal((40, len(mean)))
    columns = np.linalg.qr(noise - noise.mean(0))[0] * np.sqrt(39)
    return columns * deviation + mean


def test_it_agrees_with_the_formula_by_scipy():
    a, b = drawn(60, 7, 1), drawn(45, 7, 2, shift=0.3)
    one, two = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    means = a.mean(0) - b.mean(0)
    expected = means @ means + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", [3, 4])
def test_gaussians_without_correlation_have_a_closed_form(seed):
    random = np.random.default_rng(seed)
    means, spreads = random.standard_normal((2, 5)), random.uniform(0.1, 3, (2, 5))
    a, b = (exactly(*pair) for pair in zip(means, spreads, (1, 2), strict=True))
    expected = np.square(means[0] - means[1]).sum() + np.square(spreads[0] - spreads[1]).sum()
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("count", [30, 9])
def test_it_is_0_for_the_same_set_in_any_order_and_symmetric(count):
    a, b = drawn(count, 12, 1), drawn(25, 12, 2)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a, b) > 0


def test_a_shift_counts_by_its_square_and_turning_both_sets_changes_nothing():
    a, b = drawn(50, 6, 1), drawn(50, 6, 2)
    assert frechet_distance(a, a + 2) == pytest.approx(6 * 4, rel=1e-9)
    turn = np.linalg.qr(np.random.default_rng(5).standard_normal((6, 6)))[0]
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(frechet_distance(a, b), rel=1e-9)
    assert frechet_distance(3 * a, 3 * b) == pytest.approx(9 * frechet_distance(a, b), rel=1e-9)


def test_more_noise_is_farther_and_float32_will_do():
    a = drawn(200, 8, 1)
    noise = np.random.default_rng(2).standard_normal(a.shape)
    values = [frechet_distance(a, a + amount * noise) for amount in (0.1, 0.5, 2)]
    assert values == sorted(values) and values[0] > 0
    assert frechet_distance(a.astype(np.float32), (a + noise).astype(np.float32)) == pytest.approx(
        frechet_distance(a, a + noise), rel=1e-4
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4))),
        (np.zeros((1, 3)), np.zeros((5, 3))),
        (np.zeros(5), np.zeros((5, 3))),
        (np.full((5, 3), np.nan), np.zeros((5, 3))),
    ],
)
def test_what_has_no_gaussian_is_refused(a, b):
    with pytest.raises(ValueError, match=r"N x D|two rows|not finite"):
        frechet_distance(a, b)
