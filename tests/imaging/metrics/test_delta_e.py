import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from likeness.imaging.metrics.delta_e import ciede2000, delta_e, lab
from tests.imaging.metrics.pairs import SIZES, noisy, textured

BLUE, RED = (50, 0, -82.7485), (50, 2.5, 0)
PUBLISHED = [  # Sharma, Wu, Dalal 2005, table 1
    ((50, 2.6772, -79.7751), BLUE, 2.0425),
    ((50, 3.1571, -77.2803), BLUE, 2.8615),
    ((50, 2.8361, -74.0200), BLUE, 3.4412),
    ((50, -1.3802, -84.2814), BLUE, 1.0000),
    ((50, -1.1848, -84.8006), BLUE, 1.0000),
    ((50, -0.9009, -85.5211), BLUE, 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0010), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.49, -0.001), (50, -2.49, 0.0012), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0010, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    (RED, (50, 0, -2.5), 4.3065),
    (RED, (73, 25, -18), 27.1492),
    (RED, (61, -5, 29), 22.8977),
    (RED, (56, -27, -3), 31.9030),
    (RED, (58, 24, 15), 19.4535),
    (RED, (50, 3.1736, 0.5854), 1.0000),
    (RED, (50, 3.2972, 0), 1.0000),
    (RED, (50, 1.8634, 0.5757), 1.0000),
    (RED, (50, 3.2592, 0.3350), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "two", "difference"), PUBLISHED)
def test_the_published_pairs(one, two, difference):
    found = ciede2000(np.array(one, dtype=float), np.array(two, dtype=float))
    assert float(found) == pytest.approx(difference, abs=5e-5)


def test_it_agrees_with_skimage_on_random_colours():
    one, two = np.random.default_rng(0).random((2, 100, 100, 3), dtype=np.float32)
    assert np.allclose(np.moveaxis(lab(one), 0, 2), rgb2lab(one), atol=1e-3)
    oracle = deltaE_ciede2000(rgb2lab(one.astype(float)), rgb2lab(two.astype(float)))
    assert np.allclose(ciede2000(lab(one), lab(two)), oracle, atol=2e-3)
    assert delta_e(one, two) == pytest.approx(oracle.mean(), abs=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_equal_pictures_have_none_and_it_is_symmetric(size):
    given = textured(*size)
    made = noisy(given, 0.1)
    assert delta_e(given, given) == 0
    assert delta_e(given, made) == pytest.approx(delta_e(made, given), rel=1e-4)
    assert delta_e(given, made) > 0


def test_black_against_white_is_a_hundred():
    black = np.zeros((3, 3, 3), dtype=np.float32)
    assert delta_e(black, black + 1) == pytest.approx(100, abs=1e-3)
