"""The measures: pure functions of images (H x W x 3 in 0..1) and of where to look (H x W, true or false)."""

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.imaging.colour import Floats
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from likeness.imaging.metrics.delta_e import delta_e
from likeness.imaging.metrics.edge_f1 import edge_f1
from likeness.imaging.metrics.psnr import psnr

Where = NDArray[np.bool_]
Colour = tuple[int, int, int]

DARK, LIGHT = 100 / 3, 200 / 3
"""The L* between which the middle third lies."""
REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
"""A disc of 2 px, as in the metric edge_f1."""
SURROUND = 6.0
"""Sigma in px of the blur that continues a part of an image beyond its border."""


def hue_error(rgb: Floats, where: Where, colour: Colour) -> float:
    """Return degrees, 0..180, between the CIE hue of the mean Lab there and that of a colour in 0..255."""
    _, a, b = lab_of(rgb)[where].mean(0)
    _, target_a, target_b = lab_of_colour(colour)
    turn = np.degrees(np.arctan2(b, a) - np.arctan2(target_b, target_a))
    return float(abs((turn + 180) % 360 - 180))


def lightness(rgb: Floats, where: Where) -> float:
    """Return the mean L* there, 0..100."""
    return float(lab_of(rgb)[where][:, 0].mean())


def third(light: float) -> str:
    """Return the name of the third of L* that `light` lies in: black, grey or white."""
    return "black" if light < DARK else "white" if light > LIGHT else "grey"


def psnr_within(given: Floats, made: Floats, where: Where) -> float:
    """Return the psnr in dB of what is there; 100 where it is equal."""
    return psnr(given[where][None], made[where][None])


def delta_e_to(rgb: Floats, where: Where, colour: Colour) -> float:
    """Return the mean, over the pixels there, of CIEDE2000 to a colour in 0..255."""
    there = rgb[where][None]
    return delta_e(np.full_like(there, np.float32(colour) / np.float32(255)), there)


def edge_f1_within(given: Floats, made: Floats, where: Where) -> float:
    """Return the edge_f1 of what is there alone; where the part ends is no edge (see `continued`)."""
    return edge_f1(continued(given, where), continued(made, where))


def continued(rgb: Floats, where: Where) -> Floats:
    """Return the part of an image that is there, with soft colours of its own around it, its mean far away.

    On one grey its outline would be an edge of both images, and they would seem more alike than they are.
    """
    share = cv2.GaussianBlur(where.astype(np.float32), (0, 0), SURROUND)[..., None]
    near = cv2.GaussianBlur(rgb * where[..., None].astype(np.float32), (0, 0), SURROUND)
    far = np.float32(0.01)
    around = (near + far * rgb[where].mean(0)) / (share + far)
    return np.asarray(np.where(where[..., None], rgb, around), dtype=np.float32)


def lines_f1(asked: Floats, made: Floats) -> float:
    """Return the F1 of two maps of white lines on black, within 2 px. No lines in either: 1; in one: 0."""
    ours, theirs = ((lines[..., 0] > 0.5).astype(np.uint8) for lines in (asked, made))
    if not (ours.any() and theirs.any()):
        return float(ours.any() == theirs.any())
    recall, precision = _share_near(ours, theirs), _share_near(theirs, ours)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _share_near(lines: NDArray[np.uint8], others: NDArray[np.uint8]) -> float:
    return float(np.asarray(cv2.dilate(others, REACH))[lines > 0].mean())


def normalised(text: str) -> str:
    """Return the letters and digits of a text, in lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
