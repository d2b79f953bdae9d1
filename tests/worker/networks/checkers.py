"""A small safety checker of random weights, in the layout of the hub."""

from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig

SIDE = 32


def write_checker(folder: Path, fires: bool, dtype: torch.dtype = torch.float32) -> Path:
    """Write a checker whose thresholds every picture passes, or none does; return its folder."""
    layers = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        projection_dim=8, text_config=layers, vision_config={**layers, "image_size": SIDE, "patch_size": 16}
    )
    torch.manual_seed(0)
    model = StableDiffusionSafetyChecker(config)
    model.concept_embeds_weights.data.fill_(-2.0 if fires else 2.0)  # a cosine lies between
    model.special_care_embeds_weights.data.fill_(2.0)
    model.to(dtype).save_pretrained(folder)
    return folder


def as_published(folder: Path) -> None:
    """Rename the weights as the published file has them, a level deeper."""
    file = folder / "model.safetensors"
    weights = load_file(file)
    renamed = {f"vision_model.{name}" if name.startswith("vision_model.") else name: weights[name] for name in weights}
    save_file(renamed, file, {"format": "pt"})
