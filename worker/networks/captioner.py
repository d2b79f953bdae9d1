"""What an image shows, in words: the prompt for engines that need one and were given none.

BLIP (Li et al. 2022, "Bootstrapping Language-Image Pre-training", arXiv:2201.12086) writes it, or GIT (Wang et al.
2022, arXiv:2205.14100) in its place. The best of BEAMS continuations is taken, so that nothing in it is random.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from likeness.contract.parameters import MAX_PROMPT
from likeness.imaging.colour import Floats
from worker.networks.weights import load_pretrained, to_device

KINDS = ("blip", "git")
"""Models that caption from pixels alone."""
BEAMS = 3
MOST_TOKENS = 60


class Captioner:
    """A resident network that describes images."""

    def __init__(self, network: Any, processor: Any, tokenizer: Any) -> None:  # noqa: ANN401  transformers' auto classes
        self.network, self._processor, self._tokenizer = network, processor, tokenizer

    @torch.inference_mode()
    def caption(self, rgb: Floats) -> str:
        """Return what H x W x 3 in 0..1 (upright; H, W >= 1) shows, in at most MAX_PROMPT letters.

        The same image gives the same words on the same kind of device with the same number of threads.
        """
        samples = np.rint(rgb * 255).astype(np.uint8)
        seen = self._processor(images=samples, return_tensors="pt", input_data_format="channels_last").pixel_values
        tokens = self.network.generate(
            pixel_values=seen.to(self.network.device, self.network.dtype),
            max_new_tokens=MOST_TOKENS,
            num_beams=BEAMS,
            do_sample=False,
        )
        return str(self._tokenizer.decode(tokens[0], skip_special_tokens=True)).strip()[:MAX_PROMPT]


def load(folder: Path, device: str, dtype: torch.dtype) -> Captioner:
    """Load the model in `folder`. Raises OSError when it is not there or not whole, ValueError for other KINDS."""
    kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
    if kind not in KINDS:
        raise ValueError(f"a {kind} model cannot caption from an image alone; take one of {', '.join(KINDS)}")
    published: Any = AutoModelForImageTextToText  # no module itself: it makes one of the class that the folder names
    network = load_pretrained(published, folder, dtype)
    return Captioner(
        to_device(network, device),
        AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil"),
        AutoTokenizer.from_pretrained(folder, local_files_only=True),
    )
