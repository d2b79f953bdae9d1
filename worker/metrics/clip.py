"""CLIP's view of images and texts: both become vectors of length 1, and every figure is a cosine of two.

Radford et al.: "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from likeness.imaging.colour import Floats, as_rgb
from worker.networks.weights import load_float32, to_device

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
SPREAD = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)
"""Mean and standard deviation of the images that CLIP was trained on (OpenAI's, kept by OpenCLIP)."""
LONGEST = 4
"""An image longer than this many times its short side is cut to that first; only the middle square is seen anyway."""


class Clip:
    """A resident CLIP."""

    def __init__(self, model: CLIPModel, tokenizer: CLIPTokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer
        config: Any = model.config  # its parts may be dictionaries only before the model is made
        self._side: int = config.vision_config.image_size
        self._most_tokens: int = config.text_config.max_position_embeddings

    @torch.inference_mode()
    def image(self, rgb: Floats) -> Tensor:
        """Return the vector, of length 1, of an image H x W x 3 in 0..1, of which the middle square is seen."""
        pixels = torch.from_numpy(prepared(rgb, self._side).transpose(2, 0, 1)[None]).to(self.model.device)
        return _unit(self.model.get_image_features(pixel_values=pixels).pooler_output[0])

    @torch.inference_mode()
    def text(self, text: str) -> Tensor:
        """Return the vector, of length 1, of a text; what is beyond the model's longest (77 tokens) is not read."""
        tokens = self.tokenizer([text], truncation=True, max_length=self._most_tokens, return_tensors="pt")
        tokens = tokens.to(self.model.device)
        return _unit(self.model.get_text_features(**tokens).pooler_output[0])


def clip_score(made: Tensor, text: Tensor) -> float:
    """Return the cosine of an image and a text, -1..1; higher is better, and only comparisons are meaningful.

    Hessel et al.: "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", EMNLP 2021, without its factor
    of 2.5 and without its cut at 0.
    """
    return float(made @ text)


def clip_similarity(given: Tensor, made: Tensor) -> float:
    """Return the cosine of two images, -1..1; higher is better; at 1 they show the same thing, perhaps differently."""
    return float(given @ made)


def directional_similarity(given: Tensor, made: Tensor, source: Tensor, target: Tensor) -> float | None:
    """Return the cosine of the change of the image and the change of its caption, -1..1; higher is better.

    Gal et al.: "StyleGAN-NADA", SIGGRAPH 2022; Brooks, Holynski, Efros: "InstructPix2Pix", CVPR 2023. None where
    image or caption did not change at all: no change has no direction.
    """
    of_image, of_caption = made - given, target - source
    if min(float(of_image.norm()), float(of_caption.norm())) < 1e-6:
        return None
    return float(F.cosine_similarity(of_image, of_caption, dim=0))


def prepared(rgb: Floats, side: int) -> Floats:
    """Return H x W x 3 in 0..1 as CLIP was trained to see it: short side to `side` px, middle square, normalised."""
    image = Image.fromarray(as_rgb(_cut(rgb)))
    short = min(image.size)
    width, height = (int(side * length / short) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    square = image.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
    return (np.asarray(square, dtype=np.float32) / np.float32(255) - MEAN) / SPREAD


def _cut(rgb: Floats) -> Floats:
    """Return the middle of a very long image: enlarged whole, a line of 1 px would need memory without bound."""
    most = LONGEST * min(rgb.shape[:2])
    top, left = (max(0, (length - most) // 2) for length in rgb.shape[:2])
    return rgb[top : top + most, left : left + most]


def _unit(vector: Tensor) -> Tensor:
    return F.normalize(vector.float(), dim=0)


def load(folder: Path, device: str = "cpu") -> Clip:
    """Load a CLIPModel and its tokenizer in float32 from safetensors. Raises OSError when they are not there."""
    return Clip(
        to_device(load_float32(CLIPModel, folder), device), CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    )
