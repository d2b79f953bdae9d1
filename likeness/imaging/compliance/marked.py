"""A judged picture with what is wrong with it marked."""

import cv2
import numpy as np

from likeness.imaging.colour import Bytes
from likeness.imaging.packshot.cutout import Box, Where


def marked(rgb: Bytes, wrong: Where, box: Box | None) -> Bytes:
    """Return a picture (H x W x 3, 0..255), paler, with its offending pixels in magenta and its product in a frame."""
    made = (255 - (255 - rgb.astype(np.uint16)) * 2 // 3).astype(np.uint8)
    thick = max(1, min(rgb.shape[:2]) // 400)
    near = cv2.dilate(wrong.astype(np.uint8), np.ones((2 * thick + 1, 2 * thick + 1), np.uint8)) > 0
    made[near] = (255, 0, 200)
    if box is not None:
        left, top, right, bottom = box
        cv2.rectangle(made, (left, top), (right - 1, bottom - 1), (0, 140, 60), thick)
    return made
