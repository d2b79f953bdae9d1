"""A broad hanger above a garment's neck goes; cloth, and what lies before it, stays."""

import cv2
import numpy as np

from likeness.imaging.packshot.taken_down import taken_down

CLOTH, WOOD, WALL = (60, 90, 170), (150, 100, 60), (215, 214, 210)
GARMENT = [(150, 130), (165, 150), (200, 160), (235, 150), (250, 130), (330, 160), (320, 390), (80, 390), (70, 160)]
HANGER = [(200, 80), (225, 90), (262, 160), (138, 160), (175, 90)]
OPENING = [(200, 112), (214, 114), (232, 150), (168, 150), (186, 114)]


def hung(hanger: tuple[int, int, int] | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture of a garment, on a hanger of that colour, and alpha (0..255) with and without the hanger."""
    rgb, whole, alone = (
        np.full((400, 400, 3), WALL, np.uint8),
        np.zeros((400, 400), np.uint8),
        np.zeros((400, 400), np.uint8),
    )
    if hanger:
        for plane, colour, hole in ((rgb, hanger, WALL), (whole, 255, 0)):
            cv2.fillPoly(plane, [np.array(HANGER)], colour)
            cv2.fillPoly(plane, [np.array(OPENING)], hole)
    cv2.fillPoly(rgb, [np.array(GARMENT)], CLOTH)
    cv2.fillPoly(alone, [np.array(GARMENT)], 255)
    noise = np.random.default_rng(0).normal(0, 5, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8), np.maximum(whole, alone), alone


def test_a_broad_hanger_goes_and_the_cloth_stays() -> None:
    rgb, alpha, alone = hung(WOOD)
    made = taken_down(rgb, alpha)
    far = cv2.dilate(alone, np.ones((9, 9), np.uint8)) == 0
    assert (alpha[far] > 127).sum() > 1500 and (made[far] > 127).sum() < 60
    assert (made[cv2.erode(alone, np.ones((9, 9), np.uint8)) == 255] == 255).all()


def test_a_garment_without_a_hanger_stays_as_it_is() -> None:
    rgb, alpha, _ = hung(None)
    assert taken_down(rgb, alpha) is alpha


def test_a_bar_before_the_cloth_stays_so_that_there_is_no_hole() -> None:
    rgb, alpha, _ = hung(WOOD)
    cv2.line(rgb, (150, 200), (250, 200), WOOD, 6)
    assert (taken_down(rgb, alpha)[197:204, 150:250] == 255).all()


def test_a_bite_out_of_one_shoulder_is_no_hanger() -> None:
    rgb, alpha, _ = hung(None)
    rgb[120:180, 250:290][alpha[120:180, 250:290] > 0] = WALL
    assert taken_down(rgb, alpha) is alpha
