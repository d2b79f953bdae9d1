"""How near an image that was made again came to the original, and what is known to differ between the two runs."""

from hashlib import sha256

import numpy as np

from likeness.contract.jobs import Recipe, Sameness
from likeness.contract.report import Score, Thresholds
from likeness.imaging.assessment.assess import assess
from likeness.imaging.colour import samples_of
from likeness.imaging.formats.decode import Bounds, Picture, decode

PERCEPTUAL_SSIM = 0.98
"""From here on two images of an equal frame count as the same to the eye."""
FIGURES = ("ssim", "psnr", "delta_e")
EQUAL_PIXELS = "every pixel is equal; the files differ in what is written beside the pixels"
UNBOUNDED = Bounds(max_bytes=2**40, max_pixels=2**31, max_side=2**16)
"""For images that we made ourselves."""


def sameness_of(original: bytes, made: bytes) -> tuple[Sameness, list[Score], list[str]]:
    """Return how near the file `made` is to the file `original`, the metrics, and what is to be said of the files.

    Equal bytes are bitwise; an equal frame and an ssim of at least PERCEPTUAL_SSIM perceptual; all else is different.
    Raises InvalidPicture and its like when one of them is no image.
    """
    if sha256(original).digest() == sha256(made).digest():
        return Sameness.BITWISE, [], ["every byte is equal"]
    one, two = decode(original, UNBOUNDED), decode(made, UNBOUNDED)
    report = assess(one, two, Thresholds())
    figures = [score for score in report.fidelity if score.name in FIGURES]
    near = report.frame_equal and (report.score("ssim") or 0.0) >= PERCEPTUAL_SSIM
    return (Sameness.PERCEPTUAL if near else Sameness.DIFFERENT), figures, [_of_pixels(one, two)]


def differences(was: Recipe, now: Recipe) -> list[str]:
    """Return a sentence for each thing that is known to differ between two runs; it need not be the cause.

    What no recipe records (versions of the libraries, say) is not known here.
    """
    pairs = [("engine", was.engine, now.engine), ("revision of the engine", was.revision, now.revision)]
    known = sorted(was.models.keys() & now.models.keys())
    pairs += [(f"commit of {model}", was.models[model], now.models[model]) for model in known]
    if was.device is not None:
        pairs.append(("device", was.device, now.device or ""))
    told = [f"the {what} differs: {old} then, {new} now" for what, old, new in pairs if old != new]
    for name in sorted(was.parameters.keys() | now.parameters.keys()):
        old, new = was.parameters.get(name), now.parameters.get(name)
        if old != new:
            told.append(f"the parameter {name} differs: {old} then, {new} now")
    if was.seeds != now.seeds:
        told.append(f"the seed differs: {_seed(was)} then, {_seed(now)} now")
    return told


def _seed(recipe: Recipe) -> str:
    return ", ".join(map(str, recipe.seeds)) or "none was recorded"


def _of_pixels(original: Picture, made: Picture) -> str:
    """Return what is to be said of the samples of two images whose files differ."""
    one, two = samples_of(original.pixels), samples_of(made.pixels)
    if one.shape != two.shape:
        return "the images differ in size or mode"
    most = int(np.abs(one.astype(np.int32) - two.astype(np.int32)).max())
    return f"the files differ, the largest difference of a sample is {most}" if most else EQUAL_PIXELS
