import cv2
import numpy as np
import pytest

from likeness.imaging.metrics.drift import drift
from tests.imaging.metrics.pairs import textured

LARGE = textured(256, 320)


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, 0), (-7, 12), (0.5, -2.25), (1.3, 0.7), (20, -16)])
def test_a_known_shift_is_found(right, down):
    move = np.array([[1, 0, right], [0, 1, down]], dtype=np.float32)
    made = cv2.warpAffine(LARGE, move, (320, 256), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    assert drift(LARGE, made) == pytest.approx((right, down), abs=0.15)
    assert drift(made, LARGE) == pytest.approx((-right, -down), abs=0.15)


def test_nothing_to_go_by():
    flat = np.full((64, 64, 3), 0.5, dtype=np.float32)
    assert drift(flat, flat) is None
    assert drift(textured(15, 80), textured(15, 80)) is None
    assert drift(textured(64, 64), flat) is None
