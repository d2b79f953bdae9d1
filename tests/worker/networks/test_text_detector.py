"""The text detector finds what is printed on a picture, and nothing on a plain one."""

import cv2
import numpy as np
import pytest

from worker.config import WEIGHTS
from worker.networks.text_detector import TextDetector, load


@pytest.fixture(scope="module")
def detector() -> TextDetector:
    return load(WEIGHTS / "text-detector")


def page(*texts: tuple[str, tuple[int, int], float, tuple[int, int, int]]) -> np.ndarray:
    picture = np.full((480, 640, 3), 255, np.uint8)
    picture[150:400, 220:420] = (40, 90, 60)
    for text, place, size, colour in texts:
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 2)
    return picture


def test_a_badge_and_a_pale_watermark_are_found(detector: TextDetector) -> None:
    boxes = detector.texts(
        page(("SALE 50%", (340, 70), 1.4, (200, 0, 0)), ("(c) shop", (30, 450), 0.8, (205, 205, 205)))
    )
    places = sorted((box.left, box.top) for box in boxes)
    assert len(boxes) == 2 and places[0][0] < 60 and places[0][1] > 400 and 300 < places[1][0] < 360


def test_a_picture_without_text_has_none(detector: TextDetector) -> None:
    assert detector.texts(page()) == []


def test_boxes_are_in_the_pictures_own_px(detector: TextDetector) -> None:
    small = page(("NEW", (40, 80), 1.5, (0, 0, 0)))
    large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    one, other = detector.texts(small)[0], detector.texts(large)[0]
    assert np.allclose(np.array(other) / 3, np.array(one), atol=12)


def test_a_folder_without_it_is_told(tmp_path) -> None:
    with pytest.raises(OSError, match=r"graph\.json"):
        load(tmp_path)
