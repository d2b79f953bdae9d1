import cv2
import numpy as np
import pytest

from likeness.imaging.metrics.edge_f1 import edge_f1
from tests.imaging.metrics.pairs import SIZES, noisy, textured


def square(left, side=64):
    picture = np.zeros((side, side, 3), dtype=np.float32)
    picture[16:48, left : left + 32] = 1
    return picture


@pytest.mark.parametrize("size", SIZES)
def test_equal_pictures_agree_wholly(size):
    given = textured(*size)
    assert edge_f1(given, given) == 1
    assert 0 <= edge_f1(given, noisy(given, 0.3)) <= 1


def test_edges_agree_within_two_pixels_and_not_beyond():
    assert edge_f1(square(16), square(18)) == 1
    assert edge_f1(square(16), square(20)) < 0.8


def test_without_edges_on_either_side():
    flat = np.full((64, 64, 3), 0.5, dtype=np.float32)
    assert edge_f1(flat, flat) == 1
    assert edge_f1(flat, noisy(flat, 0.005)) == 1
    assert edge_f1(flat, square(16)) == edge_f1(square(16), flat) == 0


def test_blur_loses_edges():
    given = textured(128, 128)
    values = [edge_f1(given, cv2.GaussianBlur(given, (0, 0), sigma)) for sigma in (1, 3, 8)]
    assert values == sorted(values, reverse=True) and values[-1] < 0.6
