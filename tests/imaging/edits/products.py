"""Products to edit, with soft masks: a shaded one drawn by formula, a photo from the examples, and hard sizes."""

import cv2
import numpy as np
from PIL import Image

from tests.support.places import ROOT

PHOTO = ROOT / "examples" / "skirt-denim.jpg"
SIZES = [(1, 1), (1, 40), (37, 501), (64, 48)]


def disc(height, width):
    """Return the mask of an ellipse in the middle, H x W in 0..1, soft over a few px and 0 well outside."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = np.hypot((y - (height - 1) / 2) / max(height, 2), (x - (width - 1) / 2) / max(width, 2))
    return np.clip((0.35 - radius) * min(height, width) / 4 + 0.5, 0, 1).astype(np.float32)


def shaded(height, width):
    """Return a middling ball on a pale ground, H x W x 3 in 0..1, and its mask."""
    mask = disc(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 0.45 + 0.3 * np.cos(x / max(width, 2) * 3) * np.sin(y / max(height, 2) * 3)
    product = light[..., None] * np.array([0.9, 1.0, 1.1], dtype=np.float32)
    rgb = 0.85 * (1 - mask[..., None]) + product * mask[..., None]
    return np.clip(rgb, 0, 1).astype(np.float32), mask


def photographed():
    """Return a dark skirt, 256 px high, and a mask of the most of it."""
    photo = Image.open(PHOTO).convert("RGB")
    photo = photo.resize((round(photo.width * 256 / photo.height), 256), Image.Resampling.BOX)
    mask = np.zeros((256, photo.width), dtype=np.float32)
    cv2.fillPoly(mask, [np.array([[52, 70], [225, 70], [242, 190], [30, 190]])], 1.0)
    return np.asarray(photo).astype(np.float32) / np.float32(255), cv2.GaussianBlur(mask, (9, 9), 0)
