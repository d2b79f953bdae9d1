"""Pictures to measure: equal, changed a little, changed a lot."""

import cv2
import numpy as np

SIZES = [(1, 1), (1, 40), (10, 10), (11, 11), (12, 300), (37, 501), (64, 48), (180, 190)]


def textured(height, width, seed=0):
    random = np.random.default_rng(seed).random((height // 4 + 2, width // 4 + 2, 3), dtype=np.float32)
    return np.ascontiguousarray(cv2.resize(random, (width, height), interpolation=cv2.INTER_LINEAR))


def noisy(picture, amount, seed=1):
    noise = np.random.default_rng(seed).normal(0, amount, picture.shape)
    return np.clip(picture + noise, 0, 1).astype(np.float32)
