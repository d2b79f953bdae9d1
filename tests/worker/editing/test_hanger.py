"""A new background leaves the hanger out and says so; a mask that was sent is followed."""

import cv2
import numpy as np
import pytest

from worker.editing.canvas import AnalysedCanvas


@pytest.fixture
def hanging() -> tuple[np.ndarray, np.ndarray]:
    """Return a red garment on a black hook before a wall, H x W x 3, and where both are, H x W; in 0..1."""
    rgb = np.random.default_rng(0).normal(0.8, 0.015, (400, 400, 3)).astype(np.float32)
    mask = np.zeros((400, 400), np.float32)
    hook, garment = (np.array(points) for points in (HOOK, GARMENT))
    for plane, black, red in ((rgb, (0.08, 0.08, 0.1), (0.75, 0.15, 0.2)), (mask, 1, 1)):
        cv2.polylines(plane, [hook], False, black, 6, cv2.LINE_AA)
        cv2.fillPoly(plane, [garment], red, cv2.LINE_AA)
    return np.clip(rgb, 0, 1), mask


HOOK = [(180, 60), (185, 45), (200, 40), (212, 50), (208, 62), (200, 72), (200, 112)]
GARMENT = [(170, 110), (230, 110), (330, 140), (310, 380), (90, 380), (70, 140)]


def test_the_hanger_is_left_out(hanging: tuple[np.ndarray, np.ndarray]) -> None:
    rgb, mask = hanging
    shown = AnalysedCanvas(rgb, rgb.shape[:2], lambda _: mask, lambda _: None)
    assert shown.parted.alpha[40:90].max() < 0.15 and shown.parted.alpha[200, 200] == 1 and shown.hung


def test_a_sent_mask_keeps_it(hanging: tuple[np.ndarray, np.ndarray]) -> None:
    rgb, mask = hanging
    shown = AnalysedCanvas(rgb, rgb.shape[:2], lambda _: mask, lambda _: None, 1 - mask)
    assert shown.parted.alpha[80:100, 195:206].max() > 0.8 and not shown.hung
