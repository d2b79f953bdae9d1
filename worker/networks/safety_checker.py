"""The safety checker: whether an image shows what must not be shown.

The network is Stable Diffusion's safety checker (diffusers' StableDiffusionSafetyChecker, Apache-2.0): a CLIP image
embedding compared with those of 17 concepts, each with its threshold. Rando et al. 2022, "Red-Teaming the Stable
Diffusion Safety Filter", arXiv:2210.04610, describes what it misses and what it rejects wrongly.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion import safety_checker
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from diffusers.utils import logging
from PIL import Image

from likeness.imaging.colour import Floats, as_rgb
from worker.networks.weights import load_pretrained, to_device

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
SPREAD = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)
"""Mean and standard deviation that CLIP was trained with."""
MOST_SQUARES = 8
PART = "safety_checker"
"""Its folder in a pipeline's."""


class SafetyChecker:
    """A loaded checker. It sees squares; an image that is not square is seen as several that cover it."""

    def __init__(self, model: StableDiffusionSafetyChecker, device: str) -> None:
        self._model: Any = to_device(model, device).eval()
        self._device = device
        self._side: int = self._model.config.vision_config.image_size

    def refuses(self, rgb: Floats) -> bool:
        """Return whether any square of an image, H x W x 3 in 0..1, shows one of the concepts."""
        seen = squares(rgb, self._side)
        with torch.inference_mode():
            given = torch.from_numpy(((seen - MEAN) / SPREAD).transpose(0, 3, 1, 2)).to(self._device)
            _, found = self._model(clip_input=given, images=list(seen))
        return any(found)


def squares(rgb: Floats, side: int) -> Floats:
    """Return N x side x side x 3 that cover H x W x 3 from end to end, its short side scaled to `side` px (bicubic).

    At most MOST_SQUARES, evenly spaced, so an image more than 8 times as long as wide is seen with gaps. The pipelines
    of diffusers see the middle square alone, and so miss what lies beside it.
    """
    height, width = rgb.shape[:2]
    scale = side / min(height, width)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    shown: Floats = np.asarray(
        Image.fromarray(as_rgb(rgb)).resize(size, Image.Resampling.BICUBIC), np.float32
    ) / np.float32(255)
    spare = max(size) - side
    count = min(MOST_SQUARES, -(-max(size) // side))
    starts = [round(spare * number / max(1, count - 1)) for number in range(count)]
    return np.stack([shown[:, at : at + side] if width > height else shown[at : at + side] for at in starts])


def load(folder: Path, device: str) -> SafetyChecker:
    """Return the checker in a folder of the hub's layout: its own repository's, or a pipeline's with it in PART.

    It runs in 32 bits, whatever its weights are stored in. Raises OSError when it is not there or not whole.
    """
    model = load_pretrained(
        StableDiffusionSafetyChecker, folder / PART if (folder / PART).is_dir() else folder, torch.float32
    )
    # It warns that an image was made black, which does not happen here.
    logging.get_logger(safety_checker.__name__).setLevel(logging.ERROR)
    return SafetyChecker(model, device)
