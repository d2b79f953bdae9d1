"""Peak signal-to-noise ratio."""

import cv2

from likeness.imaging.colour import Floats

CAP = 100.0


def psnr(given: Floats, made: Floats) -> float:
    """Return the PSNR in dB of two H x W x 3 images in 0..1, over all channels; higher is better.

    Capped at 100 dB, which equal images (infinitely alike, and JSON has no infinity) get too.
    """
    return float(min(CAP, cv2.PSNR(given, made, 1.0)))
